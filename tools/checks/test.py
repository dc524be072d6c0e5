"""Runs the tests that people run: python -m tools.checks.test."""

import sys

from tools.checks.parts import ROOT, Part, run
from tools.platform.__main__ import main as platform

PYTHON = ".venv/bin/python"
# The end-to-end tests have a platform of their own, so that one that is up for other reasons stays.
HOME = ".platform/test"
# The names of all pipelines that the tests release. Any other name is outside the deployment.
PATTERNS = '["plain-*", "gated-*", "shop-*", "no-such-*", "nowhere-*"]'

PARTS = (
    Part(
        "Units",
        f'{PYTHON} -m pytest -q -n 2 --dist loadfile -m "not platform" --ignore tests/e2e'
        " --ignore tests/simulation/test_simulation.py",
    ),
    # A deployment mostly waits for Terraform's polls, so it runs beside what computes. Lambda
    # retries a failed asynchronous invocation after 1 and 2 minutes; here after 1 and 2 seconds.
    Part(
        "Deployment",
        "PLATFORM_PORT=0 LAMBDA_RETRY_BASE_DELAY=1 RECORD_CALLS=1"
        f" {PYTHON} -m tools.platform up --home {HOME}\n"
        f"{PYTHON} infra/demo/build_sources.py > /dev/null\n"
        f"TF_VAR_pipeline_name_patterns='{PATTERNS}' "
        f"{PYTHON} -m tools.deploy apply infra infra/demo --home {HOME}",
    ),
    # This one waits for Terraform as well.
    Part("Verification", f"{PYTHON} -m tools.verify --home {HOME}", after=("Deployment",)),
    Part(
        "Simulation",
        f"{PYTHON} -m pytest -q -x tests/simulation/test_simulation.py",
        after=("Units",),
    ),
    # When the platform no longer answers, every test fails after its longest wait: five are enough.
    Part(
        "End to end",
        f"exports=$({PYTHON} -m tools.platform env --home {HOME})\n"
        'eval "$exports"\n'
        f"{PYTHON} -m pytest -q --maxfail 5 -n 4 --dist loadfile --no-loadscope-reorder"
        ' -m "platform and not alone" tests/e2e tools/localstack-plugin\n'
        f'{PYTHON} -m pytest -q --maxfail 5 -m "platform and alone" tests/e2e',
        after=("Deployment", "Simulation", "Verification"),
    ),
    # With the calls of all end-to-end tests, and a plan with the settings of the deployment.
    Part(
        "Least privilege",
        f"exports=$({PYTHON} -m tools.platform env --home {HOME})\n"
        'eval "$exports"\n'
        f"TF_VAR_pipeline_name_patterns='{PATTERNS}'"
        f" {PYTHON} -m pytest -q -m platform tests/least_privilege",
        after=("End to end",),
    ),
)


def main() -> int:
    """Run the parts and end the platform, however they end."""
    try:
        return run(PARTS)
    finally:
        platform(["down", "--home", str(ROOT / HOME)])


if __name__ == "__main__":
    sys.exit(main())
