"""One look at a release, and a release that was left open."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from release_core.domain.release import Release, ReleaseStatus
from release_machine.errors import UnreachableError, UsageError
from release_machine.follow.observer import TIME_TO_CLOSE, ReleaseObserver
from release_machine.release.model import Activity, Snapshot
from tools.operator.tests.conftest import Stubbed, at, described


def look(
    stubbed: Stubbed, release: Release | None, execution: dict[str, Any] | str | None = None
) -> Snapshot:
    """Look after ten minutes; ``execution`` is the answer or error of DescribeExecution."""
    client, stubber = stubbed("stepfunctions")
    if isinstance(execution, str):
        stubber.add_client_error("describe_execution", execution)
    elif execution:
        stubber.add_response("describe_execution", execution)
    return ReleaseObserver(
        "2026.11.22-1",
        release=lambda _: release,
        activity=lambda _: {"web": Activity(stage="Deploy")},
        past=lambda names: {name: [timedelta(minutes=1)] for name in names},
        sfn=client,
        clock=lambda: at(600),
        console_region=None,
    ).look()


def test_running_release(stubbed: Stubbed, running: Snapshot) -> None:
    """A look shows the release from the ledger, and the activity from CodePipeline."""
    seen = look(stubbed, running.release, described())
    assert (seen.at, seen.release) == (at(600), running.release)
    assert seen.activity == {"web": Activity(stage="Deploy")}
    assert seen.estimate.usual["web"] == timedelta(minutes=1)


def test_closed_release_needs_no_execution(stubbed: Stubbed, running: Snapshot) -> None:
    """The execution of a closed release is not read: it may no longer exist."""
    closed = replace(running.release, status=ReleaseStatus.CANCELLED)
    assert look(stubbed, closed).release == closed


def test_an_execution_that_has_just_ended(stubbed: Stubbed, running: Snapshot) -> None:
    """After the end of the execution there are some minutes to close the release."""
    ended = described("ABORTED", stopDate=at(600) - TIME_TO_CLOSE)
    seen = look(stubbed, running.release, ended)
    assert (seen.release.status, seen.left_open) == ("RUNNING", None)


def test_a_release_that_was_left_open(stubbed: Stubbed, running: Snapshot) -> None:
    """The look says how the execution ended that ended long ago without a recorded outcome."""
    ended = described("ABORTED", stopDate=at(599) - TIME_TO_CLOSE)
    seen = look(stubbed, running.release, ended)
    assert seen.left_open == "ABORTED"
    assert seen.activity == {"web": Activity(stage="Deploy")}


def test_unknown_release(stubbed: Stubbed) -> None:
    """An unknown release is wrong usage."""
    with pytest.raises(UsageError, match=r"no release 2026\.11\.22-1"):
        look(stubbed, None)


def test_an_error_of_aws(stubbed: Stubbed, running: Snapshot) -> None:
    """An error of AWS becomes an error after which the loop can continue."""
    with pytest.raises(UnreachableError, match="DescribeExecution"):
        look(stubbed, running.release, "ThrottlingException")
