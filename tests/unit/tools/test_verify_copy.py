"""The copy that `make verify` deploys: only what belongs to it is touched, and all of that."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tools.deploy.target import Target
from tools.verify import deployment
from tools.verify.deployment import Copy, on_aws

PREFIX = "release-machine-verify"
OUTPUTS = {
    "release_machine": {"value": {"state_machine_arn": "machine"}},
    "verified": {"value": {"name_prefix": PREFIX, "events_url": "queue"}},
}


class Terraform:
    """Deploys nothing, and writes the outputs."""

    destroyed = 0

    def __init__(self, root: str, target: Target) -> None:
        assert root == "infra/verify"
        assert target.outputs
        self._outputs = target.outputs / "infra-verify-outputs.json"

    def apply(self) -> int:
        """Deploy."""
        self._outputs.write_text(json.dumps(OUTPUTS))
        return 3

    def has_state(self) -> bool:
        """There is something to destroy."""
        return True

    def destroy(self) -> None:
        """Destroy."""
        Terraform.destroyed += 1


class Aws:
    """Every service: two pipelines, one of them the copy's; a running workflow; two events."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.messages = [[{"Body": f'{{"n": {n}}}', "ReceiptHandle": "r"}] for n in (1, 2)]
        self.error: Exception | None = None

    def get_paginator(self, operation: str) -> "Aws":
        """List something."""
        self.listed = operation
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        """One page of both kinds."""
        if self.error:
            raise self.error
        names = (f"{PREFIX}-gated-1", PREFIX, "release-machine-web")
        return [
            {"pipelines": [{"name": each} for each in names], "executions": [{"executionArn": "e"}]}
        ]

    def delete_pipeline(self, *, name: str) -> None:
        """Delete a pipeline."""
        self.done.append(("delete", name))

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803 - boto3's name
        """Stop a workflow."""
        assert cause
        self.done.append(("stop", executionArn))

    def receive_message(self, **_: Any) -> dict[str, Any]:
        """Give a message, if there is one left."""
        return {"Messages": self.messages.pop(0)} if self.messages else {}

    def delete_message_batch(self, **_: Any) -> None:
        """Delete messages."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An account in which nothing is deployed."""
    aws = Aws()
    monkeypatch.setattr(deployment, "Terraform", Terraform)
    monkeypatch.setattr(boto3.session.Session, "client", lambda *_, **__: aws)
    Terraform.destroyed = 0
    return aws


@pytest.fixture
def copy(aws: Aws, tmp_path: Path) -> Copy:
    """A copy that is deployed to this account."""
    copy = Copy(
        Target(
            name="aws",
            description="",
            architecture="arm64",
            command=Path("terraform"),
            environment={"AWS_REGION": "eu-west-1"},
            state=tmp_path,
            backend=None,
            outputs=tmp_path,
            settings={},
        )
    )
    assert copy.deploy() == 3
    return copy


def test_the_tests_find_the_copy_and_its_pipelines(copy: Copy) -> None:
    """The outputs are those of a deployment, and one more for the pipelines of the tests."""
    outputs = json.loads(copy.outputs.read_text())
    assert {name: each["value"] for name, each in outputs.items()} == {
        "state_machine_arn": "machine",
        "verified": OUTPUTS["verified"]["value"],
    }


def test_all_events_are_taken(copy: Copy) -> None:
    """The queue is read until it is empty."""
    assert copy.events() == [{"n": 1}, {"n": 2}]


def test_only_what_belongs_to_the_copy_is_removed(copy: Copy, aws: Aws) -> None:
    """A pipeline without the copy's prefix stays."""
    copy.destroy()
    assert aws.done == [("delete", f"{PREFIX}-gated-1"), ("stop", "e")]
    assert Terraform.destroyed == 1
    assert not copy.outputs.exists()


def test_the_copy_is_destroyed_although_its_pipelines_cannot_be_listed(
    copy: Copy, aws: Aws
) -> None:
    """The error is raised after Terraform has destroyed what it made; the outputs stay."""
    aws.error = RuntimeError("throttled")
    with pytest.raises(RuntimeError):
        copy.destroy()
    assert Terraform.destroyed == 1
    assert copy.outputs.exists()


def test_settings_of_another_deployment_do_not_reach_the_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Terraform's variables in the shell are for the deployment that people use."""
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_VAR_name_prefix", "release-machine")
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-lock=false")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr(deployment, "BUILD", tmp_path)

    class Sts:
        def get_caller_identity(self) -> dict[str, str]:
            return {"Account": "1", "Arn": "me"}

    monkeypatch.setattr(boto3.session.Session, "client", lambda *_: Sts())

    target = on_aws()

    assert not [name for name in target.environment if name.startswith(("TF_VAR_", "TF_CLI_ARGS"))]
    assert target.environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert target.state == target.outputs == tmp_path / "aws-state"
    assert target.backend is None
    assert set(target.settings) == {"architecture"}
