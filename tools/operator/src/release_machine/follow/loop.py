"""The loop that looks at a release until it is over, and compares each look with the last."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.errors import UnreachableError
from release_machine.follow.connection import Connection
from release_machine.follow.events import (
    Event,
    PipelineActs,
    PipelineKept,
    PipelineMoved,
    PipelineRetried,
    PipelineStopping,
    PipelineWaits,
    ReleaseClosed,
    ReleaseFound,
    ReleaseHalted,
    ReleaseProgressed,
)
from release_machine.follow.pace import Pace
from release_machine.release.holds import hold_of, override_command
from release_machine.release.left_open import left_open
from release_machine.release.model import Snapshot
from release_machine.release.phrases import halted
from release_machine.release.situation import kept, stopping, waits_for

# A release that was stopped is closed at once; its executions end later.
LOOKS_AFTER_CLOSE = 20


class Sink(Protocol):
    """Shows the events of a release, in a live view or as lines."""

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Take the latest look, None before the first, and the events since the last one."""


def changes(before: Snapshot | None, after: Snapshot) -> list[Event]:
    """The events between two looks, in the order in which the pipelines run."""
    events: list[Event] = []
    if before is None:
        events.append(ReleaseFound(after.release))
    known = before.release.pipelines if before else {}
    for pipeline in after.release.pipelines.values():
        events += _pipeline_changes(known.get(pipeline.name), pipeline, after.release)
        activity = after.activity.get(pipeline.name)
        if activity and activity != (before.activity.get(pipeline.name) if before else None):
            events.append(PipelineActs(pipeline, activity))
    progressed = after.release.ended_count > (before.release.ended_count if before else 0)
    if progressed and not after.release.closed:
        events.append(ReleaseProgressed(after.release, after.estimate.left, after.estimate.unknown))
    if halted(after.release) and not (before and before.release.halted_by):
        events.append(ReleaseHalted(after.release))
    if after.release.closed and not (before and before.release.closed):
        events.append(ReleaseClosed(after.release))
    return events


def _pipeline_changes(
    before: Pipeline | None, after: Pipeline, release: Release
) -> Iterator[Event]:
    earlier = before.status if before else PipelineStatus.WAITING
    if before is None and kept(release, after):
        yield PipelineKept(after)
    elif after.status != earlier:
        yield PipelineMoved(after, earlier)
    waiting = waits_for(release, after)
    held = hold_of(release, after)
    told_of_hold = bool(held and before and before.held and _is_same(before.held, held))
    if waiting and ((held and not told_of_hold) or (before is None and after.depends_on)):
        yield PipelineWaits(after, waiting, override_command(release) if held else None)
    if after.retried > (before.retried if before else 0):
        yield PipelineRetried(after)
    stop = stopping(release, after)
    if stop and not (before and before.stop_requested_at):
        yield PipelineStopping(after, stop)


def _is_same(before: Hold, held: Hold) -> bool:
    """Whether a user needs no new line: calendars that cannot be read get a new time all along."""
    if held.kind is HoldKind.CALENDAR:
        before = replace(before, until=held.until)
    return before == held


def follow(
    look: Callable[[], Snapshot],
    *,
    sink: Sink,
    wait: Callable[[float], None],
    clock: Callable[[], datetime],
) -> Release:
    """Look at the release until it is over, with longer pauses while nothing changes.

    Returns the release as last seen. It is closed, but an execution that is stopping may still run.
    Raises UnreachableError when AWS does not answer for long; single failed looks are only shown.
    Raises LeftOpenError when the workflow execution has ended and no outcome will come.
    """
    last: Snapshot | None = None
    pace = Pace()
    connection = Connection(clock)
    after_close = 0
    while True:
        try:
            now = look()
        except UnreachableError as error:
            pace.missed(error)
            sink.show(last, [connection.failed(error)])
        else:
            if now.left_open:
                raise left_open(now.release, now.left_open)
            events = changes(last, now)
            sink.show(now, [*connection.reached(), *events])
            after_close += now.release.closed
            if now.release.over or after_close > LOOKS_AFTER_CLOSE:
                return now.release
            pace.looked(changed=bool(events))
            last = now
        wait(pace.pause)
