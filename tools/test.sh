#!/usr/bin/env bash
# The tests for every change. The end-to-end tests use their own platform: on a free port, in its own folder. It is shut
# down in every case, and another platform that runs here is not touched. What is deep is in prove.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/steps.sh
. tools/steps.sh

python=.venv/bin/python
home=.platform/test

deploy_platform() {
  # Lambda retries a failed asynchronous invocation after 1 and 2 minutes; here after 1 and 2 seconds.
  PLATFORM_PORT=0 LAMBDA_RETRY_BASE_DELAY=1 $python -m tools.platform up --home "$home"
  $python infra/demo/build_sources.py > /dev/null
  # Pipelines of other names do not match, and the tests need one that does not.
  TF_VAR_pipeline_name_patterns='["plain-*", "gated-*", "shop-*", "no-such-*", "nowhere-*"]' \
    $python -m tools.deploy apply infra infra/demo --home "$home"
}

end_platform() { # also after a deployment that still runs
  if [[ -n $background ]]; then
    wait "$background" || true
  fi
  $python -m tools.platform down --home "$home"
}

deployed() {
  join_background || fail "The deployment to the platform failed"
}

end_to_end() {
  local exports
  exports=$($python -m tools.platform env --home "$home")
  eval "$exports"
  # If the platform no longer responds, every test waits its longest time: stop after five failures.
  $python -m pytest --maxfail 5 tests/e2e
  $python -m pytest -m platform tools
}

# A deployment mostly waits for AWS's answers: it runs beside the tests, which compute.
background_log=.platform/test-deployment.log
deploy_platform > "$background_log" 2>&1 &
background=$!
trap end_platform EXIT

step "Unit, contract and plugin tests, and those of the command" \
  $python -m pytest -n 2 --dist loadgroup -m "not platform" --ignore tests/e2e --ignore tests/simulation/test_simulation.py
step "Simulation, a quick draw" $python -m pytest tests/simulation/test_simulation.py
deployed
step "End to end" end_to_end
