"""Estimates how long a running release still takes, from earlier runs of its pipelines."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.plan.schedule import schedule, usual
from release_machine.release.model import Activity, Estimate

# The durations of each pipeline, latest first; None where they could not be read.
Past: TypeAlias = Mapping[str, Sequence[timedelta] | None]


def estimate(
    release: Release, past: Past, *, activity: Mapping[str, Activity], at: datetime
) -> Estimate:
    """The usual duration of each pipeline, and an estimate of the time left for the release.

    There is no estimate while a pipeline waits for a person, has run longer than ever, or has no
    successful run.
    """
    usually = {name: known for name, durations in past.items() if (known := usual(durations or ()))}
    if release.closed:
        return Estimate(usual=usually)
    coming = sorted(_still_to_end(release), key=lambda pipeline: pipeline.position)
    remaining = {
        each.name: None
        if each.name in activity and activity[each.name].waits_for
        else _remaining(past.get(each.name) or (), _elapsed(each, at))
        for each in coming
    }
    expected = schedule(
        {each.name: each.depends_on for each in coming},
        remaining,
        max_concurrency=release.max_concurrency,
        in_flight=[each.name for each in coming if each.status is not PipelineStatus.WAITING],
    )
    unknown = None if expected.end is not None else _unknown(coming, past, activity, at)
    return Estimate(usual=usually, left=expected.end, unknown=unknown)


def _unknown(
    coming: Sequence[Pipeline], past: Past, activity: Mapping[str, Activity], at: datetime
) -> str | None:
    """The first reason why there is no estimate; None while past runs are still being read."""
    for each in coming:
        waits_for = activity.get(each.name, Activity()).waits_for
        if waits_for:
            return f"{each.name} waits for {waits_for}"
        if each.approval:
            return f"{each.name} waits for people"
        if each.name not in past:
            continue
        durations = past[each.name]
        if durations is None:
            return f"the past runs of {each.name} could not be read"
        if not durations:
            return f"{each.name} has no successful run"
        if _remaining(durations, _elapsed(each, at)) is None:
            return f"{each.name} has run longer than ever"
    return None


def _still_to_end(release: Release) -> Iterator[Pipeline]:
    """The pipelines that run or will run, without those that cannot start any more."""
    for pipeline in release.pipelines.values():
        cannot_start = release.halted_by and pipeline.status is PipelineStatus.WAITING
        if not (pipeline.status.ended or cannot_start or pipeline.name in release.lost):
            yield pipeline


def _elapsed(pipeline: Pipeline, at: datetime) -> timedelta:
    return at - pipeline.started_at if pipeline.started_at else timedelta()


def _remaining(durations: Sequence[timedelta], elapsed: timedelta) -> timedelta | None:
    """The time left for a pipeline, by the earlier runs that took longer than it has run."""
    longer = usual([each for each in durations if each > elapsed])
    return longer - elapsed if longer else None
