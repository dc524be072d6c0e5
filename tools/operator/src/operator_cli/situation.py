"""What stands between a pipeline and its next step, as far as the ledger tells."""

from datetime import datetime, timedelta

from operator_cli.model import RUNNING, SUCCEEDED, WAITING, Pipeline, Release

MOST_NAMES = 3


def waits_for(release: Release, pipeline: Pipeline) -> str | None:
    """What a pipeline that has not started is waiting for."""
    if pipeline.status != WAITING or release.closed:
        return None
    status = {each.name: each.status for each in release.pipelines}
    before = [name for name in pipeline.depends_on if status.get(name, WAITING) != SUCCEEDED]
    if before:
        more = f" and {len(before) - MOST_NAMES} more" if len(before) > MOST_NAMES else ""
        return f"after {', '.join(before[:MOST_NAMES])}{more}"
    if not pipeline.has_task:
        return "waits for its task token"
    if release.max_concurrency and len(release.in_flight) >= release.max_concurrency:
        return f"waits for a free slot, {slots(release)}"
    return None


def slots(release: Release) -> str:
    """How many of the pipelines that may be in flight are."""
    return f"{len(release.in_flight)} of {release.max_concurrency} taken"


def stopping(release: Release, pipeline: Pipeline) -> str | None:
    """Why a pipeline that still runs was told to stop, and what it does until then."""
    if pipeline.ended or pipeline.stop_requested_at is None:
        return None
    until = "abandons" if release.abandons else "waits for"
    reason = f" ({pipeline.stop_reason})" if pipeline.stop_reason else ""
    return f"stopping: {until} the action in progress{reason}"


def time_left(pipeline: Pipeline, *, now: datetime) -> timedelta | None:
    """How long a running pipeline may go on by its own time limit."""
    if pipeline.status != RUNNING or pipeline.stop_requested_at:
        return None
    if not pipeline.time_limit or not pipeline.started_at:
        return None
    return pipeline.started_at + pipeline.time_limit - now


def kept(release: Release, pipeline: Pipeline) -> bool:
    """Whether a pipeline succeeded in an earlier attempt, so that this one does not run it."""
    return pipeline.status == SUCCEEDED and pipeline.attempt < release.attempt
