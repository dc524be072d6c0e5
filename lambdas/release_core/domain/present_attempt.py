"""A release as people read it while its next attempt is being opened."""

from dataclasses import replace

from release_core.domain.history import PastAttempt
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release


def in_present_attempt(release: Release) -> Release:
    """The release without what an earlier attempt has left: such pipelines wait.

    An attempt is opened first, then its pipelines are set to WAITING in groups. Until then they
    have the status and the failure of the earlier attempt, which does not count. A closed release
    stays as it is.
    """
    if release.closed or not any(map(release.renews, release.pipelines.values())):
        return release
    pipelines = {
        name: _renewed(each, attempt=release.attempt) if release.renews(each) else each
        for name, each in release.pipelines.items()
    }
    return replace(release, pipelines=pipelines)


def describe_failure(failure: Failure) -> str:
    """Where and why, as in the list of earlier attempts."""
    return ": ".join(part for part in (failure.place, failure.reason) if part)


def _renewed(pipeline: Pipeline, *, attempt: int) -> Pipeline:
    """The pipeline as it is on record a moment later."""
    failure, approval = pipeline.failure, pipeline.approval
    past = PastAttempt(
        number=pipeline.attempt,
        status=pipeline.status.value,
        execution=pipeline.execution_id or next(reversed(pipeline.earlier_executions), None),
        why=describe_failure(failure) if failure else None,
    )
    return Pipeline(
        name=pipeline.name,
        status=PipelineStatus.WAITING,
        position=pipeline.position,
        depends_on=pipeline.depends_on,
        dependents=pipeline.dependents,
        retries=pipeline.retries,
        time_limit=pipeline.time_limit,
        source_revisions=pipeline.source_revisions,
        previous_good=pipeline.previous_good,
        skippable=pipeline.skippable,
        attempt=attempt,
        approval=approval and replace(approval, asked_at=None, votes=()),
        variable_names=pipeline.variable_names,
        attempts=(*pipeline.attempts, past),
        audit=pipeline.audit,
    )
