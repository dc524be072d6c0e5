"""The events between two looks, and the loop that looks."""

from dataclasses import replace

import pytest

from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import PipelineStatus, Release, ReleaseStatus
from release_machine.errors import LeftOpenError, UnreachableError
from release_machine.follow.events import (
    ConnectedAgain,
    Event,
    LookFailed,
    PipelineActs,
    PipelineMoved,
    PipelineRetried,
    PipelineStopping,
    PipelineWaits,
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
    """A sink that records the events, and the pauses between looks."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pauses: list[float] = []
        self.looks = 0

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        self.events += events

    def follow(self, *looks: Snapshot | UnreachableError) -> Release:
        """Follow a release with these looks; the last one repeats."""

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


def test_what_holds_a_pipeline(running: Snapshot) -> None:
    """The first look and each change of the hold tell it, with the command that overrides it."""
    held = Hold(
        kind=HoldKind.FREEZE, until=at(7200), why="incident 4711", by="arn:aws:iam::1:u/bob"
    )

    def after(hold: Hold | None) -> Snapshot:
        search = replace(running.release.pipelines["search"], held=hold)
        pipelines = {**running.release.pipelines, "search": search}
        return replace(running, release=replace(running.release, pipelines=pipelines))

    (told,) = changes(running, after(held))
    assert told == PipelineWaits(
        after(held).release.pipelines["search"],
        "incident 4711 (frozen until 2026-11-22T12:00:00Z by bob)",
        "release-machine override 2026.11.22-1 --reason TEXT",
    )
    assert told in changes(None, after(held))
    assert changes(after(held), after(held)) == []
    assert changes(after(held), after(None)) == []
    assert changes(after(held), after(replace(held, until=at(9000))))
    unread = Hold(kind=HoldKind.CALENDAR, until=at(300), why="cannot be read", scope="hours")
    assert changes(after(held), after(unread))
    # They are asked again every few minutes, for as long as they cannot be read.
    assert changes(after(unread), after(replace(unread, until=at(600)))) == []
    assert changes(after(unread), after(replace(unread, until=at(600), why="closed")))


def closed(snapshot: Snapshot, status: str = "SUCCEEDED") -> Snapshot:
    """The release after its close, with all pipelines ended."""
    for pipeline in snapshot.release.pipelines.values():
        if not pipeline.status.ended:
            snapshot = moved(snapshot, pipeline.name, "STOPPED")
    return replace(snapshot, release=replace(snapshot.release, status=ReleaseStatus(status)))


def test_the_first_look(running: Snapshot) -> None:
    """It reports the release, each pipeline that has moved, and each activity."""
    told = changes(None, running)
    assert told[0] == ReleaseFound(running.release)
    moves = [event for event in told if isinstance(event, PipelineMoved)]
    assert [each.pipeline.name for each in moves] == ["catalog", "orders", "payments", "web"]
    assert {each.before for each in moves} == {"WAITING"}
    acts = [event.pipeline.name for event in told if isinstance(event, PipelineActs)]
    assert acts == ["payments", "web"]


def test_two_equal_looks(running: Snapshot) -> None:
    """Without a change there are no events."""
    assert changes(running, running) == []


def test_moves_are_in_order(running: Snapshot) -> None:
    """Two pipelines that moved between two looks are reported in the order of the release."""
    later = moved(moved(running, "web", "SUCCEEDED"), "payments", "STOPPED")
    told = [event for event in changes(running, later) if isinstance(event, PipelineMoved)]
    assert [(event.pipeline.name, event.before, event.pipeline.status) for event in told] == [
        ("payments", "RUNNING", "STOPPED"),
        ("web", "RUNNING", "SUCCEEDED"),
    ]


def test_another_action_is_an_event(running: Snapshot) -> None:
    """A new action is an event; a moment without an action is not."""
    activity = Activity(stage="Deploy", action="Check")
    (told,) = changes(running, replace(running, activity={"payments": activity}))
    assert isinstance(told, PipelineActs)
    assert told.activity == activity


def test_retry_stop_and_halt_are_reported_once(running: Snapshot) -> None:
    """They are events of the first look that sees them."""
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


def test_the_close_is_reported_once(running: Snapshot) -> None:
    """The outcome is an event of the first look that sees it."""
    assert changes(running, closed(running))[-1] == ReleaseClosed(closed(running).release)
    assert changes(closed(running), closed(running)) == []


def test_follow_ends_with_the_closed_release(recorder: Recorder, running: Snapshot) -> None:
    """The loop returns the release as it was closed, after every event was shown."""
    later = moved(running, "payments", "SUCCEEDED")
    assert recorder.follow(running, later, closed(running, "FAILED")).status == "FAILED"
    assert isinstance(recorder.events[-1], ReleaseClosed)


def cancelled(snapshot: Snapshot) -> Snapshot:
    """The cancelled release, while its pipelines still run."""
    return replace(snapshot, release=replace(snapshot.release, status=ReleaseStatus.CANCELLED))


def test_follow_waits_for_stopping_executions(recorder: Recorder, running: Snapshot) -> None:
    """A cancelled release is closed first; the end of its executions is still reported."""
    recorder.follow(running, cancelled(running), closed(running, "CANCELLED"))
    last = recorder.events[-1]
    assert isinstance(last, PipelineMoved)
    assert last.pipeline.status == "STOPPED"


def test_follow_does_not_wait_forever(recorder: Recorder, running: Snapshot) -> None:
    """An execution that does not stop does not block the command."""
    assert recorder.follow(cancelled(running)).status == "CANCELLED"
    assert len(recorder.pauses) == LOOKS_AFTER_CLOSE


def test_pauses_grow_while_nothing_changes(recorder: Recorder, running: Snapshot) -> None:
    """The ledger is read less often while nothing changes, up to a limit."""
    recorder.follow(*[running] * 10, moved(running, "web", "SUCCEEDED"), closed(running))
    assert recorder.pauses[0] == FIRST_PAUSE_SECONDS
    assert recorder.pauses[:10] == sorted(recorder.pauses[:10])
    assert max(recorder.pauses) == LONGEST_PAUSE_SECONDS
    assert recorder.pauses[10] == FIRST_PAUSE_SECONDS


def test_a_failed_look_is_reported(recorder: Recorder, running: Snapshot) -> None:
    """A short outage of AWS does not end the loop."""
    assert recorder.follow(running, AWAY, closed(running)).status == "SUCCEEDED"
    assert LookFailed("AWS does not answer.", "Check the network.", at(42)) in recorder.events


def test_a_connection_that_is_back_is_reported_once(recorder: Recorder, running: Snapshot) -> None:
    """The first look that reaches AWS again says so, before its changes; the next ones do not."""
    later = moved(running, "web", "SUCCEEDED")
    recorder.follow(running, AWAY, AWAY, later, later, closed(running))
    told = recorder.events[recorder.events.index(ConnectedAgain(at=at(42), since=at(42))) :]
    assert isinstance(told[1], PipelineMoved)
    assert [type(each) for each in recorder.events].count(ConnectedAgain) == 1
    assert [type(each) for each in recorder.events].count(LookFailed) == 2


def test_a_connection_that_was_never_lost_says_nothing(
    recorder: Recorder, running: Snapshot
) -> None:
    """Without a failed look there is nothing to say."""
    recorder.follow(running, closed(running))
    assert ConnectedAgain not in map(type, recorder.events)


def test_many_failed_looks_end_the_loop(recorder: Recorder, running: Snapshot) -> None:
    """After a number of failed looks in a row the error is raised."""
    with pytest.raises(UnreachableError):
        recorder.follow(running, AWAY)
    assert recorder.looks == 1 + TRIES_UNREACHED + 1


def test_a_failed_first_look_is_raised(recorder: Recorder) -> None:
    """Before the first successful look any error is raised."""
    with pytest.raises(UnreachableError):
        recorder.follow(AWAY)
    assert recorder.pauses == []


def test_a_release_that_was_left_open_is_followed_no_more(
    recorder: Recorder, running: Snapshot
) -> None:
    """No outcome will come: the error says where to look, and the exit code that it failed."""
    with pytest.raises(LeftOpenError, match="ABORTED") as raised:
        recorder.follow(running, replace(running, left_open="ABORTED"))
    assert recorder.looks == 2
    assert raised.value.exit_code == 1
    assert "close_release" in raised.value.next_step
