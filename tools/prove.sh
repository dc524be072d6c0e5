#!/usr/bin/env bash
# The deep proof: every small scenario in all its schedules, 20,000 random schedules of larger ones, every mutant of the
# functions, and Terraform's own tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/steps.sh
. tools/steps.sh

python=.venv/bin/python

terraform_tests() {
  local settings=.platform/terraform.rc root
  [[ -f ${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc} ]] || export TF_CLI_CONFIG_FILE=$PWD/$settings
  for root in infra infra/demo; do
    export TF_DATA_DIR=$PWD/.platform/terraform-data/${root//\//-}-test
    terraform -chdir="$root" init -backend=false -input=false > /dev/null
    terraform -chdir="$root" validate > /dev/null
    if compgen -G "$root/tests/*.tftest.hcl" > /dev/null; then
      terraform -chdir="$root" test
    fi
  done
}

step "Terraform" terraform_tests
step "Simulation: all schedules of small releases, 20,000 random ones of larger ones" \
  env SIMULATION_EXTENT=whole $python -m pytest tests/simulation/test_simulation.py
step "Mutants, each killed by the simulation" $python -m tests.simulation mutants
