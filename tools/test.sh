#!/usr/bin/env bash
# All tests, the quick ones first. The end-to-end tests get a platform of their own, on any free port and in a folder of
# its own, so that a platform that is up for other reasons is left alone; it is ended whatever happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=.venv/bin/python
home=.platform/test
deployed=.platform/test-deployment.log

step() { # says how long a part took
  local started=$SECONDS
  echo "== $1"
  "${@:2}"
  echo "== $1: passed ($((SECONDS - started)) s)"
}

terraform_tests() {
  local settings=.platform/terraform.rc root
  [[ -f ${TF_CLI_CONFIG_FILE:-$HOME/.terraformrc} ]] || export TF_CLI_CONFIG_FILE=$PWD/$settings
  terraform fmt -check -recursive infra
  for root in infra infra/demo; do
    export TF_DATA_DIR=$PWD/.platform/terraform-data/${root//\//-}-test
    terraform -chdir="$root" init -backend=false -input=false > /dev/null
    terraform -chdir="$root" validate > /dev/null
    if compgen -G "$root/tests/*.tftest.hcl" > /dev/null; then
      terraform -chdir="$root" test
    fi
  done
  unset TF_DATA_DIR
}

deploy_platform() {
  # Lambda tries a failed asynchronous invocation again after 1 and 2 minutes; here after 1 and 2 seconds.
  PLATFORM_PORT=0 LAMBDA_RETRY_BASE_DELAY=1 $python -m tools.platform up --home "$home"
  $python infra/demo/build_sources.py > /dev/null
  # A pipeline of any other name is none that this deployment drives.
  TF_VAR_pipeline_name_patterns='["plain-*", "gated-*", "shop-*", "no-such-*", "nowhere-*"]' \
    $python -m tools.deploy apply infra infra/demo --home "$home"
}

end_platform() { # whatever became of the deployment
  wait "$deployment" || true
  $python -m tools.platform down --home "$home"
}

end_to_end() {
  wait "$deployment" || {
    cat "$deployed"
    return 1
  }
  cat "$deployed"
  eval "$($python -m tools.platform env --home "$home")"
  # A platform that no longer answers fails each test by its longest wait: five say as much as all.
  $python -m pytest --maxfail 5 tests/e2e
  $python -m pytest -m platform tools
}

step "Unit, contract and plugin tests" $python -m pytest -m "not platform" --ignore tests/e2e \
  --ignore tests/simulation/test_simulation.py
step "Terraform" terraform_tests
# A deployment mostly waits, for Terraform's looks at what it has made; the simulation computes.
deploy_platform > "$deployed" 2>&1 &
deployment=$!
trap end_platform EXIT
step "Simulation" $python -m pytest tests/simulation/test_simulation.py
step "Mutants, each noticed by the simulation" $python -m tests.simulation mutants
step "End to end" end_to_end
