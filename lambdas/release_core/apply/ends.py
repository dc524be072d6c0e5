"""Applies decisions about the end of a pipeline: look, record the end, skip, retry."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from release_core.apply.failures import (
    StageRollback,
    look_at_rollback,
    read_actions,
    waits_for_rollback,
    what_follows,
    why_not_succeeded,
    with_failed_rule,
)
from release_core.apply.measuring import measure_end
from release_core.apply.noticing import note_answers, note_edit, require_answers
from release_core.apply.skips import find_skipped, why_skipped
from release_core.aws.codepipeline import CodePipeline, ExecutionSnapshot
from release_core.clock import Clock, from_iso, to_iso
from release_core.decide.approvals import Answer
from release_core.decide.bill_of_materials import bill_of_materials
from release_core.decide.decisions import Retry
from release_core.decide.looks import (
    Verdict,
    compare,
    newest_failure,
    repeated_since,
    settle_contradiction,
    was_rejected,
    why_gone,
)
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.automation import SkippedStage
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import (
    STATUS_OF_STATE,
    Failure,
    OnFailure,
    OnSkipped,
    Pipeline,
    PipelineStatus,
    Release,
    RetryClaim,
)
from release_core.domain.revisions import NOTHING, Shipped
from release_core.errors import EndUnconfirmed
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.metrics import LOOKS_THAT_FOUND, RETRIES, Metrics

_MAY_COME_FROM_AN_EDIT = {ExecutionState.CANCELED, ExecutionState.STOPPED}


class Ends(Immutable):
    """Applies decisions about pipelines that have an execution, or that are never started."""

    ledger: Ledger
    codepipeline: CodePipeline
    clock: Clock
    metrics: Metrics
    actor: str

    def record_look(self, release: Release, pipeline: Pipeline) -> ExecutionState | None:
        """Look at the pipeline's execution in CodePipeline and record its state and what it did.

        Returns the state if the execution has ended or is stopping, otherwise None. Raises
        EndUnconfirmed when CodePipeline may still show an earlier state.
        """
        if pipeline.execution_id is None or pipeline.status.ended:
            return None
        seen = self._find_execution(pipeline)
        if seen is None:
            return None
        if seen.gone:
            failure = Failure(message=str(seen.summary))
            if self.record(release, pipeline, PipelineStatus.FAILED, failure=failure):
                self.metrics.put({LOOKS_THAT_FOUND: 1})
            return ExecutionState.FAILED
        if self._is_newer(pipeline, seen) and self._record_state(pipeline, seen.state):
            self.metrics.put({LOOKS_THAT_FOUND: 1})
        look_at_rollback(self.ledger, self.codepipeline, pipeline, now=self.clock())
        if seen.state is None:
            note_answers(self.ledger, release, pipeline, read_actions(self.codepipeline, pipeline))
            self._note_edit(release, pipeline, seen)
        return seen.state

    def record_end(self, release: Release, pipeline: Pipeline, change: Change) -> Pipeline | None:
        """Record how the execution ended, unless it was resumed since, or is rolled back now.

        Returns the pipeline if it has succeeded; None means that it must be read again. Raises
        EndUnconfirmed while CodePipeline does not show the end and may be late, or may retry the
        failed stage by itself.
        """
        seen = self._get_execution(pipeline)
        if self._has_changed(pipeline, seen):
            return None
        actions = self._read_actions(pipeline, change, seen)
        require_answers(pipeline, change, actions, now=self.clock())
        note_answers(self.ledger, release, pipeline, actions)
        rollback = None if seen.gone else self._what_follows(pipeline, change, actions)
        if rollback and waits_for_rollback(
            self.ledger, release, pipeline=pipeline, rollback=rollback, now=self.clock()
        ):
            return None
        if change.state in _MAY_COME_FROM_AN_EDIT:
            self._note_edit(release, pipeline, seen)
        status = STATUS_OF_STATE[change.state]
        if status is PipelineStatus.STOPPED and pipeline.timed_out:
            status = PipelineStatus.TIMED_OUT
        elif status is PipelineStatus.STOPPED and pipeline.given_up:
            status = PipelineStatus.FAILED
        if status is PipelineStatus.SUCCEEDED:
            return self._record_success(release, pipeline, change, seen=seen, actions=actions)
        self.record(
            release,
            pipeline,
            status,
            ended_at=change.at,
            failure=why_not_succeeded(
                pipeline, change.state, summary=seen.summary, actions=actions, rollback=rollback
            ),
            shipped=bill_of_materials(seen.shipped, actions, pipeline.source_revisions),
        )
        return None

    def record_late_success(self, release: Release, pipeline: Pipeline, success: Change) -> None:
        """Record what an execution shipped that succeeded after its pipeline ended otherwise.

        In this release the pipeline keeps its status, and its audit says what happened. A later
        rollback restores what was live. Raises EndUnconfirmed while CodePipeline does not show the
        success that its event reported, or all its actions.
        """
        if pipeline.skipped_stages:
            return  # it failed because it succeeded without these stages
        seen = self._get_execution(pipeline)
        if seen.gone:
            return
        if seen.state is not ExecutionState.SUCCEEDED:
            raise EndUnconfirmed(f"CodePipeline does not show that {pipeline.name} succeeded")
        actions = read_actions(self.codepipeline, pipeline)
        _, skipped = self._keep(release, pipeline, success, seen=seen, actions=actions)
        refused = skipped and release.on_skipped is OnSkipped.FAIL
        if refused or any(each.deploys for each in skipped):
            # It has repaired nothing: its deployment is missing, or what the release asks for.
            self.ledger.notes.note_skipped(release.release_id, pipeline, skipped)
        else:
            self.ledger.notes.note_late_success(release.release_id, pipeline)

    def record_success_since(self, release: Release, pipeline: Pipeline) -> None:
        """Record that a pipeline of a closed release has succeeded since, if it has.

        Raises EndUnconfirmed while CodePipeline does not show all actions.
        """
        seen = self._find_execution(pipeline)
        if seen is None or seen.state is not ExecutionState.SUCCEEDED or pipeline.skipped_stages:
            return
        assert pipeline.execution_id
        self._record_state(pipeline, seen.state)
        known = self.ledger.get_executions([pipeline.execution_id])[pipeline.execution_id]
        actions = read_actions(self.codepipeline, pipeline)
        if known.latest:
            self._record_success(release, pipeline, known.latest, seen=seen, actions=actions)

    def record(
        self,
        release: Release,
        pipeline: Pipeline,
        status: PipelineStatus,
        *,
        ended_at: datetime | None = None,
        failure: Failure | None = None,
        shipped: Shipped = NOTHING,
        skipped: Sequence[SkippedStage] = (),
    ) -> Pipeline | None:
        """Record the end of a pipeline, and before it the halt of the release, if it halts.

        Returns the pipeline, or None when it has changed since it was read.
        """
        if status.broken and release.on_failure is not OnFailure.CONTINUE:
            # Race: another function reads this end and starts a pipeline. The halt is written first
            # so that it reads both.
            self.ledger.headers.halt(release, pipeline.name)
        elif status.broken and release.failing_by is None and not release.closed:
            self.ledger.headers.note_failing(release, pipeline.name)
        ended = self.ledger.pipelines.record_end(
            release.release_id,
            pipeline,
            status,
            ended_at=to_iso(ended_at) if ended_at else None,
            failure=failure,
            shipped=shipped,
            skipped=skipped,
        )
        if ended is None:
            return None
        measure_end(self.metrics, pipeline, status, ended_at=ended_at or self.clock())
        return replace(ended, execution=pipeline.execution)

    def skip(self, release: Release, pipeline: Pipeline, why: str, *, fails: bool = False) -> None:
        """Record that the pipeline is not started, or not started over, and why."""
        fails = fails or bool(pipeline.earlier_executions)
        status = PipelineStatus.FAILED if fails else PipelineStatus.SKIPPED
        self.record(release, pipeline, status, failure=Failure(message=why))

    def end_approval(self, release: Release, pipeline: Pipeline, answer: Answer) -> Pipeline | None:
        """Record how an approval ended.

        Returns the approval if it is granted; None means that it must be read again.
        """
        failure = Failure(message=answer.why) if answer.why else None
        # What is cancelled with its release affects nothing. Race: a vote is recorded first, and
        # grants it: then nothing may have been halted because of it.
        if answer.status is PipelineStatus.CANCELLED:
            ended = self.ledger.pipelines.record_end(
                release.release_id, pipeline, answer.status, failure=failure
            )
            if ended:
                measure_end(self.metrics, pipeline, answer.status, ended_at=self.clock())
            return None
        ended = self.record(release, pipeline, answer.status, failure=failure)
        return None if failure else ended

    def retry(self, release: Release, decision: Retry) -> None:
        """Retry the failed stage, or start the pipeline over if CodePipeline rejects the retry.

        Raises EndUnconfirmed while CodePipeline does not show the failure and may be late.
        """
        pipeline, failed = decision.pipeline, decision.change
        assert pipeline.execution_id
        seen = self._get_execution(pipeline)
        if self._has_changed(pipeline, seen):
            return
        if seen.gone:
            self.record_end(release, pipeline, failed)
            return
        listed = self.codepipeline.action_runs(pipeline.name, pipeline.execution_id)
        note_answers(self.ledger, release, pipeline, listed)
        actions = with_failed_rule(self.codepipeline, pipeline, actions=listed)
        if self._what_follows(pipeline, failed, actions):
            # A retry would ship again what CodePipeline takes back.
            self.record_end(release, pipeline, failed)
            return
        failure = newest_failure(actions)
        if failure is None and repeated_since(actions, failed):
            # A retry took place, and CodePipeline still shows the failure before it.
            self._add(pipeline, ExecutionState.RESUMED, failed.attempt + 1)
        elif failure is None and self.clock() - failed.at < LOOK_LAG:
            raise EndUnconfirmed(f"CodePipeline does not show yet what failed in {pipeline.name}")
        elif was_rejected(actions):
            # A rejection is an answer: a retry would only ask again.
            self.record_end(release, pipeline, failed)
        elif decision.again and pipeline.retry and _failed_again(pipeline.retry, failure):
            # The claimed retry took place, and another action execution failed.
            self._add_failure(pipeline, failed.attempt + 1)
        elif self.ledger.pipelines.claim_retry(
            release.release_id,
            pipeline,
            failed=failed,
            action=failure.action_execution_id if failure else "",
            by=self.actor,
            takes_over=pipeline.retry if decision.again else None,
        ):
            if not decision.again:
                self.metrics.put({RETRIES: 1})
            self._retry_claimed(release, pipeline, failed, failure)

    def _retry_claimed(
        self, release: Release, pipeline: Pipeline, failed: Change, failure: ActionRun | None
    ) -> None:
        assert pipeline.execution_id
        if failure and self.codepipeline.retry(
            pipeline.name, pipeline.execution_id, stage=failure.stage
        ):
            self._add(pipeline, ExecutionState.RESUMED, failed.attempt + 1)
            return
        # Race: a user retries the stage first, so CodePipeline rejects this retry.
        if self._has_changed(pipeline, self._get_execution(pipeline)):
            return
        actions = self.codepipeline.action_runs(pipeline.name, pipeline.execution_id)
        newest = newest_failure(with_failed_rule(self.codepipeline, pipeline, actions=actions))
        if newest and (
            failure is None or newest.action_execution_id != failure.action_execution_id
        ):
            # The user's retry has failed already.
            self._add_failure(pipeline, failed.attempt + 1)
        elif release.open:
            self.ledger.pipelines.start_over(release.release_id, pipeline, self.actor)
        else:
            # To start over is a start, and this release starts nothing more.
            self.record_end(release, pipeline, failed)

    def _record_success(
        self,
        release: Release,
        pipeline: Pipeline,
        success: Change,
        *,
        seen: ExecutionSnapshot,
        actions: Sequence[ActionRun],
    ) -> Pipeline | None:
        """Record a success, which is a failure if the release does not accept skipped stages.

        Returns the pipeline if it has succeeded.
        """
        shipped, skipped = self._keep(release, pipeline, success, seen=seen, actions=actions)
        failure = why_skipped(skipped) if release.on_skipped is OnSkipped.FAIL else None
        if failure and pipeline.status.ended:
            return None  # it has failed in any case, and its next attempt starts it again
        ended = self.record(
            release,
            pipeline,
            PipelineStatus.FAILED if failure else PipelineStatus.SUCCEEDED,
            ended_at=success.at,
            failure=failure,
            shipped=shipped,
            skipped=skipped,
        )
        return None if failure else ended

    def _keep(
        self,
        release: Release,
        pipeline: Pipeline,
        success: Change,
        *,
        seen: ExecutionSnapshot,
        actions: Sequence[ActionRun],
    ) -> tuple[Shipped, Sequence[SkippedStage]]:
        """Record what is live now; returns what was shipped, and the stages that were skipped."""
        skipped = find_skipped(
            self.codepipeline,
            pipeline,
            success=success,
            seen=seen,
            actions=actions,
            now=self.clock(),
        )
        shipped = bill_of_materials(seen.shipped, actions, pipeline.source_revisions)
        if not any(each.deploys for each in skipped):
            self.ledger.locks.record_last_good(release.release_id, pipeline, shipped)
        return shipped, skipped

    def _get_execution(self, pipeline: Pipeline) -> ExecutionSnapshot:
        """The execution as CodePipeline shows it; raises EndUnconfirmed if it is not shown yet."""
        seen = self._find_execution(pipeline)
        if seen is None:
            raise EndUnconfirmed(
                f"CodePipeline does not show execution {pipeline.execution_id} of {pipeline.name} "
                "yet"
            )
        return seen

    def _find_execution(self, pipeline: Pipeline) -> ExecutionSnapshot | None:
        """The execution as CodePipeline shows it; None if it may be too new to be shown."""
        assert pipeline.execution_id
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id)
        if seen:
            return seen
        why = why_gone(pipeline, self.codepipeline.existence(pipeline.name), now=self.clock())
        return ExecutionSnapshot(state=None, summary=why, gone=True) if why else None

    def _read_actions(
        self, pipeline: Pipeline, change: Change, seen: ExecutionSnapshot
    ) -> Sequence[ActionRun]:
        """The actions of an execution that ended; first the rule that failed, if no action did."""
        if seen.gone:
            return ()
        failed = change.state is ExecutionState.FAILED
        return read_actions(self.codepipeline, pipeline, with_rules=failed)

    def _note_edit(self, release: Release, pipeline: Pipeline, seen: ExecutionSnapshot) -> None:
        note_edit(self.ledger, self.codepipeline, release=release, pipeline=pipeline, seen=seen)

    def _has_changed(self, pipeline: Pipeline, seen: ExecutionSnapshot) -> bool:
        """Whether the execution has left its newest state on record; then record its new state.

        Raises EndUnconfirmed as ``_is_newer`` does.
        """
        if seen.gone or not self._is_newer(pipeline, seen):
            return False
        self._record_state(pipeline, seen.state)
        return True

    def _is_newer(self, pipeline: Pipeline, seen: ExecutionSnapshot) -> bool:
        """Whether a look shows a newer state than the record.

        Raises EndUnconfirmed when it may also be an older one.
        """
        latest = pipeline.execution.latest if pipeline.execution else None
        verdict = compare(latest, seen.state, now=self.clock())
        if verdict is Verdict.CONTRADICTION and latest and pipeline.execution_id:
            actions = self.codepipeline.action_runs(pipeline.name, pipeline.execution_id)
            verdict = settle_contradiction(latest, actions, now=self.clock())
        if verdict is Verdict.UNCLEAR and latest:
            raise EndUnconfirmed(
                f"CodePipeline shows execution {pipeline.execution_id} of {pipeline.name} as "
                f"{seen.state or 'in progress'}, but it is {latest.state} on record"
            )
        return verdict is Verdict.NEWER

    def _what_follows(
        self, pipeline: Pipeline, change: Change, actions: Sequence[ActionRun]
    ) -> StageRollback | None:
        """The rollback that CodePipeline itself has begun; raises as ``what_follows`` does."""
        if change.state is not ExecutionState.FAILED:
            return None
        return what_follows(
            self.codepipeline, pipeline, failed=change, actions=actions, now=self.clock()
        )

    def _record_state(self, pipeline: Pipeline, state: ExecutionState | None) -> bool:
        """Record the state that CodePipeline showed; False if it is on record already."""
        latest = pipeline.execution.latest if pipeline.execution else None
        if latest and latest.state is state:
            return False
        attempt = latest.attempt if latest else 1
        if latest and latest.state.ended and not (state and state.final):
            # An ended execution runs again or has ended otherwise: that is its next attempt.
            attempt += 1
            state = state or ExecutionState.RESUMED
        if state:
            return self._add(pipeline, state, attempt)
        return False

    def _add_failure(self, pipeline: Pipeline, attempt: int) -> None:
        self._add(pipeline, ExecutionState.RESUMED, attempt)
        self._add(pipeline, ExecutionState.FAILED, attempt)

    def _add(self, pipeline: Pipeline, state: ExecutionState, attempt: int) -> bool:
        """Record a state that a look has shown; False if it was on record."""
        assert pipeline.execution_id
        change = Change(state=state, attempt=attempt, at=self.clock(), source="look")
        execution = self.ledger.executions.record_change(
            pipeline.execution_id, pipeline.name, change
        )
        # Race: the event comes meanwhile. Then its change is the one on record.
        return replace(change, at=from_iso(to_iso(change.at))) in execution.changes


def _failed_again(claim: RetryClaim, failure: ActionRun | None) -> bool:
    """Whether another action execution has failed than the one that a retry was claimed for."""
    return failure is not None and failure.action_execution_id != claim.action_execution_id
