"""One line per change, for pipes, logs and CI."""

from datetime import UTC, datetime
from typing import TextIO

from operator_cli.follow import (
    Event,
    LookFailed,
    PipelineActs,
    PipelineMoved,
    ReleaseClosed,
    ReleaseFound,
)
from operator_cli.model import Activity, Pipeline, Release, Snapshot
from operator_cli.wording import clock_time, duration, tally


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
            self._out.write(f"{clock_time(at)} {line(event, name_width=width)}\n")
        self._out.flush()


def line(event: Event, *, name_width: int) -> str:
    """Say one event in one line."""
    match event:
        case ReleaseFound(release):
            count = release.pipeline_count
            pipelines = "1 pipeline" if count == 1 else f"{count} pipelines"
            return f"release {release.release_id}: {pipelines}, execution {release.execution_arn}"
        case PipelineMoved(pipeline, _):
            return f"{pipeline.name:<{name_width}} {_moved(pipeline)}"
        case PipelineActs(pipeline, activity):
            return f"{pipeline.name:<{name_width}} {pipeline.status} {_acts(activity)}"
        case ReleaseClosed(release):
            return _closed(release)
        case LookFailed(problem):
            return f"{problem} The release goes on; looking again."


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
    said = f"at {activity.place}" if activity.place else ""
    if activity.waits_for:
        said += f", waits for {activity.waits_for}"
    if activity.way_out:
        said += f"; go on with: {activity.way_out}"
    return said


def _closed(release: Release) -> str:
    took = duration(release.opened_at, release.closed_at)
    why = f": {' '.join(release.why.split())}" if release.why else ""
    return f"release {release.release_id}: {release.status} after {took}, {tally(release)}{why}"
