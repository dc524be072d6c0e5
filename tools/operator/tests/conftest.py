"""Fixed releases, and AWS clients whose answers are checked by the models of botocore."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from release_core.domain.history import AuditEntry
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_machine.actions import rollback as rollback_actions
from release_machine.cli import cli
from release_machine.release.model import Activity, Snapshot
from release_machine.terminal import aws_command
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.fake_rollbacks import Core
from tools.operator.tests.samples.made_release import by_name

BEGIN = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"
EXECUTION = f"{MACHINE.replace(':stateMachine:', ':execution:')}:0b2f"


def described(status: str = "RUNNING", *, arn: str = EXECUTION, **more: object) -> dict[str, Any]:
    """A workflow execution as DescribeExecution answers."""
    known = {"executionArn": arn, "stateMachineArn": MACHINE, "startDate": BEGIN, "status": status}
    return {**known, **more}


def at(seconds: float) -> datetime:
    """The time this many seconds after the fixed release was opened."""
    return BEGIN + timedelta(seconds=seconds)


def pipeline(
    position: int,
    name: str,
    status: str = "WAITING",
    *,
    began: float | None = None,
    ended: float | None = None,
    **more: Any,
) -> Pipeline:
    """A pipeline; its times are in seconds after the fixed release was opened."""
    return Pipeline(
        position=position,
        name=name,
        status=PipelineStatus(status),
        started_at=None if began is None else at(began),
        ended_at=None if ended is None else at(ended),
        **more,
    )


@pytest.fixture
def running() -> Snapshot:
    """A running release with every kind of row."""
    first, second, third, fourth = (
        f"{start}-0000-4000-8000-00000000000{number}"
        for number, start in enumerate(("1a2b3c4d", "2b3c4d5e", "3c4d5e6f", "4d5e6f70"), start=1)
    )
    failure = Failure(
        stage="Deploy",
        action="Copy",
        code="JobFailed",
        message="no such bucket",
        link="https://example.com/run/2",
    )
    pipelines = (
        pipeline(0, "catalog", "SUCCEEDED", execution_id=first, began=1, ended=13),
        pipeline(1, "orders", "FAILED", execution_id=second, began=1, ended=22, failure=failure),
        pipeline(2, "payments", "RUNNING", execution_id=third, began=2),
        pipeline(3, "web", "RUNNING", execution_id=fourth, began=2),
        pipeline(4, "search", token_registered_at=BEGIN),
    )
    return Snapshot(
        at=at(42),
        release=Release(
            release_id="2026.11.22-1",
            status=ReleaseStatus.RUNNING,
            execution_arn=EXECUTION,
            opened_at=BEGIN,
            channel="s3",
            requester="alice",
            pipeline_count=5,
            pipelines=by_name(pipelines),
            audit=(AuditEntry(at=BEGIN, who="alice", what="opened through s3", after="RUNNING"),),
        ),
        activity={
            "payments": Activity(stage="Deploy", action="Copy"),
            "web": Activity(
                stage="Approve",
                action="Ask",
                waits_for="manual approval",
                way_out="release-machine approve 2026.11.22-1 web/Approve/Ask",
                link="https://example.com/review",
            ),
        },
    )


type Run = Callable[..., Result]
type Stubbed = Callable[[str], tuple[Any, Stubber]]


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubbed]:
    """Make a client whose queued answers must all be used."""
    # The settings of the shell for the platform must not matter.
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    stubbers: list[Stubber] = []

    def make(service: str) -> tuple[Any, Stubber]:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        client: Any = session.client(service)  # type: ignore[call-overload] # any of them
        stubber = Stubber(client)
        stubber.activate()
        stubbers.append(stubber)
        return client, stubber

    yield make
    for stubber in stubbers:
        stubber.assert_no_pending_responses()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, running: Snapshot) -> FakeAws:
    """A deployment with a release 2026.11.22-1 that has just succeeded."""
    pipelines = by_name(each for each in running.release.pipelines.values() if each.status.ended)
    released = replace(
        running.release, status=ReleaseStatus.SUCCEEDED, closed_at=running.at, pipelines=pipelines
    )
    aws = FakeAws({"2026.11.22-1": released}, "2026.11.22-1", {"status": "SUCCEEDED", "output": ""})
    monkeypatch.setattr(aws_command, "Session", lambda *_, **__: aws)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return aws


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    """What makes and plans a rollback, in place of the code that the functions have, too."""
    core = Core()
    monkeypatch.setattr(rollback_actions, "rollback_reader", lambda _: core)
    monkeypatch.setattr(rollback_actions, "planner", lambda _: core.plan)
    return core


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in a folder with a manifest.json."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b'{"releaseId": 5.10, "pipelines": ["a"]}')
    runner = CliRunner()
    return lambda *arguments: runner.invoke(cli, arguments)
