"""Runs a module on a platform and a deployment of its own, and ends the platform afterwards."""

import subprocess
import sys
from collections.abc import Sequence

from tools.checks.parts import ROOT
from tools.platform.__main__ import main as platform

STEPS = """
python={python}
# Lambda retries a failed asynchronous invocation after 1 and 2 minutes; here after 1 and 2 seconds.
export PLATFORM_PORT=${{PLATFORM_PORT:-0}} LAMBDA_RETRY_BASE_DELAY=1
export TF_VAR_pipeline_name_patterns='{patterns}'
$python -m tools.platform up --home {home}
$python -m tools.deploy apply infra --home {home}
exports=$($python -m tools.platform env --home {home})
eval "$exports"
exec $python -m {module} "$@"
"""


def run_on_own_platform(home: str, module: str, arguments: Sequence[str], *, patterns: str) -> int:
    """Start a platform in ``home``, deploy to it and run the module; end it, however that ends.

    ``patterns`` is the list of the pipelines' names, in JSON. Returns the exit code of the module.
    """
    steps = STEPS.format(python=sys.executable, home=home, module=module, patterns=patterns)
    try:
        bash = ["bash", "-euo", "pipefail", "-c", steps, module, *arguments]
        return subprocess.run(bash, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command
    finally:
        platform(["down", "--home", str(ROOT / home)])
