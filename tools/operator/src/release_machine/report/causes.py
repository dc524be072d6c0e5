"""What kept the release from succeeding, and in which order."""

from collections.abc import Sequence

from release_core.domain.release import Pipeline, PipelineStatus, Release

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
