"""What should happen next to a release, as a pure function of what the ledger says.

Any number of functions may decide at once from slightly different views: each decision is applied
by a conditional write, so a decision that came too late changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from release_core.model import Change, Pipeline, PipelineStatus, Release, ReleaseStatus


@dataclass(frozen=True)
class Start:
    """Start the pipeline; ``again`` when an earlier start was left half done."""

    pipeline: Pipeline
    again: bool = False


@dataclass(frozen=True)
class Skip:
    """Never start the pipeline."""

    pipeline: Pipeline
    why: str


@dataclass(frozen=True)
class Find:
    """Find out whether a start that nobody recorded took place."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Stop:
    """Ask CodePipeline to stop the execution."""

    pipeline: Pipeline
    why: str


@dataclass(frozen=True)
class Finish:
    """Record how the execution ended."""

    pipeline: Pipeline
    change: Change


@dataclass(frozen=True)
class Settle:
    """Resolve the task token with the outcome on record."""

    pipeline: Pipeline


type Decision = Start | Skip | Find | Stop | Finish | Settle


def decide(release: Release) -> list[Decision]:
    """The decisions that are due, at most one for each pipeline; empty when there is none."""
    return [
        decision
        for pipeline in sorted(release.pipelines.values(), key=lambda each: each.position)
        for decision in _decide_pipeline(release, pipeline)
    ]


def _decide_pipeline(release: Release, pipeline: Pipeline) -> Iterator[Decision]:
    if pipeline.status.ended:
        if pipeline.task_token and not pipeline.settled:
            yield Settle(pipeline)
    elif pipeline.execution_id:
        yield from _decide_started(release, pipeline)
    else:
        yield from _decide_unstarted(release, pipeline)


def _decide_started(release: Release, pipeline: Pipeline) -> Iterator[Decision]:
    latest = pipeline.execution.latest if pipeline.execution else None
    if latest and latest.state.ended:
        yield Finish(pipeline, latest)
    elif release.status is not ReleaseStatus.RUNNING and not pipeline.stop_requested_at:
        yield Stop(pipeline, f"release {release.release_id} is {release.status}")


def _decide_unstarted(release: Release, pipeline: Pipeline) -> Iterator[Decision]:
    running = release.status is ReleaseStatus.RUNNING
    if pipeline.status is PipelineStatus.WAITING:
        if not running:
            yield Skip(pipeline, f"release {release.release_id} is {release.status}")
        elif pipeline.task_token:
            yield Start(pipeline)
    elif not running:
        yield Find(pipeline)
    elif _starter_is_gone(pipeline):
        yield Start(pipeline, again=True)


def _starter_is_gone(pipeline: Pipeline) -> bool:
    # A token registered since the start was claimed belongs to a retry: the first try died.
    return pipeline.registrations > pipeline.starting_registration
