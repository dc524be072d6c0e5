"""What kept the release from succeeding, and in which order."""

from collections.abc import Sequence

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus

_VERBS = {
    PipelineStatus.FAILED: "failed",
    PipelineStatus.TIMED_OUT: "timed out",
    PipelineStatus.STOPPED: "was stopped",
    PipelineStatus.CANCELLED: "was cancelled",
    PipelineStatus.SUPERSEDED: "was superseded",
}


def broken(release: Release) -> Sequence[Pipeline]:
    """The pipelines and approvals that ran and did not succeed, the first cause first.

    Those that the release itself has stopped are consequences and come last. What still has the
    state of an earlier attempt does not count.
    """
    found = [
        each
        for each in release.pipelines.values()
        if each.status.broken and not release.renews(each)
    ]
    first = release.failing_by or release.halted_by
    latest = max((each.ended_at for each in found if each.ended_at), default=release.opened_at)
    return sorted(
        found,
        key=lambda each: (
            was_stopped(each),
            each.name != first,
            each.ended_at or latest,
            each.position,
        ),
    )


def was_stopped(pipeline: Pipeline) -> bool:
    """Whether the release itself has stopped the pipeline."""
    return pipeline.status is PipelineStatus.STOPPED and pipeline.stop_requested_at is not None


def explains_itself(release: Release) -> bool:
    """Whether the reason of the outcome is the cause, and no pipeline or approval is."""
    return release.closed and all(map(was_stopped, broken(release)))


def said_besides(release: Release) -> str | None:
    """What the reason of the outcome says beside its list of pipelines.

    The list repeats the failures; a person who cancels, and what a rollback does, are not in it.
    """
    if release.why is None or release.status is ReleaseStatus.SUCCEEDED:
        return None
    first, *lines = release.why.splitlines() or [""]
    others = [line for line in lines if not line.startswith("- ")]
    is_list = len(others) < len(lines)
    return "\n".join(others if is_list else [first, *others]) or None


def skipped(release: Release) -> Sequence[Pipeline]:
    """The pipelines and approvals that did not start because of what happened before."""
    return [
        each
        for each in release.pipelines.values()
        if each.status is PipelineStatus.SKIPPED and not release.renews(each)
    ]


def how_it_ended(pipeline: Pipeline) -> str:
    """The status of a pipeline that did not succeed, in words."""
    if pipeline.approval and pipeline.approval.rejection:
        return "was rejected"
    return _VERBS[pipeline.status]
