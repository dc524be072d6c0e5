"""Runs the chaos soak on a platform of its own: python -m tools.checks.soak [--minutes N]."""

import sys

from tools.checks.own_platform import run_on_own_platform

HOME = ".platform/soak"
PATTERNS = '["soak-*"]'

if __name__ == "__main__":
    sys.exit(run_on_own_platform(HOME, "tests.soak", sys.argv[1:], patterns=PATTERNS))
