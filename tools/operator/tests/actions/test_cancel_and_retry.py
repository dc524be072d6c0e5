"""cancel and retry, as users call them."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from click.testing import Result

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.manifest.requests import RetryRequest, read_request
from release_machine.actions.cancel import summary
from release_machine.release.model import Snapshot
from release_machine.terminal.following import what_next
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
from tools.operator.tests.samples.made_release import by_name

type Run = Callable[..., Result]


def test_cancel(aws: FakeAws, run: Run) -> None:
    """A stop records who asked and why, and lists how each pipeline ended."""
    aws.set_status("RUNNING")
    result = run("cancel", "2026.11.22-1", "--reason", "wrong build")
    assert result.exit_code == 0, result.output
    cause = f"{aws.caller}: wrong build"
    arn = aws.releases["2026.11.22-1"].execution_arn
    assert aws.stopped == [{"executionArn": arn, "error": "StoppedByHand", "cause": cause}]
    assert "release 2026.11.22-1: CANCELLED" in result.stdout
    assert "succeeded before: catalog" in result.stdout
    assert "ended otherwise: orders FAILED" in result.stdout


def test_cancel_by_the_name_of_the_execution(aws: FakeAws, run: Run) -> None:
    """An execution stands for the release that it opened; the cause always names the caller."""
    aws.set_status("RUNNING")
    assert run("cancel", "mine").exit_code == 0
    assert [each["cause"] for each in aws.stopped] == [aws.caller]


def test_cancel_names_pipelines_that_are_still_stopping(
    aws: FakeAws, run: Run, running: Snapshot
) -> None:
    """An execution that is still stopping is named, with the command that stops it at once."""
    mail = Pipeline(name="mail", position=9, status=PipelineStatus.SKIPPED)
    pipelines = by_name((running.release.pipelines["payments"], mail))
    release = replace(running.release, pipelines=pipelines)
    told = list(summary(replace(release, status=ReleaseStatus.CANCELLED)))
    assert told[:2] == ["still stopping: payments", "skipped: mail"]
    assert told[2].endswith(
        "aws codepipeline stop-pipeline-execution --pipeline-name payments "
        "--pipeline-execution-id 3c4d5e6f-0000-4000-8000-000000000003 --abandon"
    )


def test_what_next_names_running_executions(running: Snapshot) -> None:
    """A retry does not help before the executions of a stopped release have ended."""
    told = list(what_next(replace(running.release, status=ReleaseStatus.CANCELLED)))
    assert [line.partition(": ")[2].split()[:3] for line in told] == [
        ["aws", "codepipeline", "stop-pipeline-execution"],
        ["aws", "codepipeline", "stop-pipeline-execution"],
        ["release-machine", "show", "2026.11.22-1"],
        ["release-machine", "retry", "2026.11.22-1"],
        ["release-machine", "rollback", "2026.11.22-1"],
    ]


def test_ctrl_c_while_a_cancelled_release_stops(aws: FakeAws, run: Run, monkeypatch: Any) -> None:
    """The message does not say that a cancelled release continues."""
    aws.set_status("CANCELLED")
    release = aws.releases["2026.11.22-1"]
    web = Pipeline(name="web", position=9, status=PipelineStatus.RUNNING)
    pipelines = {**release.pipelines, "web": web}
    aws.releases = {"2026.11.22-1": replace(release, pipelines=pipelines)}

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    result = run("watch", "2026.11.22-1")
    assert result.exit_code == 130
    assert "the release is CANCELLED, and its running pipelines are stopping" in result.stderr


def test_aws_does_not_answer_while_following(aws: FakeAws, run: Run, monkeypatch: Any) -> None:
    """When AWS does not answer for long, watching stops and tells how to watch again."""
    aws.set_status("RUNNING")
    looks = iter((*aws.releases.values(), *aws.releases.values()))

    def away_after_two_looks(_: str) -> Release:
        for release in looks:
            return release
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(aws, "get_release", away_after_two_looks)
    result = run("watch", "2026.11.22-1")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == (
        "Stopped watching; the release continues. "
        "Follow it again: release-machine watch 2026.11.22-1"
    )


def test_cancel_again(aws: FakeAws, run: Run) -> None:
    """Cancelling a cancelled release does nothing and succeeds."""
    aws.set_status("CANCELLED")
    result = run("cancel", "2026.11.22-1")
    assert result.exit_code == 0
    assert "already CANCELLED" in result.stdout
    assert aws.stopped == []


def test_cancel_too_late(aws: FakeAws, run: Run) -> None:
    """A release that closed before the stop arrived is not reported as cancelled."""
    aws.set_status("RUNNING")
    aws.stop_does = "SUCCEEDED"
    result = run("cancel", "2026.11.22-1")
    assert result.exit_code == 1
    assert "was already SUCCEEDED when the stop" in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("2026.11.22-1", "is SUCCEEDED, closed at"), ("nothing", "no release nothing")],
)
def test_cancel_without_a_running_release(aws: FakeAws, run: Run, name: str, said: str) -> None:
    """A closed or unknown release is exit code 2, and nothing is stopped."""
    result = run("cancel", name)
    assert result.exit_code == 2
    assert said in result.stderr
    assert aws.stopped == []


def test_cancel_of_a_release_that_waits_to_be_opened(aws: FakeAws, run: Run) -> None:
    """An execution that has opened nothing yet is stopped by its name."""
    aws.pointer, aws.execution = None, {"status": "RUNNING"}
    result = run("cancel", "mine")
    assert result.exit_code == 0, result.output
    assert [each["executionArn"] for each in aws.stopped] == [EXECUTION]
    assert "it had not opened a release" in result.stdout
    aws.execution = {"status": "FAILED"}
    result = run("cancel", EXECUTION)
    assert result.exit_code == 2
    assert "has ended (FAILED) without opening a release" in result.stderr


def test_denied_access_to_an_execution(aws: FakeAws, run: Run, monkeypatch: Any) -> None:
    """Denied access is not reported as an unknown release."""

    def refused(**_: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeExecution")

    monkeypatch.setattr(aws, "describe_execution", refused)
    assert run("cancel", "nothing").exit_code == 3


def test_retry(aws: FakeAws, run: Run) -> None:
    """The request names the release and the caller; the machine has the manifest."""
    aws.set_status("FAILED")
    result = run("retry", "2026.11.22-1")
    assert result.exit_code == 1  # the fake's second attempt comes to the same
    assert aws.started == [{"retry": "2026.11.22-1", "requestedBy": aws.caller}]
    assert f"execution {EXECUTION}" in result.stdout
    assert "release 2026.11.22-1: FAILED" in result.stdout


def test_retry_after_the_deadline(aws: FakeAws, run: Run) -> None:
    """A deadline that has passed is left out and reported, or replaced."""
    aws.set_status("CANCELLED")
    aws.stored = '{"releaseId": "x", "pipelines": ["a"], "deadline": "2026-01-01T00:00:00Z"}'
    result = run("retry", "2026.11.22-1")
    assert "the deadline 2026-01-01T00:00:00Z has passed" in result.stdout
    result = run("retry", "2026.11.22-1", "--deadline", "2999-01-01T00:00:00Z")
    assert "has passed" not in result.stdout
    assert [each["deadline"] for each in aws.started] == [None, "2999-01-01T00:00:00+00:00"]


def test_retry_with_wait(aws: FakeAws, run: Run) -> None:
    """--wait replaces the onBusy of the manifest."""
    aws.set_status("FAILED")
    run("retry", "2026.11.22-1", "--wait")
    assert aws.started[0]["onBusy"] == "wait"


def test_retry_before_the_deadline(aws: FakeAws, run: Run) -> None:
    """A deadline in the future stays in force."""
    aws.set_status("FAILED")
    aws.stored = '{"releaseId": "x", "pipelines": ["a"], "deadline": "2999-01-01T00:00:00Z"}'
    run("retry", "2026.11.22-1")
    assert "deadline" not in aws.started[0]


def test_the_machine_reads_the_request(aws: FakeAws, run: Run) -> None:
    """The machine understands everything that the command can request."""
    aws.set_status("FAILED")
    run("retry", "2026.11.22-1", "--wait", "--deadline", "2999-01-01T00:00:00Z")
    read = read_request(json.dumps(aws.started[0]))
    assert read == RetryRequest(
        of="2026.11.22-1",
        changes={"deadline": "2999-01-01T00:00:00+00:00", "onBusy": "wait"},
        requester=aws.caller,
    )


@pytest.mark.parametrize("deadline", ["soon", "2026-11-22T18:00:00", "9999-12-31T23:59:59-01:00"])
def test_retry_with_an_invalid_deadline(aws: FakeAws, run: Run, deadline: str) -> None:
    """A deadline that is not readable or has no zone is exit code 2, with an example."""
    result = run("retry", "2026.11.22-1", "--deadline", deadline)
    assert result.exit_code == 2
    assert "2026-11-22T18:00:00Z" in result.stderr
    assert aws.started == []


def test_retry_of_a_release_that_succeeded(aws: FakeAws, run: Run) -> None:
    """A release that succeeded has nothing left to run, and the exit code is 0."""
    result = run("retry", "2026.11.22-1")
    assert result.exit_code == 0
    assert "nothing is left to run" in result.stdout
    assert aws.started == []


@pytest.mark.parametrize(
    ("status", "changes", "code", "said"),
    [
        ("RUNNING", {}, 2, "is still running, as arn:"),
        ("REJECTED", {"pipeline_count": 0}, 2, "was rejected"),
    ],
)
def test_retry_refused(
    aws: FakeAws, run: Run, *, status: str, changes: dict[str, Any], code: int, said: str
) -> None:
    """A running or rejected release cannot be retried."""
    aws.releases = {
        name: replace(release, status=ReleaseStatus(status), **changes)
        for name, release in aws.releases.items()
    }
    result = run("retry", "2026.11.22-1")
    assert result.exit_code == code
    assert said in result.stderr
    assert aws.started == []


@pytest.mark.parametrize("name", ["", "x" * 2000, "a\nb"], ids=("empty", "long", "two lines"))
@pytest.mark.parametrize("command", ["show", "watch", "cancel", "retry", "rollback"])
def test_an_invalid_id_is_wrong_usage(aws: FakeAws, run: Run, command: str, name: str) -> None:
    """It is rejected before AWS would reject it."""
    result = run(command, name)
    assert result.exit_code == 2
    assert "RELEASE is " in result.stderr
    assert "release-machine list" in result.stderr


def test_retry_without_a_manifest(aws: FakeAws, run: Run) -> None:
    """A release that was not fully opened has no manifest to run again."""
    aws.set_status("FAILED")
    aws.stored = None
    result = run("retry", "2026.11.22-1")
    assert result.exit_code == 1
    assert "no manifest" in result.stderr
    assert run("retry", "nothing").exit_code == 2


@pytest.mark.parametrize("status", ["FAILED", "SUCCEEDED"])
def test_retry_after_a_rollback(aws: FakeAws, run: Run, status: str) -> None:
    """The error names the rollback and the alternative, and nothing is started."""
    release = aws.releases["2026.11.22-1"]
    aws.releases = {
        "2026.11.22-1": replace(release, status=ReleaseStatus(status), rolled_back_by="r")
    }
    result = run("retry", "2026.11.22-1")
    assert result.exit_code == 2
    assert "was rolled back by release r" in result.stderr
    assert "new releaseId" in result.stderr
    assert aws.started == []
