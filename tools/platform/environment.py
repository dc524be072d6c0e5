"""The variables with which an AWS SDK, the AWS CLI or Terraform reaches the platform."""

import shlex
from pathlib import Path

from tools.platform.layout import ROOT

REGION = "us-east-1"
COMMANDS = ROOT / ".venv/bin"


def variables(port: int) -> dict[str, str]:
    """The variables to set."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # For tflocal and S3 clients: a host name for each bucket would need DNS, so use paths.
        "S3_HOSTNAME": "localhost",
        # A proxy of the shell cannot reach this machine's loopback.
        "NO_PROXY": "127.0.0.1,localhost",
    }


# Variables that AWS tools would prefer to the ones above.
REMOVED = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def as_shell(port: int, outputs: Path) -> str:
    """Lines for `eval` in a POSIX shell, which put `release-machine` and `aws` on its PATH.

    `outputs` is the file of Terraform's outputs; it exists only after a deployment.
    """
    exports = variables(port)
    if outputs.is_file():
        exports["RELEASE_MACHINE_OUTPUTS"] = str(outputs)
    lines = [f"unset {' '.join(REMOVED)}"]
    lines += [f"export {name}={shlex.quote(text)}" for name, text in exports.items()]
    lines.append(f"export PATH={shlex.quote(str(COMMANDS))}:$PATH")
    return "\n".join(lines)
