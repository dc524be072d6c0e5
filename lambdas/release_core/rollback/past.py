"""What happened to a pipeline before and after a release ran it, in releases or not: pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self

from release_core.domain.declarations import Declaration
from release_core.domain.effects import HARMLESS, changing, is_passive
from release_core.domain.execution import ExecutionState
from release_core.domain.past_execution import BegunAction, PastExecution
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.immutable import Immutable


class Past(Immutable):
    """A pipeline's executions around a release, each list with the newest first.

    ``own`` are the executions of the release. ``before`` are the successes that no release started,
    before the release took the pipeline, and that are newer than the last good one on record.
    ``since`` are the executions that no release started, and that shipped after the release or
    still run. ``unchanged`` means that the release changed nothing.
    """

    own: tuple[PastExecution, ...] = ()
    before: tuple[PastExecution, ...] = ()
    since: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def live(self) -> PastExecution | None:
        """The execution that was live before the release, if no release started it."""
        return next(iter(self.before), None)

    @property
    def repaired(self) -> bool:
        """Whether the last execution of the release has succeeded by now.

        What CodePipeline has rolled back by itself is as it was before the release.
        """
        last = next((each for each in self.own if not each.undoes), None)
        return last is not None and last.succeeded

    def over(self, executions: Collection[str]) -> Self:
        """The past without these executions since the release: a person says to go over them."""
        left = tuple(each for each in self.since if each not in executions)
        return replace(self, since=left)


def past_of(
    release: Release,
    pipeline: Pipeline,
    listed: Sequence[PastExecution],
    *,
    owners: Mapping[str, str],
) -> Past:
    """The past of a pipeline of the release.

    ``listed`` are its executions that are newer than the last good one on record, the newest first.
    ``owners`` has the release of each execution that a release has claimed.
    """
    started = {pipeline.execution_id, *pipeline.earlier_executions}
    claimed = {name for name, owner in owners.items() if owner == release.release_id}
    known = claimed | {each for each in started if each}
    own = tuple(each for each in listed if each.execution_id in known or _undoes_any(each, known))
    foreign = [each for each in listed if each not in own and each.execution_id not in owners]
    # A pipeline that has not run yet was taken when the release was opened.
    taken_at = pipeline.began_at if pipeline.ran else release.opened_at
    since = [each for each in foreign if _is_since(each, taken_at, own=own, listed=listed)]
    before = tuple(each for each in foreign if each.succeeded and each not in since)
    return Past(
        own=own,
        before=before,
        since=tuple(each.execution_id for each in since),
    )


def _undoes_any(each: PastExecution, failed: Collection[str]) -> bool:
    """Whether with this execution CodePipeline itself rolled one of the others back."""
    return each.undoes is not None and any(one in each.undoes for one in failed)


def _is_since(
    each: PastExecution,
    taken_at: datetime | None,
    *,
    own: Sequence[PastExecution],
    listed: Sequence[PastExecution],
) -> bool:
    """Whether an execution that no release started ships, or has shipped, after the release."""
    if each.runs:
        return True
    if not each.succeeded:
        return False
    if own:
        began_later = listed.index(each) < listed.index(own[0])
        # In PARALLEL mode, or after a retry, the execution that began first may end last.
        return began_later or each.updated_at > own[0].updated_at
    # The list is late, or does not reach so far. A person can decide about what is named.
    return taken_at is None or each.started_at >= taken_at


def changed_nothing(
    pipeline: Pipeline, past: Past, actions: Sequence[BegunAction], declaration: Declaration
) -> bool:
    """Whether the executions of the release, which did not succeed, have changed nothing.

    ``actions`` are those that they began. Everything uncertain counts as a change.
    """
    if pipeline.status is PipelineStatus.STARTING or not _all_ended(pipeline, past, actions):
        return False
    begun = {each.category for each in actions}
    if is_passive(begun):
        return True
    # The declaration may have changed since the run.
    same = {each.version for each in actions} == {declaration.version}
    return begun <= HARMLESS and same and begun.isdisjoint(changing(declaration.categories))


def may_be_unchanged(pipeline: Pipeline, past: Past) -> bool:
    """Whether it is worth reading which actions were begun."""
    if any(each.deploys for each in pipeline.skipped_stages):
        return True
    succeeded = pipeline.status is PipelineStatus.SUCCEEDED or pipeline.late_success is not None
    return not succeeded and not any(each.succeeded for each in past.own)


def _all_ended(pipeline: Pipeline, past: Past, actions: Sequence[BegunAction]) -> bool:
    """Whether the lists are complete: every execution has ended, and its actions show why."""
    known = {pipeline.execution_id, *pipeline.earlier_executions} - {None}
    if not known <= {each.execution_id for each in past.own}:
        return False
    begun = {each.execution_id for each in actions}
    failed = {each.execution_id for each in actions if each.failed}
    return bool(past.own) and all(
        not each.runs
        and each.execution_id in begun
        and (each.state is not ExecutionState.FAILED or each.execution_id in failed)
        for each in past.own
    )


def is_repaired(release: Release, pasts: Mapping[str, Past]) -> bool:
    """Whether every pipeline that did not succeed in the release has succeeded since."""
    broken = [each for each in release.pipelines.values() if each.status.broken]
    return bool(broken) and all(
        each.late_success or (pasts.get(each.name, Past()).repaired and not each.skipped_stages)
        for each in broken
    )
