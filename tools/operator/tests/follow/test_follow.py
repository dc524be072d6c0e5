"""What changed between two looks, and the loop that goes on looking."""

from dataclasses import replace

import pytest

from release_core.domain.release import PipelineStatus, Release, ReleaseStatus
from release_machine.errors import UnreachableError
from release_machine.follow.events import (
    Event,
    LookFailed,
    PipelineActs,
    PipelineMoved,
    PipelineRetried,
    PipelineStopping,
    ReleaseClosed,
    ReleaseFound,
    ReleaseHalted,
)
from release_machine.follow.loop import LOOKS_AFTER_CLOSE, changes, follow
from release_machine.follow.pace import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, TRIES_UNREACHED
from release_machine.release.model import Activity, Snapshot
from tools.operator.tests.conftest import at

AWAY = UnreachableError("AWS does not answer.", "Check the network.")


class Recorder:
    """A sink that keeps what it is shown, and the pauses between the looks."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pauses: list[float] = []
        self.looks = 0

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        self.events += events

    def follow(self, *looks: Snapshot | UnreachableError) -> Release:
        """Follow a release that shows this at each look; the last of them goes on."""

        def look() -> Snapshot:
            self.looks += 1
            seen = looks[min(self.looks, len(looks)) - 1]
            if isinstance(seen, UnreachableError):
                raise seen
            return seen

        return follow(look, sink=self, wait=self.pauses.append, clock=lambda: at(42))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def moved(snapshot: Snapshot, name: str, status: str) -> Snapshot:
    pipeline = replace(snapshot.release.pipelines[name], status=PipelineStatus(status))
    pipelines = {**snapshot.release.pipelines, name: pipeline}
    return replace(snapshot, release=replace(snapshot.release, pipelines=pipelines))


def closed(snapshot: Snapshot, status: str = "SUCCEEDED") -> Snapshot:
    """The release closed, all its pipelines ended."""
    for pipeline in snapshot.release.pipelines.values():
        if not pipeline.status.ended:
            snapshot = moved(snapshot, pipeline.name, "STOPPED")
    return replace(snapshot, release=replace(snapshot.release, status=ReleaseStatus(status)))


def test_first_look_tells_everything_that_is_not_waiting(running: Snapshot) -> None:
    """The first look tells the release, each pipeline that has moved, and what runs."""
    told = changes(None, running)
    assert told[0] == ReleaseFound(running.release)
    moves = [event for event in told if isinstance(event, PipelineMoved)]
    assert [each.pipeline.name for each in moves] == ["catalog", "orders", "payments", "web"]
    assert {each.before for each in moves} == {"WAITING"}
    acts = [event.pipeline.name for event in told if isinstance(event, PipelineActs)]
    assert acts == ["payments", "web"]


def test_same_look_twice_tells_nothing(running: Snapshot) -> None:
    """Where nothing changed, nothing is told."""
    assert changes(running, running) == []


def test_moves_are_told_in_the_manifests_order(running: Snapshot) -> None:
    """Two pipelines that moved between two looks are told in the order of the manifest."""
    later = moved(moved(running, "web", "SUCCEEDED"), "payments", "STOPPED")
    told = [event for event in changes(running, later) if isinstance(event, PipelineMoved)]
    assert [(event.pipeline.name, event.before, event.pipeline.status) for event in told] == [
        ("payments", "RUNNING", "STOPPED"),
        ("web", "RUNNING", "SUCCEEDED"),
    ]


def test_another_action_is_told_and_its_end_is_not(running: Snapshot) -> None:
    """A new action is an event; that CodePipeline shows none for a moment is not."""
    activity = Activity(stage="Deploy", action="Check")
    (told,) = changes(running, replace(running, activity={"payments": activity}))
    assert isinstance(told, PipelineActs)
    assert told.activity == activity


def test_retry_stop_and_halt_are_told_once(running: Snapshot) -> None:
    """A retry, a stop and a halt are events of the look that first sees them."""
    changed = {
        "payments": {"retried": 1, "retries": 2},
        "web": {"stop_requested_at": running.at, "stop_reason": "its time limit has passed"},
    }
    pipelines = {
        name: replace(pipeline, **changed.get(name, {}))  # type: ignore[arg-type] # any fields
        for name, pipeline in running.release.pipelines.items()
    }
    later = replace(
        running, release=replace(running.release, halted_by="orders", pipelines=pipelines)
    )
    retried, stopping, halted = changes(running, later)
    assert isinstance(retried, PipelineRetried)
    assert isinstance(stopping, PipelineStopping)
    reason = "its time limit has passed"
    assert stopping.stopping == f"stopping: waits for the action in progress ({reason})"
    assert halted == ReleaseHalted(later.release)
    assert changes(later, later) == []


def test_close_is_told_once(running: Snapshot) -> None:
    """The outcome is told at the look that first sees it."""
    assert changes(running, closed(running))[-1] == ReleaseClosed(closed(running).release)
    assert changes(closed(running), closed(running)) == []


def test_follow_ends_with_the_closed_release(recorder: Recorder, running: Snapshot) -> None:
    """The loop returns the release as it was closed, having told every change."""
    later = moved(running, "payments", "SUCCEEDED")
    assert recorder.follow(running, later, closed(running, "FAILED")).status == "FAILED"
    assert isinstance(recorder.events[-1], ReleaseClosed)


def cancelled(snapshot: Snapshot) -> Snapshot:
    """The release stopped by hand, while its pipelines still run."""
    return replace(snapshot, release=replace(snapshot.release, status=ReleaseStatus.CANCELLED))


def test_follow_waits_for_what_still_stops(recorder: Recorder, running: Snapshot) -> None:
    """A release stopped by hand is closed first; the end of its executions is told too."""
    recorder.follow(running, cancelled(running), closed(running, "CANCELLED"))
    last = recorder.events[-1]
    assert isinstance(last, PipelineMoved)
    assert last.pipeline.status == "STOPPED"


def test_follow_does_not_wait_for_ever_for_what_stops(
    recorder: Recorder, running: Snapshot
) -> None:
    """An execution that goes on and on after a stop does not hold the operator."""
    assert recorder.follow(cancelled(running)).status == "CANCELLED"
    assert len(recorder.pauses) == LOOKS_AFTER_CLOSE


def test_pauses_grow_while_nothing_changes_and_shrink_when_something_does(
    recorder: Recorder, running: Snapshot
) -> None:
    """The ledger is read more rarely while it stays the same, within a bound."""
    recorder.follow(*[running] * 10, moved(running, "web", "SUCCEEDED"), closed(running))
    assert recorder.pauses[0] == FIRST_PAUSE_SECONDS
    assert recorder.pauses[:10] == sorted(recorder.pauses[:10])
    assert max(recorder.pauses) == LONGEST_PAUSE_SECONDS
    assert recorder.pauses[10] == FIRST_PAUSE_SECONDS


def test_a_failed_look_is_told_and_survived(recorder: Recorder, running: Snapshot) -> None:
    """AWS away for a moment ends nothing."""
    assert recorder.follow(running, AWAY, closed(running)).status == "SUCCEEDED"
    assert LookFailed("AWS does not answer.", "Check the network.", at(42)) in recorder.events


def test_aws_away_for_long_ends_the_following(recorder: Recorder, running: Snapshot) -> None:
    """After a bounded number of failed looks in a row the problem is raised."""
    with pytest.raises(UnreachableError):
        recorder.follow(running, AWAY)
    assert recorder.looks == 1 + TRIES_UNREACHED + 1


def test_first_look_that_fails_is_raised_at_once(recorder: Recorder) -> None:
    """Without one good look there is nothing to go on with."""
    with pytest.raises(UnreachableError):
        recorder.follow(AWAY)
    assert recorder.pauses == []
