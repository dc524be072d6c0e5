"""The runs of pipelines in a release that have ended, from its record: pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseKind
from release_core.domain.revisions import KEY_TYPE, Revision
from release_machine.release.spans import schedules


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a pipeline in one attempt of a release.

    ``shipped`` is False if it did not succeed, or if CodePipeline skipped its deployment. The
    ``changed`` are its revisions that were not live before it; ``revisions_known`` is False where
    no revisions are on record.
    """

    pipeline: str
    release_id: str
    kind: ReleaseKind
    rolls_back: str | None
    execution_id: str
    ended_at: datetime
    succeeded: bool
    shipped: bool
    changed: tuple[Revision, ...] = ()
    revisions_known: bool = True


def runs_of(release: Release, *, at: datetime) -> Iterator[Run]:
    """The runs of all attempts, as of ``at``; ``release`` has its pipelines and its audit."""
    for pipeline in release.of_codepipeline.values():
        if run := _present(release, pipeline):
            yield run
    yield from _past(release, at=at)


def _present(release: Release, pipeline: Pipeline) -> Run | None:
    ended_at = pipeline.late_success or pipeline.ended_at
    if not pipeline.status.ended or pipeline.execution_id is None or ended_at is None:
        return None
    succeeded = pipeline.status is PipelineStatus.SUCCEEDED or pipeline.late_success is not None
    return Run(
        pipeline=pipeline.name,
        release_id=release.release_id,
        kind=release.kind,
        rolls_back=release.rollback_of,
        execution_id=pipeline.execution_id,
        ended_at=ended_at,
        succeeded=succeeded,
        shipped=succeeded and not any(each.deploys for each in pipeline.skipped_stages),
        changed=_changed(pipeline),
        revisions_known=bool(pipeline.revisions),
    )


def _past(release: Release, *, at: datetime) -> Iterator[Run]:
    """The runs of earlier attempts: only what did not succeed is run again."""
    known = {
        (past.number, pipeline.name): past.execution
        for pipeline in release.of_codepipeline.values()
        for past in pipeline.attempts
    }
    for schedule in schedules(release, at=at):
        for span in schedule.spans:
            execution = known.get((schedule.attempt, span.pipeline))
            if execution and span.ended_at:
                yield Run(
                    pipeline=span.pipeline,
                    release_id=release.release_id,
                    kind=release.kind,
                    rolls_back=release.rollback_of,
                    execution_id=execution,
                    ended_at=span.ended_at,
                    succeeded=False,
                    shipped=False,
                )


def _changed(pipeline: Pipeline) -> tuple[Revision, ...]:
    before = pipeline.previous_good.revisions if pipeline.previous_good else ()
    live = {(each.artifact, each.revision) for each in before}
    # A pinned key stands beside the version of its object.
    return tuple(
        each
        for each in pipeline.revisions
        if each.type != KEY_TYPE and (each.artifact, each.revision) not in live
    )
