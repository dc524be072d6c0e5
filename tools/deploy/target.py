"""Where to: the embedded platform, or the AWS account of the caller's credentials."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

import boto3
import botocore.exceptions

from tools.platform import environment, lifecycle
from tools.platform.layout import PLATFORM, ROOT, Home


class TargetError(Exception):
    """The target cannot be used as it is asked for; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """How Terraform is run for one target.

    `state` is the folder of the state files on the platform; on AWS the state is in the S3 backend
    that `backend` describes. `settings` are values of Terraform's variables.
    """

    name: str
    description: str
    command: Path
    environment: dict[str, str]
    state: Path | None
    backend: Path | None
    outputs: Path | None
    settings: dict[str, str]


def platform_target(home: Home) -> Target:
    """The platform that runs in `home`. Raises lifecycle.PlatformError when none does."""
    record = lifecycle.running(home)
    shell = {name: text for name, text in os.environ.items() if name not in environment.REMOVED}
    return Target(
        name="platform",
        description=f"the platform on port {record.port}",
        command=ROOT / ".venv/bin/tflocal",
        environment=shell | environment.variables(record.port) | terraform_settings(),
        state=home.terraform,
        backend=None,
        outputs=home.path,
        # What the functions run on is this machine; and nothing here is worth protecting.
        settings={"architecture": architecture(), "deletion_protection": "false"},
    )


def aws_target(backend: str) -> Target:
    """The account and Region of the caller's credentials.

    `backend` names a file with the settings of Terraform's S3 backend. Raises TargetError when it
    does not, or when account or Region are not clear.
    """
    if os.environ.get("AWS_ENDPOINT_URL"):
        raise TargetError("AWS_ENDPOINT_URL is set, so this would not reach AWS. Unset it.")
    if not backend or not Path(backend).is_file():
        raise TargetError(
            "For AWS, BACKEND_CONFIG must name a file with the bucket, key and region of"
            " Terraform's S3 backend, so that the state outlives this folder (docs/deploy.md)."
        )
    session = boto3.session.Session()
    if session.region_name is None:
        raise TargetError("No Region is chosen. Set AWS_REGION.")
    try:
        caller = session.client("sts").get_caller_identity()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise TargetError(f"AWS does not accept the credentials: {error}") from error
    return Target(
        name="aws",
        description=f"AWS account {caller['Account']}, Region {session.region_name},"
        f" as {caller['Arn']}",
        command=Path(shutil.which("terraform") or "terraform"),
        environment={**os.environ, **terraform_settings()},
        state=None,
        backend=Path(backend).resolve(),
        outputs=None,
        settings={},
    )


def architecture() -> str:
    """Lambda's word for this machine's processor."""
    return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


def terraform_settings() -> dict[str, str]:
    """The caller's own CLI settings where there are any, else those that set-up wrote."""
    own = os.environ.get("TF_CLI_CONFIG_FILE") or str(Path.home() / ".terraformrc")
    if Path(own).is_file():
        return {}
    return {"TF_CLI_CONFIG_FILE": str(PLATFORM / "terraform.rc")}
