"""Events as lines, for pipes, logs and CI."""

from datetime import datetime, timedelta
from typing import TextIO

from release_core.clock import Clock, now
from release_core.domain.release import Pipeline, Release
from release_machine.follow.events import (
    Event,
    LookFailed,
    PipelineActs,
    PipelineEvent,
    PipelineKept,
    PipelineMoved,
    PipelineRetried,
    PipelineStopping,
    PipelineWaits,
    ReleaseClosed,
    ReleaseEvent,
    ReleaseFound,
    ReleaseHalted,
    ReleaseProgressed,
    ReleaseWaits,
)
from release_machine.release.model import Activity, Snapshot
from release_machine.release.phrases import halted, progress, retries_used, tally
from release_machine.text.printable import in_one_line
from release_machine.text.wording import clock_time, duration

LONGEST_SILENCE = timedelta(minutes=5)


class PlainView:
    """Writes each event as one line that begins with the time in UTC when it was seen."""

    def __init__(self, out: TextIO, *, clock: Clock = now) -> None:
        self._out = out
        self._clock = clock
        self._said_at: datetime | None = None
        self._waits: ReleaseWaits | None = None

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write the events since the last look."""
        at = snapshot.at if snapshot else self._clock()
        width = max(map(len, snapshot.release.pipelines if snapshot else ()), default=0)
        for event in events:
            seen = event.at if isinstance(event, LookFailed) else at
            self._write(seen, line(event, name_width=width))
            if isinstance(event, ReleaseWaits):
                self._waits = event
        standing = _standing(snapshot) if snapshot else self._waits and _waiting(self._waits)
        # CI platforms cancel a job without output for about ten minutes.
        if standing and self._said_at and at - self._said_at >= LONGEST_SILENCE:
            self._write(at, standing)
        self._out.flush()

    def _write(self, at: datetime, text: str) -> None:
        self._out.write(f"{clock_time(at)} {in_one_line(text)}\n")
        self._said_at = at


def line(event: Event, *, name_width: int) -> str:
    """One event as one line."""
    match event:
        case ReleaseWaits():
            return _waiting(event)
        case LookFailed(problem, _, _):
            return f"{problem} The release continues; trying again."
        case ReleaseFound() | ReleaseHalted() | ReleaseProgressed() | ReleaseClosed():
            return f"release {event.release.release_id}: {_of_release(event)}"
        case _:
            return f"{event.pipeline.name:<{name_width}} {_of_pipeline(event)}"


def _of_release(event: ReleaseEvent) -> str:
    match event:
        case ReleaseFound(release):
            return _found(release)
        case ReleaseHalted(release):
            return f"halted {halted(release)}"
        case ReleaseProgressed(release, remaining, unknown):
            why = f"; no estimate: {unknown}" if unknown else ""
            return f"{progress(release, remaining)}{why}"
        case ReleaseClosed(release):
            return _closed(release)


def _standing(snapshot: Snapshot) -> str:
    """The status of a release when nothing has changed for long."""
    release = snapshot.release
    waiting = [
        f"{name} waits for {doing.waits_for}"
        for name, doing in snapshot.activity.items()
        if doing.waits_for
    ]
    ended = progress(release, snapshot.estimate.left)
    return "; ".join([f"release {release.release_id}: {release.status}, {ended}", *waiting])


def _of_pipeline(event: PipelineEvent) -> str:
    status = event.pipeline.status
    match event:
        case PipelineMoved(pipeline, _):
            return _moved(pipeline)
        case PipelineKept(pipeline):
            return f"{status} in attempt {pipeline.attempt}"
        case PipelineWaits(_, waits_for):
            return f"{status} {waits_for}"
        case PipelineRetried(pipeline):
            return f"{status} {retries_used(pipeline)}"
        case PipelineActs(_, activity):
            return f"{status} {_acts(activity)}"
        case PipelineStopping(_, stopping):
            return f"{status} {stopping}"


def _waiting(waits: ReleaseWaits) -> str:
    if not waits.holds:
        return "the pipelines that it waited for are free: it starts soon"
    name = waits.execution_arn.rpartition(":")[2]
    return (
        f"waits for busy pipelines: {'; '.join(map(str, waits.holds))}; it starts by itself when "
        f"they are free; cancel it with: release-machine cancel {name}"
    )


def _found(release: Release) -> str:
    count = release.pipeline_count
    pipelines = "1 pipeline" if count == 1 else f"{count} pipelines"
    attempt = f", attempt {release.attempt}" if release.attempt > 1 else ""
    return f"{pipelines}{attempt}, execution {release.execution_arn}"


def _moved(pipeline: Pipeline) -> str:
    text = str(pipeline.status)
    if pipeline.status.ended and pipeline.started_at:
        text += f" after {duration(pipeline.started_at, pipeline.ended_at)}"
    elif pipeline.execution_id:
        text += f" execution {pipeline.execution_id}"
    if pipeline.failure is not None:
        place = f" at {pipeline.failure.place}" if pipeline.failure.place else ""
        link = f" {pipeline.failure.link}" if pipeline.failure.link else ""
        text += f"{place}: {pipeline.failure.reason}{link}"
    return text


def _acts(activity: Activity) -> str:
    text = f"at {activity.place}" if activity.place else "is stopping"
    if activity.waits_for:
        text += f", waits for {activity.waits_for}"
        text += f" since {clock_time(activity.since)}" if activity.since else ""
    if activity.message:
        text += f" ({activity.message})"
    if activity.can_be_rejected:
        text += "; reject it with status=Rejected"
    if activity.way_out:
        text += f"; {'stop it now' if activity.ends else 'continue'} with: {activity.way_out}"
    if activity.link:
        text += f" or at {activity.link}"
    return text


def _closed(release: Release) -> str:
    took = duration(release.began_at, release.closed_at)
    why = f": {' '.join(release.why.split())}" if release.why else ""
    return f"{release.status} after {took}, {tally(release)}{why}"
