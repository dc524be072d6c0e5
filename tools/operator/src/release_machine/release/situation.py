"""What a pipeline waits for, by the ledger, and commands that stop it at once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import asked_name, asking, is_asked, with_answers
from release_machine.release.holds import held_words
from release_machine.release.model import MANUAL_APPROVAL, Activity
from release_machine.text.wording import clock_time

MOST_NAMES = 3


def waits_for(release: Release, pipeline: Pipeline) -> str | None:
    """What a pipeline that has not started waits for."""
    if release.closed:
        return None
    if pipeline.status is PipelineStatus.STARTING and pipeline.start_again_at:
        return f"is tried again at {clock_time(pipeline.start_again_at)}: {pipeline.trouble}"
    return _turn(release, pipeline) if pipeline.status is PipelineStatus.WAITING else None


def _turn(release: Release, pipeline: Pipeline) -> str | None:
    before = [name for name in pipeline.depends_on if not _has_succeeded(release, name)]
    if before:
        more = f" and {len(before) - MOST_NAMES} more" if len(before) > MOST_NAMES else ""
        return f"after {', '.join(before[:MOST_NAMES])}{more}"
    if pipeline.held:
        return held_words(pipeline.held)
    if pipeline.token_registered_at is None:
        return "starting soon"
    if release.max_concurrency and len(release.in_flight) >= release.max_concurrency:
        return f"waits for a free slot, {slots(release)}"
    return None


def _has_succeeded(release: Release, name: str) -> bool:
    pipeline = release.pipelines.get(name)
    return pipeline is not None and pipeline.status is PipelineStatus.SUCCEEDED


def slots(release: Release) -> str:
    """How many slots of maxConcurrency are taken."""
    return f"{len(release.in_flight)} of {release.max_concurrency} taken"


def stopping(release: Release, pipeline: Pipeline) -> str | None:
    """That a pipeline is stopping and why; None when no stop was requested."""
    if pipeline.status.ended or pipeline.stop_requested_at is None:
        return None
    until = "abandons" if release.abandons else "waits for"
    reason = f" ({pipeline.stop_reason})" if pipeline.stop_reason else ""
    return f"stopping: {until} the action in progress{reason}"


def succeeded_later(pipeline: Pipeline) -> str | None:
    """That the execution succeeded after the pipeline had ended otherwise, and when."""
    if pipeline.late_success is None:
        return None
    return f"succeeded later, at {clock_time(pipeline.late_success)}, after a retry in CodePipeline"


def with_ways_out(release: Release, activity: Mapping[str, Activity]) -> dict[str, Activity]:
    """The activities, also of approvals that are asked, with the commands that help.

    They answer an approval, or stop a stopping pipeline at once.
    """
    shown = dict(activity)
    for pipeline in release.pipelines.values():
        doing = activity.get(pipeline.name, Activity())
        if is_asked(pipeline):
            shown[pipeline.name] = asking(release, pipeline)
        elif _is_to_stop(release, pipeline) and (doing.place or not release.abandons):
            command = abandon_command(pipeline.name, pipeline.execution_id or "")
            way_out = None if release.abandons else command
            shown[pipeline.name] = replace(doing, way_out=way_out, ends=True, link=None)
        elif doing.waits_for == MANUAL_APPROVAL:
            # Not by the pipeline's name: that also stands for what it asks next.
            name = asked_name(pipeline.name, doing)
            shown[pipeline.name] = with_answers(release.release_id, name, doing)
    return shown


def _is_to_stop(release: Release, pipeline: Pipeline) -> bool:
    to_stop = bool(release.closed or pipeline.stop_requested_at)
    return pipeline.status is PipelineStatus.RUNNING and to_stop


def abandon_command(pipeline: str, execution_id: str) -> str:
    """The command that stops an execution without waiting for the action in progress."""
    return f"{stop_command(pipeline, execution_id)} --abandon"


def stop_command(pipeline: str, execution_id: str) -> str:
    """The command that stops an execution after the action in progress."""
    return (
        f"aws codepipeline stop-pipeline-execution --pipeline-name {pipeline} "
        f"--pipeline-execution-id {execution_id}"
    )


def time_left(pipeline: Pipeline, *, now: datetime) -> timedelta | None:
    """How much of its time limit a running pipeline has left."""
    if pipeline.status is not PipelineStatus.RUNNING or pipeline.stop_requested_at:
        return None
    if not pipeline.time_limit or not pipeline.started_at:
        return None
    return pipeline.started_at + pipeline.time_limit - now


def kept(release: Release, pipeline: Pipeline) -> bool:
    """Whether a pipeline succeeded in an earlier attempt and does not run in this attempt."""
    return pipeline.status is PipelineStatus.SUCCEEDED and pipeline.attempt < release.attempt
