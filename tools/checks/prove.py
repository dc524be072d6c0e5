"""Runs the deep proofs: python -m tools.checks.prove."""

import sys

from tools.checks import bench, soak
from tools.checks.parts import ROOT, Part, run
from tools.platform.__main__ import main as platform

PYTHON = ".venv/bin/python"
# The public configurations have a platform of their own.
HOME = ".platform/public"

PARTS = (
    Part("Terraform", "tools/checks/terraform.sh"),
    Part(
        "Public configurations",
        f"PLATFORM_PORT=0 {PYTHON} -m tools.platform up --home {HOME}\n"
        f"exports=$({PYTHON} -m tools.platform env --home {HOME})\n"
        'eval "$exports"\n'
        f"{PYTHON} -m pytest -q -m platform tests/deployment",
    ),
    Part("Dependencies", f"{PYTHON} -m tools.checks.audit"),
    Part(
        "Checkov",
        f"{PYTHON} -m tools.checks.hardening --home {HOME}",
        after=("Public configurations",),
    ),
    # It shows only that the benchmarks run: what they measure beside other parts means nothing.
    Part("Benchmarks", f"{PYTHON} -m tools.checks.bench --short", after=("Public configurations",)),
    Part("Soak", f"{PYTHON} -m tools.checks.soak --minutes 2", after=("Benchmarks",)),
    Part(
        "Simulation",
        "SIMULATION_SCENARIOS=all SIMULATION_SCHEDULES=20000"
        f" {PYTHON} -m pytest -q -x tests/simulation/test_simulation.py",
    ),
    Part("Mutants", f"{PYTHON} -m tests.simulation mutants", after=("Simulation",)),
)


def main() -> int:
    """Run the parts and end the platform, however they end."""
    try:
        return run(PARTS)
    finally:
        for home in (HOME, bench.HOME, soak.HOME):
            platform(["down", "--home", str(ROOT / home)])


if __name__ == "__main__":
    sys.exit(main())
