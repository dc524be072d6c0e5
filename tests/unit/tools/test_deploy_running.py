"""`make destroy` refuses while releases run, and names them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from tools.deploy import __main__ as deploy
from tools.deploy.running import ReleasesRunError, refuse_running
from tools.deploy.target import Target
from tools.deploy.terraform import Terraform

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"
EXECUTION = MACHINE.replace("stateMachine", "execution")
VALUES = {"state_machine_arn": MACHINE, "releases_table": "releases"}
TARGET = Target(
    name="platform",
    description="a platform",
    architecture="x86_64",
    command=Path("terraform"),
    environment={"AWS_REGION": "us-east-1"},
    state=None,
    backend=None,
    outputs=None,
    settings={},
)


class Aws:
    """DynamoDB and Step Functions with these open releases and running executions."""

    def __init__(self, opened: dict[str, str], executions: list[str]) -> None:
        self.opened = opened
        self.executions = executions

    def __call__(self, _service: str, **_: object) -> "Aws":
        """The client of a service."""
        return self

    def get_paginator(self, operation: str) -> Any:
        """The pages of an operation: each page holds one item."""
        aws = self

        class Pages:
            def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
                if operation == "query":
                    for name, arn in aws.opened.items():
                        item = {"release_id": {"S": name}, "execution_arn": {"S": arn}}
                        yield {"Items": [item]}
                else:
                    for arn in aws.executions:
                        yield {"executions": [{"executionArn": arn}]}

        return Pages()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str], list[str]], None]:
    """Lets AWS have these open releases, by id, and running executions."""

    def put(opened: dict[str, str], executions: list[str]) -> None:
        monkeypatch.setattr(boto3, "client", Aws(opened, executions))

    return put


def test_running_releases_are_named(aws: Callable[..., None]) -> None:
    """Open releases are named by id, and a workflow execution that still waits by its name."""
    aws({"v2": f"{EXECUTION}:2"}, [f"{EXECUTION}:2", f"{EXECUTION}:waiting"])
    with pytest.raises(ReleasesRunError) as told:
        refuse_running(VALUES, TARGET)
    assert "these run in a platform: release v2, execution waiting." in str(told.value)
    assert "FORCE=1" in str(told.value)


def test_a_deployment_without_running_releases_may_go(aws: Callable[..., None]) -> None:
    """Nothing runs, or nothing is deployed."""
    aws({}, [])
    refuse_running(VALUES, TARGET)
    refuse_running({}, TARGET)


def test_an_unknown_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """If AWS cannot be asked, nothing is destroyed."""

    def fails(*_: object, **__: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(boto3, "client", fails)
    with pytest.raises(ReleasesRunError, match="It is not known whether releases run"):
        refuse_running(VALUES, TARGET)


def test_a_deployment_that_is_partly_destroyed_runs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its table or state machine, a deployment has no running release."""

    def fails(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Query")

    monkeypatch.setattr(boto3, "client", fails)
    refuse_running(VALUES, TARGET)


@pytest.mark.parametrize("root", ["infra/demo", "infra"])
def test_destroy_asks_before_anything_is_destroyed(
    root: str,
    aws: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each root is refused while a release runs; with --force it is destroyed."""
    destroyed: list[str] = []
    monkeypatch.setattr(deploy, "choose", lambda *_: TARGET)
    monkeypatch.setattr(Terraform, "values", lambda _: VALUES)
    monkeypatch.setattr(Terraform, "has_state", lambda _: True)
    monkeypatch.setattr(Terraform, "destroy", lambda _: destroyed.append("destroyed"))
    aws({"v2": f"{EXECUTION}:2"}, [])
    assert deploy.main(["destroy", root]) == 1
    assert "release v2" in capsys.readouterr().err
    assert destroyed == []
    assert deploy.main(["destroy", root, "--force"]) == 0
    assert len(destroyed) == 1
