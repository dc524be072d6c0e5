"""Runs the deep proofs: python -m tools.checks.prove."""

import sys

from tools.checks.parts import Part, run

PYTHON = ".venv/bin/python"

PARTS = (
    Part("Terraform", "tools/checks/terraform.sh"),
    Part(
        "Simulation",
        "SIMULATION_SCENARIOS=all SIMULATION_SCHEDULES=20000"
        f" {PYTHON} -m pytest -q -x tests/simulation/test_simulation.py",
    ),
    Part("Mutants", f"{PYTHON} -m tests.simulation mutants", after=("Simulation",)),
)

if __name__ == "__main__":
    sys.exit(run(PARTS))
