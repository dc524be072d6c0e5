"""What changed between two looks, and the loop that goes on looking."""

from dataclasses import replace

import pytest

from release_core.domain.release import PipelineStatus, ReleaseStatus
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


class Recorder:
    """A sink that keeps what it is shown, and the pauses between the looks."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pauses: list[float] = []

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        self.events += events

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)


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
    assert [
        (event.pipeline.name, event.before) for event in told if isinstance(event, PipelineMoved)
    ] == [
        ("catalog", "WAITING"),
        ("orders", "WAITING"),
        ("payments", "WAITING"),
        ("web", "WAITING"),
    ]
    assert [event.pipeline.name for event in told if isinstance(event, PipelineActs)] == [
        "payments",
        "web",
    ]


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


def test_follow_ends_with_the_closed_release(running: Snapshot) -> None:
    """The loop returns the release as it was closed, having told every change."""
    looks = iter([running, moved(running, "payments", "SUCCEEDED"), closed(running, "FAILED")])
    recorder = Recorder()
    ended = follow(lambda: next(looks), sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    assert ended.status == "FAILED"
    assert isinstance(recorder.events[-1], ReleaseClosed)


def test_follow_waits_for_what_still_stops(running: Snapshot) -> None:
    """A release stopped by hand is closed first; the end of its executions is told too."""
    cancelled = replace(running, release=replace(running.release, status=ReleaseStatus.CANCELLED))
    looks = iter([running, cancelled, closed(running, "CANCELLED")])
    recorder = Recorder()
    follow(lambda: next(looks), sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    last = recorder.events[-1]
    assert isinstance(last, PipelineMoved)
    assert last.pipeline.status == "STOPPED"


def test_follow_does_not_wait_for_ever_for_what_stops(running: Snapshot) -> None:
    """An execution that goes on and on after a stop does not hold the operator."""
    cancelled = replace(running, release=replace(running.release, status=ReleaseStatus.CANCELLED))
    recorder = Recorder()
    ended = follow(lambda: cancelled, sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    assert ended.status == "CANCELLED"
    assert len(recorder.pauses) == LOOKS_AFTER_CLOSE


def test_pauses_grow_while_nothing_changes_and_shrink_when_something_does(
    running: Snapshot,
) -> None:
    """The ledger is read more rarely while it stays the same, within a bound."""
    quiet = [running] * 10
    looks = iter([*quiet, moved(running, "web", "SUCCEEDED"), closed(running)])
    recorder = Recorder()
    follow(lambda: next(looks), sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    assert recorder.pauses[0] == FIRST_PAUSE_SECONDS
    assert recorder.pauses[:10] == sorted(recorder.pauses[:10])
    assert max(recorder.pauses) == LONGEST_PAUSE_SECONDS
    assert recorder.pauses[10] == FIRST_PAUSE_SECONDS


def test_a_failed_look_is_told_and_survived(running: Snapshot) -> None:
    """AWS away for a moment ends nothing."""
    answers = iter([running, None, closed(running)])

    def look() -> Snapshot:
        answer = next(answers)
        if answer is None:
            raise UnreachableError("AWS does not answer.", "Check the network.")
        return answer

    recorder = Recorder()
    assert (
        follow(look, sink=recorder, wait=recorder.wait, clock=lambda: running.at).status
        == "SUCCEEDED"
    )
    assert LookFailed("AWS does not answer.", "Check the network.", running.at) in recorder.events


def test_aws_away_for_long_ends_the_following(running: Snapshot) -> None:
    """After a bounded number of failed looks in a row the problem is raised."""
    seen: list[int] = []

    def look() -> Snapshot:
        seen.append(1)
        if len(seen) == 1:
            return running
        raise UnreachableError("AWS does not answer.", "Check the network.")

    recorder = Recorder()
    with pytest.raises(UnreachableError):
        follow(look, sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    assert len(seen) == 1 + TRIES_UNREACHED + 1


def test_first_look_that_fails_is_raised_at_once(running: Snapshot) -> None:
    """Without one good look there is nothing to go on with."""

    def look() -> Snapshot:
        raise UnreachableError("AWS does not answer.", "Check the network.")

    recorder = Recorder()
    with pytest.raises(UnreachableError):
        follow(look, sink=recorder, wait=recorder.wait, clock=lambda: running.at)
    assert recorder.pauses == []
