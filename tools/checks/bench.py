"""Runs the benchmarks on a platform of their own: python -m tools.checks.bench [NAME ...]."""

import sys

from tools.checks.own_platform import run_on_own_platform

HOME = ".platform/bench"
# The pipelines of polling and of the floor have other names, so their events reach no function.
PATTERNS = '["bench-*"]'

if __name__ == "__main__":
    sys.exit(run_on_own_platform(HOME, "tests.bench", sys.argv[1:], patterns=PATTERNS))
