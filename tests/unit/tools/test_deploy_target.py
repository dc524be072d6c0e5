"""The Region that `make deploy TARGET=aws` shows is the Region that Terraform uses."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from tools.deploy.target import TargetError, aws_target

CALLER = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/release"}
PROFILE = "[profile release]\nregion = eu-north-1\n"


class Sts:
    """Answers who the caller is."""

    def get_caller_identity(self) -> dict[str, str]:
        """The caller's account and ARN."""
        return CALLER


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell with a profile file, without a Region and without an endpoint."""
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(PROFILE)
    (tmp_path / "backend.hcl").write_text("")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr(boto3.session.Session, "client", lambda _self, _service: Sts())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "release"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
        ({"AWS_PROFILE": "release"}, "eu-north-1"),
    ],
)
def test_the_region_is_the_one_of_terraform(
    variables: dict[str, Any], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_REGION comes first, then AWS_DEFAULT_REGION, then the profile; Terraform is given it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    target = aws_target("backend.hcl")
    assert f"Region {region}," in target.description
    assert target.environment["AWS_REGION"] == region


def test_a_missing_region_is_reported() -> None:
    """Without a Region the deployment ends before Terraform, and says what to set."""
    with pytest.raises(TargetError, match="Set AWS_REGION"):
        aws_target("backend.hcl")
