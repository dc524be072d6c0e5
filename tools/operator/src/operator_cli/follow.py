"""Two looks at a release in, what changed between them out; and the loop that goes on looking."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from operator_cli.busy import Hold
from operator_cli.errors import UnreachableError
from operator_cli.model import WAITING, Activity, Pipeline, Release, Snapshot
from operator_cli.pace import Pace
from operator_cli.situation import kept, stopping, waits_for
from operator_cli.wording import halted

# A release stopped by hand is closed at once; its executions end a little later, if they can.
LOOKS_AFTER_CLOSE = 20


@dataclass(frozen=True, slots=True)
class ReleaseWaits:
    """The execution waits for pipelines that others hold, and opens its release by itself then.

    Without ``holds`` they are free.
    """

    execution_arn: str
    holds: Sequence[Hold]


@dataclass(frozen=True, slots=True)
class ReleaseFound:
    """The release was seen for the first time."""

    release: Release


@dataclass(frozen=True, slots=True)
class PipelineMoved:
    """A pipeline has another status than before."""

    pipeline: Pipeline
    before: str


@dataclass(frozen=True, slots=True)
class PipelineActs:
    """A running pipeline does something else, or began to wait for someone."""

    pipeline: Pipeline
    activity: Activity


@dataclass(frozen=True, slots=True)
class PipelineKept:
    """A pipeline succeeded in an earlier attempt, so this one leaves it as it is."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineWaits:
    """A pipeline that has not started is for the first time seen to wait for others."""

    pipeline: Pipeline
    waits_for: str


@dataclass(frozen=True, slots=True)
class PipelineRetried:
    """A failed stage of a pipeline runs again."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineStopping:
    """A running pipeline was told to stop."""

    pipeline: Pipeline
    stopping: str


@dataclass(frozen=True, slots=True)
class ReleaseProgressed:
    """More of the release's pipelines have ended; ``left`` is what is expected still to come.

    Where nothing is expected, ``unknown`` says why, if that is known.
    """

    release: Release
    left: timedelta | None
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHalted:
    """The release starts nothing more."""

    release: Release


@dataclass(frozen=True, slots=True)
class ReleaseClosed:
    """The outcome is recorded."""

    release: Release


@dataclass(frozen=True, slots=True)
class LookFailed:
    """One look did not reach AWS; the release is not touched by that."""

    problem: str
    next_step: str
    at: datetime


type PipelineEvent = (
    PipelineMoved | PipelineKept | PipelineWaits | PipelineRetried | PipelineActs | PipelineStopping
)
type ReleaseEvent = ReleaseFound | ReleaseHalted | ReleaseProgressed | ReleaseClosed
type Event = ReleaseWaits | ReleaseEvent | PipelineEvent | LookFailed


class Sink(Protocol):
    """Shows what happens, on a terminal or as lines."""

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Take the latest look (None while there is none) and what changed since the last."""


def changes(before: Snapshot | None, after: Snapshot) -> list[Event]:
    """Say what happened between two looks, in the order in which the pipelines run."""
    events: list[Event] = []
    if before is None:
        events.append(ReleaseFound(after.release))
    known = {pipeline.name: pipeline for pipeline in before.release.pipelines} if before else {}
    for pipeline in after.release.pipelines:
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
    earlier = before.status if before else WAITING
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
