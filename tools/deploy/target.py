"""The target of a deployment: the platform on this machine, or an AWS account."""

import os
import platform
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import botocore.exceptions

from tools.build_functions import DEFAULT_ARCHITECTURE
from tools.platform import environment, lifecycle
from tools.platform.layout import PLATFORM, ROOT, Home


class TargetError(Exception):
    """The target cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """How Terraform runs for one target.

    `architecture` is the functions' processor. `state` is the folder of the state files on the
    platform; on AWS the state is in the S3 backend that `backend` describes. `outputs` is the
    folder for Terraform's outputs. `settings` are values of Terraform's variables.
    """

    name: str
    description: str
    architecture: str
    command: Path
    environment: dict[str, str]
    state: Path | None
    backend: Path | None
    outputs: Path | None
    settings: dict[str, str]


def platform_target(home: Home) -> Target:
    """The platform that runs in `home`. Raises lifecycle.PlatformError when it does not run."""
    record = lifecycle.running(home)
    shell = {name: text for name, text in os.environ.items() if name not in environment.REMOVED}
    return Target(
        name="platform",
        description=f"the platform on port {record.port}",
        architecture=architecture(),
        command=ROOT / ".venv/bin/tflocal",
        environment=shell | environment.variables(record.port) | terraform_settings(),
        state=home.terraform,
        backend=None,
        outputs=home.path,
        # The functions run on this machine's processor, and no data here needs protection.
        settings={"architecture": architecture(), "deletion_protection": "false"},
    )


def aws_target(backend: str) -> Target:
    """The account and Region of the caller's credentials, with the state in a backend.

    `backend` is the path of a file with the settings of Terraform's S3 backend. Raises TargetError
    without that file, and as `aws_account` does.
    """
    if not backend or not Path(backend).is_file():
        raise TargetError(
            "BACKEND_CONFIG does not name a file. Set it to a file with the bucket, key and region"
            " of Terraform's S3 backend, which keeps the state (docs/deploy.md)."
        )
    return replace(aws_account(), backend=Path(backend).resolve())


def aws_account() -> Target:
    """The account and Region of the caller's credentials.

    Raises TargetError without a Region and without valid credentials.
    """
    if os.environ.get("AWS_ENDPOINT_URL"):
        raise TargetError("AWS_ENDPOINT_URL is set, so Terraform would not reach AWS. Unset it.")
    # Terraform reads AWS_REGION first; boto3 reads only AWS_DEFAULT_REGION and the profile.
    session = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if region is None:
        raise TargetError("The Region is not set. Set AWS_REGION.")
    try:
        caller = session.client("sts").get_caller_identity()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise TargetError(
            f"The credentials cannot be used: {error}. Set AWS_PROFILE, or log in again."
        ) from error
    return Target(
        name="aws",
        description=f"AWS account {caller['Account']}, Region {region}, as {caller['Arn']}",
        architecture=terraform_variable("architecture") or DEFAULT_ARCHITECTURE,
        command=Path(shutil.which("terraform") or "terraform"),
        environment={**os.environ, "AWS_REGION": region, **terraform_settings()},
        state=None,
        backend=None,
        outputs=None,
        settings={},
    )


def terraform_variable(name: str) -> str:
    """The value of a Terraform variable in the environment, or an empty string."""
    return os.environ.get(f"TF_VAR_{name}", "")


def architecture() -> str:
    """This machine's processor, by the name that Lambda uses."""
    return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


def terraform_settings() -> dict[str, str]:
    """Names the settings file that set-up wrote, unless the caller has one of their own."""
    own = os.environ.get("TF_CLI_CONFIG_FILE") or str(Path.home() / ".terraformrc")
    if Path(own).is_file():
        return {}
    return {"TF_CLI_CONFIG_FILE": str(PLATFORM / "terraform.rc")}
