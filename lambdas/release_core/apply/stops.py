"""Applies the decision to stop an execution, without waiting for manual approvals."""

from release_core.apply.ends import Ends
from release_core.aws.codepipeline import CodePipeline
from release_core.clock import Clock
from release_core.decide.decisions import Stop
from release_core.decide.manual_approvals import stopping_since, waits_only_for_approvals
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline, Release
from release_core.errors import EndUnconfirmed, StopUnresolved
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger


class Stops(Immutable):
    """Stops executions."""

    ledger: Ledger
    codepipeline: CodePipeline
    clock: Clock
    ends: Ends

    def stop(self, release: Release, decision: Stop) -> None:
        """Ask CodePipeline to stop the execution; its end is recorded later.

        Raises StopUnresolved when CodePipeline rejects the stop and does not show an end, and as
        ``abandon_approvals`` does.
        """
        pipeline = decision.pipeline
        assert pipeline.execution_id
        # Race: the end of the stopped execution is recorded before the response to the stop. The
        # reason is written first, so that the end has it.
        self.ledger.pipelines.plan_stop(
            release.release_id, pipeline, why=decision.why, timed_out=decision.timed_out
        )
        accepted = self.codepipeline.stop(
            pipeline.name, pipeline.execution_id, reason=decision.why, abandon=release.abandons
        )
        # An execution that cannot be stopped has ended, and its event may be lost: look.
        state = ExecutionState.STOPPING if accepted else self.ends.record_look(release, pipeline)
        if state is None:
            raise StopUnresolved(
                f"CodePipeline cannot stop execution {pipeline.execution_id} of {pipeline.name} "
                "and does not show that it has ended"
            )
        if state is ExecutionState.STOPPING:
            self.abandon_approvals(release, pipeline, why=decision.why)
            self.ledger.pipelines.mark_stop_requested(release.release_id, pipeline)

    def abandon_approvals(self, release: Release, pipeline: Pipeline, *, why: str) -> None:
        """Abandon a stopping execution that only waits for manual approvals.

        Raises EndUnconfirmed while it is not certain that no other action runs.
        """
        assert pipeline.execution_id
        if release.abandons:
            return
        # Race: an approval is answered, and the next action begins. This cannot happen any more:
        # the execution is stopping, so no action begins.
        actions = self.codepipeline.action_runs(pipeline.name, pipeline.execution_id)
        only_approvals = waits_only_for_approvals(
            actions, stopping_since=stopping_since(pipeline.execution), now=self.clock()
        )
        if only_approvals is None:
            self._record_stopping(pipeline)
            raise EndUnconfirmed(
                f"{pipeline.name} waits for a manual approval, and CodePipeline may not show yet "
                "whether another of its actions runs"
            )
        if only_approvals:
            self.ledger.notes.plan_abandon(release.release_id, pipeline)
            self.codepipeline.stop(pipeline.name, pipeline.execution_id, reason=why, abandon=True)

    def _record_stopping(self, pipeline: Pipeline) -> None:
        """Record since when the execution is stopping; the event may be late or lost."""
        assert pipeline.execution_id
        latest = pipeline.execution.latest if pipeline.execution else None
        change = Change(
            state=ExecutionState.STOPPING,
            attempt=latest.attempt if latest else 1,
            at=self.clock(),
            source="look",
        )
        self.ledger.executions.record_change(pipeline.execution_id, pipeline.name, change)
