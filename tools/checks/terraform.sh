#!/usr/bin/env bash
# Validates all roots of Terraform and runs their tests; needs neither the platform nor an account.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[[ -f ${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc} ]] || export TF_CLI_CONFIG_FILE=$PWD/.platform/terraform.rc
for root in infra infra/demo infra/verify; do
  export TF_DATA_DIR=$PWD/.platform/terraform-data/${root//\//-}-test
  terraform -chdir="$root" init -backend=false -input=false > /dev/null
  terraform -chdir="$root" validate
  if compgen -G "$root/tests/*.tftest.hcl" > /dev/null; then
    terraform -chdir="$root" test
  fi
done
