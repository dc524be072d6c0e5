"""One line per change, for pipes, logs and CI."""

from datetime import UTC, datetime
from typing import TextIO

from operator_cli.follow import (
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
    ReleaseFound,
    ReleaseHalted,
    ReleaseProgressed,
)
from operator_cli.model import Activity, Pipeline, Release, Snapshot
from operator_cli.printable import in_one_line
from operator_cli.wording import clock_time, duration, halted, progress, retries_used, tally


class PlainView:
    """Writes each event as one line, beginning with the time in UTC at which it was seen."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write what changed since the last look."""
        at = snapshot.at if snapshot else datetime.now(UTC)
        pipelines = snapshot.release.pipelines if snapshot else ()
        width = max((len(pipeline.name) for pipeline in pipelines), default=0)
        for event in events:
            self._out.write(f"{clock_time(at)} {in_one_line(line(event, name_width=width))}\n")
        self._out.flush()


def line(event: Event, *, name_width: int) -> str:
    """Say one event in one line."""
    match event:
        case ReleaseFound(release):
            return _found(release)
        case ReleaseHalted(release):
            return f"release {release.release_id}: halted {halted(release)}"
        case ReleaseClosed(release):
            return _closed(release)
        case ReleaseProgressed(release, remaining):
            return f"release {release.release_id}: {progress(release, remaining)}"
        case LookFailed(problem):
            return f"{problem} The release goes on; looking again."
        case _:
            return f"{event.pipeline.name:<{name_width}} {_of_pipeline(event)}"


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


def _found(release: Release) -> str:
    count = release.pipeline_count
    pipelines = "1 pipeline" if count == 1 else f"{count} pipelines"
    attempt = f", attempt {release.attempt}" if release.attempt > 1 else ""
    return f"release {release.release_id}: {pipelines}{attempt}, execution {release.execution_arn}"


def _moved(pipeline: Pipeline) -> str:
    said = pipeline.status
    if pipeline.ended and pipeline.started_at:
        said += f" after {duration(pipeline.started_at, pipeline.ended_at)}"
    elif pipeline.execution_id:
        said += f" execution {pipeline.execution_id}"
    if pipeline.failure is not None:
        place = f" at {pipeline.failure.place}" if pipeline.failure.place else ""
        link = f" {pipeline.failure.link}" if pipeline.failure.link else ""
        said += f"{place}: {pipeline.failure.reason}{link}"
    return said


def _acts(activity: Activity) -> str:
    said = f"at {activity.place}" if activity.place else "is to stop"
    if activity.waits_for:
        said += f", waits for {activity.waits_for}"
    if activity.way_out:
        said += f"; {'end it now' if activity.ends else 'go on'} with: {activity.way_out}"
    if activity.link:
        said += f" or at {activity.link}"
    return said


def _closed(release: Release) -> str:
    took = duration(release.began_at, release.closed_at)
    why = f": {' '.join(release.why.split())}" if release.why else ""
    return f"release {release.release_id}: {release.status} after {took}, {tally(release)}{why}"
