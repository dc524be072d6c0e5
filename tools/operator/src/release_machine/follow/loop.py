"""The loop that looks at a release again and again, and what changed between two looks."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.errors import UnreachableError
from release_machine.follow.events import (
    Event,
    LookFailed,
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
from release_machine.release.model import Snapshot
from release_machine.release.phrases import halted
from release_machine.release.situation import kept, stopping, waits_for

# A release stopped by hand is closed at once; its executions end a little later, if they can.
LOOKS_AFTER_CLOSE = 20


class Sink(Protocol):
    """Shows what happens, on a terminal or as lines."""

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Take the latest look (None while there is none) and what changed since the last."""


def changes(before: Snapshot | None, after: Snapshot) -> list[Event]:
    """Say what happened between two looks, in the order in which the pipelines run."""
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
    if before is None and after.depends_on and waiting:
        yield PipelineWaits(after, waiting)
    if after.retried > (before.retried if before else 0):
        yield PipelineRetried(after)
    stop = stopping(release, after)
    if stop and not (before and before.stop_requested_at):
        yield PipelineStopping(after, stop)


def follow(
    look: Callable[[], Snapshot],
    *,
    sink: Sink,
    wait: Callable[[float], None],
    clock: Callable[[], datetime],
) -> Release:
    """Look, with growing pauses while nothing changes, until the release is over.

    Returns the release as last seen: closed, though an execution that was told to stop may take
    longer than is waited for.
    Raises UnreachableError when AWS stays away; a single failed look is shown and survived.
    """
    last: Snapshot | None = None
    pace = Pace()
    after_close = 0
    while True:
        try:
            now = look()
        except UnreachableError as error:
            pace.missed(error)
            sink.show(last, [LookFailed(error.problem, error.next_step, clock())])
        else:
            events = changes(last, now)
            sink.show(now, events)
            after_close += now.release.closed
            if now.release.over or after_close > LOOKS_AFTER_CLOSE:
                return now.release
            pace.looked(changed=bool(events))
            last = now
        wait(pace.pause)
