"""One look at a release, and a release that was left open."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_machine.errors import LeftOpenError, UnreachableError, UsageError
from release_machine.follow.observer import TIME_TO_CLOSE, ReleaseObserver
from release_machine.release.model import Activity, Snapshot

type Stubbed = Callable[[str], tuple[Any, Stubber]]
type At = Callable[[float], datetime]


class FixedLedger:
    """A ledger with one release, or none."""

    def __init__(self, release: Release | None) -> None:
        self._release = release

    def get_release(self, release_id: str) -> Release | None:
        return self._release


class FixedActivity:
    """Activities that are always the same."""

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        return {"web": Activity(stage="Deploy")}


type Observe = Callable[[Release | None], tuple[ReleaseObserver, Stubber]]


class FixedPast:
    """Past runs of one minute each."""

    def of(self, pipelines: Iterable[str]) -> dict[str, list[timedelta]]:
        return {name: [timedelta(minutes=1)] for name in pipelines}


@pytest.fixture
def observe(stubbed: Stubbed, at: At) -> Observe:
    def make(release: Release | None) -> tuple[ReleaseObserver, Stubber]:
        client, stubber = stubbed("stepfunctions")
        observer = ReleaseObserver(
            "2026.11.22-1",
            ledger=FixedLedger(release),
            activity=FixedActivity(),
            past=FixedPast(),
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


def test_running_release(observe: Observe, running: Snapshot, at: At) -> None:
    """A look shows the release from the ledger, and the activity from CodePipeline."""
    observer, stubber = observe(running.release)
    stubber.add_response("describe_execution", execution("RUNNING", started=at(0), ended=None))
    seen = observer.look()
    assert (seen.at, seen.release) == (at(600), running.release)
    assert seen.activity == {"web": Activity(stage="Deploy")}
    assert seen.estimate.usual["web"] == timedelta(minutes=1)


def test_closed_release_needs_no_execution(observe: Observe, running: Snapshot, at: At) -> None:
    """The execution of a closed release is not read: it may no longer exist."""
    closed = replace(running.release, status=ReleaseStatus.CANCELLED)
    observer, _ = observe(closed)
    assert observer.look().release == closed


def test_an_execution_that_has_just_ended(observe: Observe, running: Snapshot, at: At) -> None:
    """After the end of the execution there are some minutes to close the release."""
    observer, stubber = observe(running.release)
    ended = at(600) - TIME_TO_CLOSE
    stubber.add_response("describe_execution", execution("ABORTED", started=at(0), ended=ended))
    assert observer.look().release.status == "RUNNING"


def test_a_release_that_was_left_open(observe: Observe, running: Snapshot, at: At) -> None:
    """An execution that ended long ago without a recorded outcome is an error."""
    observer, stubber = observe(running.release)
    ended = at(599) - TIME_TO_CLOSE
    stubber.add_response("describe_execution", execution("ABORTED", started=at(0), ended=ended))
    with pytest.raises(LeftOpenError, match="ABORTED") as raised:
        observer.look()
    assert raised.value.exit_code == 1
    assert "close_release" in raised.value.next_step


def test_unknown_release(observe: Observe) -> None:
    """An unknown release is wrong usage."""
    observer, _ = observe(None)
    with pytest.raises(UsageError, match=r"no release 2026\.11\.22-1"):
        observer.look()


def test_an_error_of_aws(observe: Observe, running: Snapshot) -> None:
    """An error of AWS becomes an error after which the loop can continue."""
    observer, stubber = observe(running.release)
    stubber.add_client_error("describe_execution", "ThrottlingException")
    with pytest.raises(UnreachableError, match="DescribeExecution"):
        observer.look()
