"""Failed executions: what failed if it was no action, and what CodePipeline does about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline, is_permanent
from release_core.decide.decisions import waits_for_rollbacks
from release_core.decide.looks import awaits_retry, newest_failed_rule, newest_failure
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Failure, OnFailure, Pipeline, Release
from release_core.errors import EndUnconfirmed
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import log_of

log = log_of(__name__)

_DEFAULT_REASON = {
    ExecutionState.FAILED: "the execution failed",
    ExecutionState.STOPPED: "the execution was stopped",
    ExecutionState.SUPERSEDED: "a newer execution of the pipeline superseded this one",
    ExecutionState.CANCELED: "the execution was cancelled, for example by a pipeline update",
}


def read_actions(
    codepipeline: CodePipeline, pipeline: Pipeline, *, with_rules: bool = False
) -> Sequence[ActionRun]:
    """The executions of actions; none, if a retry cannot read them either."""
    assert pipeline.execution_id
    try:
        actions = codepipeline.action_runs(pipeline.name, pipeline.execution_id)
        if with_rules:
            return with_failed_rule(codepipeline, pipeline, actions=actions)
        return actions
    except ClientError as error:
        if not is_permanent(error):
            raise
        log.warning("could not list the actions: %s", error)
        return ()


def with_failed_rule(
    codepipeline: CodePipeline, pipeline: Pipeline, *, actions: Sequence[ActionRun]
) -> Sequence[ActionRun]:
    """The actions of a failed execution; first the rule that failed, if no action did."""
    assert pipeline.execution_id
    if newest_failure(actions):
        return actions
    rules = codepipeline.rule_runs(pipeline.name, pipeline.execution_id)
    failed = newest_failed_rule(rules, actions)
    return [failed, *actions] if failed else actions


class StageRollback(Immutable):
    """The execution with which CodePipeline itself rolls a failed stage back."""

    execution_id: str
    state: ExecutionState | None
    stage: str | None

    def explain(self, failure: Failure) -> Failure:
        """The failure, with what CodePipeline did about it."""
        stage = f"stage {self.stage}" if self.stage else "the failed stage"
        what = f"CodePipeline rolled {stage} back (execution {self.execution_id})"
        return replace(failure, message=f"{failure.message}; {what}")


def why_not_succeeded(
    pipeline: Pipeline,
    state: ExecutionState,
    *,
    summary: str | None,
    actions: Sequence[ActionRun],
    rollback: StageRollback | None,
) -> Failure | None:
    """Why the execution ended in this state; ``summary`` is what CodePipeline says of it."""
    if state is ExecutionState.SUCCEEDED:
        return None
    note = pipeline.execution.note if pipeline.execution else None
    stopped_by_us = pipeline.stop_reason if state is ExecutionState.STOPPED else None
    reason = stopped_by_us or note or summary or _DEFAULT_REASON[state]
    failed = newest_failure(actions)
    failure = (failed and failed.failure) or Failure(message=reason)
    if state is not ExecutionState.FAILED:
        failure = replace(failure, message=reason)
    return rollback.explain(failure) if rollback else failure


def what_follows(
    codepipeline: CodePipeline,
    pipeline: Pipeline,
    *,
    failed: Change,
    actions: Sequence[ActionRun],
    now: datetime,
) -> StageRollback | None:
    """What CodePipeline itself does about a failure: roll the stage back, or nothing.

    ``actions`` begin with what failed, if that is known. Raises EndUnconfirmed while CodePipeline
    may be about to retry the stage or to roll it back.
    """
    assert pipeline.execution_id
    automation = codepipeline.automation(pipeline.name)
    # Race: an automatic retry of the stage comes after the look that showed its failure.
    if awaits_retry(automation, failed, actions=actions, now=now):
        raise EndUnconfirmed(f"CodePipeline may retry a failed stage of {pipeline.name} by itself")
    failure = newest_failure(actions)
    stage = failure.stage if failure else None
    if not (automation.rolled_back & {stage} if stage else automation.rolled_back):
        return None
    since = pipeline.started_at or failed.at
    found = codepipeline.find_rollback(pipeline.name, pipeline.execution_id, since=since)
    if found:
        execution_id, state = found
        return StageRollback(execution_id=execution_id, state=state, stage=stage)
    if now - failed.at < LOOK_LAG:
        raise EndUnconfirmed(f"CodePipeline may roll back a stage of {pipeline.name} by itself")
    return None


def waits_for_rollback(
    ledger: Ledger, release: Release, *, pipeline: Pipeline, rollback: StageRollback, now: datetime
) -> bool:
    """Whether the pipeline ends only when CodePipeline's own rollback has ended; notes it then.

    Until then the release keeps the lock of the pipeline, so that nothing collides with it.
    """
    noted = pipeline.stage_rollback
    is_over = rollback.state is not None and rollback.state.ended
    was_over = noted is not None and noted.latest is not None and noted.latest.state.ended
    if is_over or was_over or not waits_for_rollbacks(release, now):
        return False
    if release.on_failure is not OnFailure.CONTINUE:
        ledger.headers.halt(release, pipeline.name)
    # Race: the rollback ends before it is noted. The claim comes first: its event then finds this
    # release, or the next read of the pipeline finds its event.
    ledger.executions.claim(rollback.execution_id, release_id=release.release_id, pipeline=pipeline)
    ledger.notes.note_stage_rollback(
        release.release_id, pipeline, stage=rollback.stage, execution_id=rollback.execution_id
    )
    return True


def look_at_rollback(
    ledger: Ledger, codepipeline: CodePipeline, pipeline: Pipeline, *, now: datetime
) -> None:
    """Record the end of CodePipeline's own rollback, in case its event was lost."""
    rollback = pipeline.stage_rollback
    if rollback is None or (rollback.latest and rollback.latest.state.ended):
        return
    seen = codepipeline.get_execution(pipeline.name, rollback.execution_id)
    if seen and seen.state and seen.state.ended:
        attempt = rollback.latest.attempt if rollback.latest else 1
        change = Change(state=seen.state, attempt=attempt, at=now, source="look")
        ledger.executions.record_change(rollback.execution_id, pipeline.name, change)
