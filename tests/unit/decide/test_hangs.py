"""Which wait of a release is the oldest, and when a release is past its deadline."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.decide.hangs import OpenWait, is_past_deadline, open_wait
from release_core.decide.timing import OVERRUN
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus

BEGAN = datetime(2026, 11, 22, 10, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=5)


def after(hours: float) -> datetime:
    """The time this many hours after the release began."""
    return BEGAN + timedelta(hours=hours)


def node(name: str, status: str, looked: float | None = None, **more: Any) -> Pipeline:
    """A pipeline whose task last looked this many hours after the release began."""
    return Pipeline(
        name=name,
        status=PipelineStatus(status),
        token_registered_at=None if looked is None else after(looked),
        **more,
    )


def release(*pipelines: Pipeline, **more: Any) -> Release:
    """A release that runs."""
    known: dict[str, Any] = {
        "release_id": "r",
        "status": ReleaseStatus.RUNNING,
        "execution_arn": "arn:one",
        "opened_at": BEGAN,
        "pipelines": {each.name: each for each in pipelines},
    }
    return Release(**{**known, **more})


@pytest.mark.parametrize(
    ("pipelines", "pipeline", "since"),
    [
        ([node("a", "RUNNING", 4), node("b", "RUNNING", 3)], "b", 3),
        ([node("a", "RUNNING", 4), node("b", "SUCCEEDED", 1)], "a", 4),
        ([node("a", "RUNNING", 4), node("b", "WAITING")], "b", 0),
        ([node("a", "SUCCEEDED", 2), node("b", "FAILED", 3)], None, 3),
        ([node("a", "SKIPPED")], None, 0),
        ([], None, 0),
    ],
    ids=("oldest look", "ended", "no task", "not closed", "never a task", "no pipelines"),
)
def test_the_oldest_wait(pipelines: list[Pipeline], pipeline: str | None, since: float) -> None:
    """What has not ended waits since its last look. After that the close is waited for."""
    expected = OpenWait(release_id="r", pipeline=pipeline, since=after(since))
    assert open_wait(release(*pipelines), NOW) == expected


def test_an_earlier_attempt_does_not_count() -> None:
    """A retry waits since it began, for pipelines that still have the state of the last attempt."""
    failed = node("a", "FAILED", 1, attempt=1)
    resumed = release(failed, attempt=2, resumed_at=after(4))
    assert open_wait(resumed, NOW) == OpenWait(release_id="r", pipeline="a", since=after(4))
    kept = release(node("a", "SUCCEEDED", 1), node("b", "RUNNING", 4.5, attempt=2), attempt=2)
    waits = open_wait(replace(kept, resumed_at=after(4)), NOW)
    assert waits == OpenWait(release_id="r", pipeline="b", since=after(4.5))


def test_a_closed_release_does_not_wait() -> None:
    """Whatever its pipelines do."""
    closed = release(node("a", "RUNNING", 1), status=ReleaseStatus.CANCELLED)
    assert open_wait(closed, NOW) is None


@pytest.mark.parametrize(
    ("not_before", "waits_for", "since"),
    [(None, ("a",), None), (6, (), None), (3, (), 3), (-1, (), 0), (3, ("a",), None)],
    ids=("in a queue", "held", "its time has come", "it came late", "then in a queue"),
)
def test_a_pending_release(
    not_before: float | None, waits_for: tuple[str, ...], since: float | None
) -> None:
    """It waits for its opening once its time has come, unless it has a place in a queue."""
    pending = release(
        pending=True,
        not_before=None if not_before is None else after(not_before),
        waits_for=waits_for,
    )
    found = open_wait(pending, NOW)
    assert (found.since if found else None) == (None if since is None else after(since))


def test_past_its_deadline() -> None:
    """Only a release that runs, and only when its stop has had the time to end."""
    late = release(deadline=NOW - OVERRUN - timedelta(seconds=1))
    assert is_past_deadline(late, NOW)
    assert not is_past_deadline(replace(late, deadline=NOW - OVERRUN), NOW)
    assert not is_past_deadline(replace(late, status=ReleaseStatus.FAILED), NOW)
    assert not is_past_deadline(release(), NOW)
