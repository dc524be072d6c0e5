"""cancel and retry, as users call them."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.domain.approvals import Approval
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.manifest.requests import RetryRequest, read_request
from release_machine.actions.cancel import summary
from release_machine.release.model import Snapshot
from release_machine.release.remedies import what_next
from tools.operator.tests.conftest import Run, pipeline
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal
from tools.operator.tests.samples.made_release import by_name

RELEASE = "2026.11.22-1"
PAST, FUTURE = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def test_cancel(aws: FakeAws, run: Run) -> None:
    """A stop records who asked and why, and lists how each pipeline ended."""
    aws.set_status("RUNNING")
    result = run("cancel", RELEASE, "--reason", "wrong build")
    assert result.exit_code == 0, result.output
    cause = f"wrong build, by {aws.caller}"
    arn = aws.releases[RELEASE].execution_arn
    assert aws.stopped == [{"executionArn": arn, "error": "StoppedByHand", "cause": cause}]
    assert "release 2026.11.22-1: CANCELLED" in result.stdout
    assert "succeeded before: catalog" in result.stdout
    assert "ended otherwise: orders FAILED" in result.stdout


def test_cancel_by_the_name_of_the_execution(aws: FakeAws, run: Run) -> None:
    """An execution stands for the release that it opened; the cause always names the caller."""
    aws.set_status("RUNNING")
    assert run("cancel", "mine").exit_code == 0
    assert [each["cause"] for each in aws.stopped] == [f"by {aws.caller}"]


def test_cancel_names_pipelines_that_are_still_stopping(running: Snapshot) -> None:
    """An execution that is still stopping is named, with the command that stops it at once."""
    mail = Pipeline(name="mail", position=9, status=PipelineStatus.SKIPPED)
    pipelines = by_name((running.release.pipelines["payments"], mail))
    release = replace(running.release, pipelines=pipelines, status=ReleaseStatus.CANCELLED)
    told = list(summary(release))
    assert told[:2] == ["still stopping: payments", "skipped: mail"]
    assert told[2].endswith(
        "aws codepipeline stop-pipeline-execution --pipeline-name payments "
        "--pipeline-execution-id 3c4d5e6f-0000-4000-8000-000000000003 --abandon"
    )


def test_what_next_names_running_executions(running: Snapshot) -> None:
    """A retry does not help before the executions of a stopped release have ended."""
    told = list(what_next(replace(running.release, status=ReleaseStatus.CANCELLED)))
    stop = ["aws", "codepipeline", "stop-pipeline-execution"]
    assert [line.partition(": ")[2].split()[:3] for line in told] == [
        *(stop, stop),
        *(["release-machine", verb, RELEASE] for verb in ("retry", "rollback")),
    ]


def test_ctrl_c_while_a_cancelled_release_stops(aws: FakeAws, run: Run, monkeypatch: Any) -> None:
    """The message does not say that a cancelled release continues."""
    web = Pipeline(name="web", position=9, status=PipelineStatus.RUNNING)
    aws.set_status("CANCELLED", pipelines={**aws.releases[RELEASE].pipelines, "web": web})

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    result = run("watch", RELEASE)
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
    result = run("watch", RELEASE)
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == (
        "Stopped watching; the release continues. "
        "Follow it again: release-machine watch 2026.11.22-1"
    )


@pytest.mark.parametrize(
    ("status", "name", "code", "said"),
    [
        ("CANCELLED", RELEASE, 0, "already CANCELLED"),
        ("SUCCEEDED", RELEASE, 2, "is SUCCEEDED, closed at"),
        ("SUCCEEDED", "nothing", 2, "no release nothing"),
    ],
)
def test_cancel_without_a_running_release(
    aws: FakeAws, run: Run, status: str, name: str, code: int, said: str
) -> None:
    """Cancelling a cancelled release succeeds; a closed or unknown one is exit code 2."""
    aws.set_status(status)
    result = run("cancel", name)
    assert result.exit_code == code
    assert said in result.output
    assert aws.stopped == []


def test_cancel_too_late(aws: FakeAws, run: Run) -> None:
    """A release that closed before the stop arrived is not reported as cancelled."""
    aws.set_status("RUNNING")
    aws.stop_does = "SUCCEEDED"
    result = run("cancel", RELEASE)
    assert result.exit_code == 1
    assert "was already SUCCEEDED when the stop" in result.stderr


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
        raise refusal("AccessDenied", "DescribeExecution")

    monkeypatch.setattr(aws, "describe_execution", refused)
    assert run("cancel", "nothing").exit_code == 3


@pytest.mark.parametrize(
    ("deadline", "words", "changes"),
    [
        (None, (), {}),
        (PAST, (), {"deadline": None}),
        (PAST, ("--deadline", FUTURE), {"deadline": "2999-01-01T00:00:00+00:00"}),
        (FUTURE, (), {}),
        (None, ("--wait",), {"onBusy": "wait"}),
        (
            None,
            ("--wait", "--deadline", FUTURE),
            {"deadline": "2999-01-01T00:00:00+00:00", "onBusy": "wait"},
        ),
    ],
)
def test_retry(
    aws: FakeAws,
    run: Run,
    deadline: str | None,
    words: tuple[str, ...],
    changes: dict[str, str | None],
) -> None:
    """The machine reads the release, the caller, and what replaces the manifest.

    A deadline that has passed is left out and reported; one in the future stays in force.
    """
    aws.set_status("FAILED")
    aws.stored = json.dumps({"releaseId": "x", "pipelines": ["a"], "deadline": deadline})
    result = run("retry", RELEASE, *words)
    assert result.exit_code == 1  # the fake's second attempt comes to the same
    assert f"execution {EXECUTION}" in result.stdout
    assert "release 2026.11.22-1: FAILED" in result.stdout
    passed = f"the deadline {PAST} has passed" in result.stdout
    assert passed is (changes == {"deadline": None})
    (started,) = aws.started
    assert started == {"retry": RELEASE, **changes, "requestedBy": aws.caller}
    request = RetryRequest(of=RELEASE, changes=changes, requester=aws.caller)
    assert read_request(json.dumps(started)) == request


@pytest.mark.parametrize("deadline", ["soon", "2026-11-22T18:00:00", "9999-12-31T23:59:59-01:00"])
def test_retry_with_an_invalid_deadline(aws: FakeAws, run: Run, deadline: str) -> None:
    """A deadline that is not readable or has no zone is exit code 2, with an example."""
    result = run("retry", RELEASE, "--deadline", deadline)
    assert result.exit_code == 2
    assert "2026-11-22T18:00:00Z" in result.stderr
    assert aws.started == []


@pytest.mark.parametrize(
    ("status", "changes", "code", "said"),
    [
        ("SUCCEEDED", {}, 0, "nothing is left to run"),
        ("RUNNING", {}, 2, "is still running, as arn:"),
        ("REJECTED", {"pipeline_count": 0}, 2, "was rejected"),
        ("FAILED", {"rolled_back_by": "r"}, 2, "was rolled back by release r"),
        ("SUCCEEDED", {"rolled_back_by": "r"}, 2, "Give the manifest a new releaseId"),
    ],
)
def test_retry_of_what_cannot_be_retried(
    aws: FakeAws, run: Run, *, status: str, changes: dict[str, Any], code: int, said: str
) -> None:
    """The error has the reason and the alternative, and nothing is started."""
    aws.set_status(status, **changes)
    result = run("retry", RELEASE)
    assert result.exit_code == code
    assert said in result.output
    assert aws.started == []


@pytest.mark.parametrize("name", ["", "x" * 2000, "a\nb"], ids=("empty", "long", "two lines"))
@pytest.mark.parametrize("command", ["show", "watch", "cancel", "retry", "rollback"])
def test_an_invalid_id_is_wrong_usage(aws: FakeAws, run: Run, command: str, name: str) -> None:
    """It is rejected before AWS would reject it."""
    result = run(command, name)
    assert result.exit_code == 2
    assert "RELEASE is " in result.stderr
    assert "release-machine list" in result.stderr


@pytest.mark.parametrize("granted", [False, True])
def test_retry_with_four_eyes(aws: FakeAws, run: Run, *, granted: bool) -> None:
    """The API proves who retries, because that person may not approve; unless nobody is asked."""
    aws.set_status("FAILED")
    stored = {"releaseId": RELEASE, "pipelines": ["a"], "approvals": [{"name": "go-live"}]}
    aws.stored, aws.answer = json.dumps({**stored, "deadline": PAST}), {"executionArn": EXECUTION}
    node = pipeline(9, "go-live", "SUCCEEDED" if granted else "FAILED", approval=Approval())
    release = aws.releases[RELEASE]
    aws.releases = {
        RELEASE: replace(release, pipelines={**release.pipelines, "go-live": node}),
    }
    result = run("retry", RELEASE, "--wait")
    assert f"execution {EXECUTION}" in result.stdout
    changes = {"deadline": None, "onBusy": "wait"}
    if granted:
        assert aws.started == [{"retry": RELEASE, **changes, "requestedBy": aws.caller}]
        assert aws.sent == []
        return
    assert aws.started == []
    assert aws.sent == [("POST", "releases")]
    assert aws.bodies == [{**stored, **changes, "resume": True}]


def test_retry_without_a_manifest(aws: FakeAws, run: Run) -> None:
    """A release that was not fully opened has no manifest to run again."""
    aws.set_status("FAILED")
    aws.stored = None
    result = run("retry", RELEASE)
    assert result.exit_code == 1
    assert "no manifest" in result.stderr
    assert run("retry", "nothing").exit_code == 2
