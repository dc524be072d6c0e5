"""One look at a release, and a release that nobody is left to close."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from release_core.domain.release import Release, ReleaseStatus
from release_machine.errors import LeftOpenError, UnreachableError, UsageError
from release_machine.follow.observer import TIME_TO_CLOSE, ReleaseObserver
from release_machine.release.model import Activity, Snapshot
from tools.operator.tests.conftest import Stubbed, at

type Observe = Callable[[Release | None], tuple[ReleaseObserver, Stubber]]


@pytest.fixture
def observe(stubbed: Stubbed) -> Observe:
    def make(release: Release | None) -> tuple[ReleaseObserver, Stubber]:
        client, stubber = stubbed("stepfunctions")
        observer = ReleaseObserver(
            "2026.11.22-1",
            release=lambda _: release,
            activity=lambda _: {"web": Activity(stage="Deploy")},
            past=lambda names: {name: [timedelta(minutes=1)] for name in names},
            sfn=client,
            clock=lambda: at(600),
            console_region=None,
        )
        return observer, stubber

    return make


def execution(status: str, *, started: datetime, ended: datetime | None) -> dict[str, Any]:
    arn = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"
    answer: dict[str, Any] = {
        "executionArn": arn,
        "stateMachineArn": arn.replace(":execution:", ":stateMachine:"),
        "status": status,
        "startDate": started,
    }
    return answer | ({"stopDate": ended} if ended else {})


def test_running_release(observe: Observe, running: Snapshot) -> None:
    """A look at a running release shows the ledger and what CodePipeline does."""
    observer, stubber = observe(running.release)
    stubber.add_response("describe_execution", execution("RUNNING", started=at(0), ended=None))
    seen = observer.look()
    assert (seen.at, seen.release) == (at(600), running.release)
    assert seen.activity == {"web": Activity(stage="Deploy")}
    assert seen.estimate.usual["web"] == timedelta(minutes=1)


def test_closed_release_needs_no_execution(observe: Observe, running: Snapshot) -> None:
    """A closed release is shown without asking how its execution does: it may be long gone."""
    closed = replace(running.release, status=ReleaseStatus.CANCELLED)
    observer, _ = observe(closed)
    assert observer.look().release == closed


def test_execution_that_just_ended_is_given_time(observe: Observe, running: Snapshot) -> None:
    """After the execution has ended, the release has some minutes to be closed."""
    observer, stubber = observe(running.release)
    ended = at(600) - TIME_TO_CLOSE
    stubber.add_response("describe_execution", execution("ABORTED", started=at(0), ended=ended))
    assert observer.look().release.status == "RUNNING"


def test_release_that_nobody_closes(observe: Observe, running: Snapshot) -> None:
    """An execution that ended long ago without an outcome on record is an error, not a wait."""
    observer, stubber = observe(running.release)
    ended = at(599) - TIME_TO_CLOSE
    stubber.add_response("describe_execution", execution("ABORTED", started=at(0), ended=ended))
    with pytest.raises(LeftOpenError, match="ABORTED") as raised:
        observer.look()
    assert raised.value.exit_code == 1
    assert "close_release" in raised.value.next_step


def test_unknown_release(observe: Observe) -> None:
    """A release that the ledger does not hold is wrong usage."""
    observer, _ = observe(None)
    with pytest.raises(UsageError, match=r"no release 2026\.11\.22-1"):
        observer.look()


def test_refusal_is_explained(observe: Observe, running: Snapshot) -> None:
    """What AWS refuses comes out as a problem that can be survived."""
    observer, stubber = observe(running.release)
    stubber.add_client_error("describe_execution", "ThrottlingException")
    with pytest.raises(UnreachableError, match="DescribeExecution"):
        observer.look()
