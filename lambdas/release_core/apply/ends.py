"""Applying what ends a pipeline, or keeps it from ending: look, finish, skip, stop, retry."""

import logging
from dataclasses import dataclass, replace

from release_core.aws.bill_of_materials import bill_of_materials
from release_core.aws.codepipeline import CodePipeline, Seen
from release_core.clock import Clock, to_iso
from release_core.decide.decisions import Retry, Stop
from release_core.decide.timing import SHOWN_WITHIN
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import (
    STATUS_OF_STATE,
    Failure,
    OnFailure,
    Pipeline,
    PipelineStatus,
    Release,
)
from release_core.domain.revisions import NOTHING, Shipped
from release_core.errors import StopUnresolved
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)

VANISHED = Seen(state=None, summary="CodePipeline knows this execution no more", revisions=())

_DEFAULT_REASON = {
    ExecutionState.FAILED: "the execution failed",
    ExecutionState.STOPPED: "the execution was stopped",
    ExecutionState.SUPERSEDED: "a newer execution of the pipeline overtook this one",
    ExecutionState.CANCELED: "the execution was cancelled, as when the pipeline is changed",
}


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Applies the decisions about pipelines that run or never will."""

    ledger: Ledger
    codepipeline: CodePipeline
    clock: Clock
    actor: str

    def record_look(self, release: Release, pipeline: Pipeline) -> ExecutionState | None:
        """Record what one look at CodePipeline shows of a pipeline that has an execution.

        Answers the state if the execution has ended or is stopping.
        """
        if pipeline.execution_id is None or pipeline.status.ended:
            return None
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id)
        if seen is None and self._is_young(pipeline):
            return None
        if seen is None:
            failure = Failure(message=str(VANISHED.summary))
            self.record(release, pipeline, PipelineStatus.FAILED, failure=failure)
            return ExecutionState.FAILED
        self._record(pipeline, seen.state)
        return seen.state

    def record_end(self, release: Release, pipeline: Pipeline, change: Change) -> None:
        """Record how the execution ended, unless it has gone on since."""
        assert pipeline.execution_id
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id) or VANISHED
        if self._went_on(pipeline, change, seen):
            return
        status = STATUS_OF_STATE[change.state]
        if pipeline.timed_out and status is PipelineStatus.STOPPED:
            status = PipelineStatus.TIMED_OUT
        shipped = Shipped(revisions=seen.revisions, variables=seen.variables)
        if status is PipelineStatus.SUCCEEDED:
            shipped = bill_of_materials(self.codepipeline, pipeline, seen)
            self.ledger.locks.record_last_good(release.release_id, pipeline, shipped)
        self.record(
            release,
            pipeline,
            status,
            ended_at=to_iso(change.at),
            failure=self._failure(pipeline, change.state, seen),
            shipped=shipped,
        )

    def keep_good(self, release: Release, pipeline: Pipeline) -> None:
        """Record as good what a pipeline shipped whose execution was retried with success later.

        For the release it stays as it ended; the next one goes back to what was really there.
        """
        assert pipeline.execution_id
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id)
        if seen and seen.state is ExecutionState.SUCCEEDED:
            shipped = bill_of_materials(self.codepipeline, pipeline, seen)
            self.ledger.locks.record_last_good(release.release_id, pipeline, shipped)

    def record(
        self,
        release: Release,
        pipeline: Pipeline,
        status: PipelineStatus,
        *,
        ended_at: str | None = None,
        failure: Failure | None = None,
        shipped: Shipped = NOTHING,
    ) -> None:
        """Record the end of a pipeline; before that, the halt that it means for the release."""
        if status.broken and release.on_failure is not OnFailure.CONTINUE:
            # Halted first: whoever sees the pipeline ended sees the release halted too.
            self.ledger.headers.halt(release, pipeline.name)
        self.ledger.pipelines.record_end(
            release.release_id,
            pipeline,
            status,
            ended_at=ended_at,
            failure=failure,
            shipped=shipped,
        )

    def skip(self, release: Release, pipeline: Pipeline, why: str) -> None:
        """Record that the pipeline is never started, or not started over, and why."""
        ran = pipeline.earlier_executions
        status = PipelineStatus.FAILED if ran else PipelineStatus.SKIPPED
        self.record(release, pipeline, status, failure=Failure(message=why))

    def stop(self, release: Release, decision: Stop) -> None:
        """Ask CodePipeline to stop the execution; its end is recorded when it comes.

        Raises StopUnresolved when it is neither stopped nor seen to have ended.
        """
        pipeline = decision.pipeline
        assert pipeline.execution_id
        # The reason first: the end that the stop brings may be recorded before its answer comes.
        self.ledger.pipelines.plan_stop(
            release.release_id, pipeline, why=decision.why, timed_out=decision.timed_out
        )
        accepted = self.codepipeline.stop(
            pipeline.name, pipeline.execution_id, reason=decision.why, abandon=release.abandons
        )
        # Otherwise it has ended, and the event that told so may be lost.
        state = ExecutionState.STOPPING if accepted else self.record_look(release, pipeline)
        if state is None:
            raise StopUnresolved(f"{pipeline.execution_id} of {pipeline.name} cannot be stopped")
        if state is ExecutionState.STOPPING:
            self.ledger.pipelines.mark_stop_requested(release.release_id, pipeline)

    def retry(self, release: Release, decision: Retry) -> None:
        """Retry the failed stage, or start over where CodePipeline will not retry it."""
        pipeline, failed = decision.pipeline, decision.change
        assert pipeline.execution_id
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id) or VANISHED
        if self._went_on(pipeline, failed, seen):
            return
        bad = self.codepipeline.explain_end(pipeline.name, pipeline.execution_id)
        action = bad.action_execution_id if bad else ""
        if decision.again and pipeline.retry and pipeline.retry.action_execution_id != action:
            # The retry that was left half done took effect, and failed again.
            self._add_failure(pipeline, failed.attempt + 1)
            return
        if not self.ledger.pipelines.claim_retry(
            release.release_id,
            pipeline,
            failed=failed,
            action=action,
            by=self.actor,
            left=pipeline.retry if decision.again else None,
        ):
            return
        stage = bad.failure.stage if bad else None
        if stage and self.codepipeline.retry(pipeline.name, pipeline.execution_id, stage=stage):
            self._add(pipeline, ExecutionState.RESUMED, failed.attempt + 1)
            return
        seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id) or VANISHED
        if self._went_on(pipeline, failed, seen):
            return
        worse = self.codepipeline.explain_end(pipeline.name, pipeline.execution_id)
        if worse and worse.action_execution_id != action:
            # Somebody else retried it first, in vain: that is why this retry was refused.
            self._add_failure(pipeline, failed.attempt + 1)
            return
        if release.open:
            self.ledger.pipelines.start_over(release.release_id, pipeline, self.actor)
        else:
            # A new execution would be a start, and this release starts nothing more.
            self.record_end(release, pipeline, failed)

    def _went_on(self, pipeline: Pipeline, change: Change, seen: Seen) -> bool:
        """Whether the execution has left the state of a change; then that is recorded."""
        if seen is VANISHED or change.state.final or seen.state is change.state:
            return False
        # FAILED and STOPPED are not final: somebody has resumed the execution since.
        self._record(pipeline, seen.state)
        return True

    def _failure(self, pipeline: Pipeline, state: ExecutionState, seen: Seen) -> Failure | None:
        if state is ExecutionState.SUCCEEDED:
            return None
        note = pipeline.execution.note if pipeline.execution else None
        asked = pipeline.stop_reason if state is ExecutionState.STOPPED else None
        reason = asked or note or seen.summary or _DEFAULT_REASON[state]
        if seen is VANISHED or not pipeline.execution_id:
            return Failure(message=reason)
        bad = self.codepipeline.explain_end(pipeline.name, pipeline.execution_id)
        if bad is None:
            return Failure(message=reason)
        if state is ExecutionState.FAILED:
            return bad.failure
        return replace(bad.failure, message=reason)

    def _record(self, pipeline: Pipeline, state: ExecutionState | None) -> None:
        """Add the state that a look showed, unless the record says so already."""
        latest = pipeline.execution.latest if pipeline.execution else None
        if latest and latest.state is state:
            return
        attempt = latest.attempt if latest else 1
        if latest and latest.state.ended and not (state and state.final):
            # What had ended goes on or has ended otherwise: that is the next attempt.
            attempt += 1
            state = state or ExecutionState.RESUMED
        if state:
            self._add(pipeline, state, attempt)

    def _is_young(self, pipeline: Pipeline) -> bool:
        return bool(
            pipeline.start_tried_at and self.clock() - pipeline.start_tried_at < SHOWN_WITHIN
        )

    def _add_failure(self, pipeline: Pipeline, attempt: int) -> None:
        self._add(pipeline, ExecutionState.RESUMED, attempt)
        self._add(pipeline, ExecutionState.FAILED, attempt)

    def _add(self, pipeline: Pipeline, state: ExecutionState, attempt: int) -> None:
        assert pipeline.execution_id
        change = Change(state=state, attempt=attempt, at=self.clock(), source="look")
        self.ledger.executions.record_change(pipeline.execution_id, pipeline.name, change)
