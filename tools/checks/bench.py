"""Runs the benchmarks on a platform of their own: python -m tools.checks.bench [NAME ...]."""

import subprocess
import sys

from tools.checks.parts import ROOT
from tools.platform.__main__ import main as platform

HOME = ".platform/bench"
# The pipelines of polling and of the floor have other names, so their events reach no function.
PATTERNS = '["bench-*"]'
STEPS = f"""
python={sys.executable}
export PLATFORM_PORT=${{PLATFORM_PORT:-0}} TF_VAR_pipeline_name_patterns='{PATTERNS}'
$python -m tools.platform up --home {HOME}
$python -m tools.deploy apply infra --home {HOME}
exports=$($python -m tools.platform env --home {HOME})
eval "$exports"
exec $python -m tests.bench "$@"
"""


def main(arguments: list[str]) -> int:
    """Start the platform, deploy to it, and run the benchmarks; end it, however they end."""
    try:
        bash = ["bash", "-euo", "pipefail", "-c", STEPS, "bench", *arguments]
        return subprocess.run(bash, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command
    finally:
        platform(["down", "--home", str(ROOT / HOME)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
