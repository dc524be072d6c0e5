"""Moves an execution: into a stage, from action to action, and to its end.

In a SUPERSEDED or QUEUED pipeline, one execution at a time holds the lock of a stage. Others wait
for it: in SUPERSEDED mode only the newest, in QUEUED mode all, in order. PARALLEL executions take
no lock. Source: the CodePipeline user guide, "How pipeline executions work".
"""

from itertools import chain

from localstack_codepipeline.model.effects import ActionResult, Wake
from localstack_codepipeline.model.execution import conditions, rollbacks, runs
from localstack_codepipeline.model.execution.conditions import Outcome
from localstack_codepipeline.model.execution.events import emit_pipeline, emit_stage
from localstack_codepipeline.model.rules import BEFORE_ENTRY, ON_FAILURE, ON_SUCCESS
from localstack_codepipeline.model.state import ActionRun, Execution, Pipeline, StageRun, Turn


def begin(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Add a new execution to the queue of the first stage."""
    pipeline.executions[execution.id] = execution
    emit_pipeline(turn, pipeline, execution, state="STARTED")
    _arrive(turn, pipeline, execution)


def fail_at_once(turn: Turn, pipeline: Pipeline, execution: Execution, *, summary: str) -> None:
    """Record a new execution that fails before its first stage."""
    pipeline.executions[execution.id] = execution
    emit_pipeline(turn, pipeline, execution, state="STARTED")
    execution.waiting, execution.status_summary = False, summary
    _end(turn, pipeline, execution, status="Failed")


def admit(turn: Turn, pipeline: Pipeline, stage: str) -> None:
    """Let waiting executions enter the stage while it is free."""
    # An execution that enters may fail at once and admit the next: read the queue again each time.
    while execution := _next_to_enter(pipeline, stage):
        _leave_queue(pipeline, execution)
        if execution.mode != "PARALLEL":
            pipeline.holders[stage] = execution.id
        _enter(turn, pipeline, execution)


def finish(turn: Turn, pipeline: Pipeline, run: ActionRun, *, result: ActionResult) -> None:
    """Record the result of a run and advance its execution; an abandoned run is ignored."""
    if run.status != "InProgress":
        return
    execution = pipeline.executions[run.execution_id]
    runs.close_run(turn, pipeline, execution, run=run, result=result)
    _advance(turn, pipeline, execution)


def stop(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Stop the execution when its running actions end, or at once if it abandons or has none."""
    if execution.status == "InProgress":
        _set_status(turn, execution, "Stopping")
        emit_pipeline(turn, pipeline, execution, state="STOPPING")
        if not execution.waiting:
            execution.stage_run.status = "Stopping"
            emit_stage(turn, pipeline, execution, state="STOPPING")
    if execution.abandoning:
        runs.abandon_runs(turn, pipeline, execution, state="ABANDONED")
    if execution.waiting:
        _leave_queue(pipeline, execution)
        _end(turn, pipeline, execution, status="Stopped")
    else:
        _advance(turn, pipeline, execution)


def cancel(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """End an execution because its pipeline was updated."""
    runs.abandon_runs(turn, pipeline, execution, state="CANCELED")
    execution.status_summary = "The pipeline was updated while the execution was in progress."
    if execution.waiting:
        _leave_queue(pipeline, execution)
        _end(turn, pipeline, execution, status="Cancelled")
    else:
        conditions.close(turn, execution, status="Cancelled")
        _end_stage(turn, pipeline, execution, status="Cancelled")


def strand(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Leave the execution in progress although its pipeline was updated: its approvals die."""
    for run in runs.running(pipeline, execution):
        if run.token:
            runs.cancel_approval(run)
            run.updated_at = turn.now


def retry(turn: Turn, pipeline: Pipeline, execution: Execution, *, everything: bool) -> None:
    """Run the last stage of the execution again: failed actions and what follows, or all."""
    stage = execution.stage_run
    stage.manual_retries += 1
    stage.retry_trigger = "ManualStageRetry"
    _run_again(turn, pipeline, execution, everything=everything)


def retry_automatically(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Retry the failed stage as its declaration says, if it can still be retried."""
    stage, execution.retry_at = execution.stage_run, None
    if not _can_retry_automatically(pipeline, execution):
        return
    stage.automatic_retries += 1
    stage.retry_trigger = "AutomatedStageRetry"
    how = execution.stage["onFailure"].get("retryConfiguration", {}).get("retryMode")
    _run_again(turn, pipeline, execution, everything=how == "ALL_ACTIONS")


def _can_retry_automatically(pipeline: Pipeline, execution: Execution) -> bool:
    """Whether no other execution has entered the stage since, and the pipeline is as it was."""
    latest = pipeline.latest[execution.stage["name"]]
    is_latest = execution.mode == "PARALLEL" or latest == execution.id
    return is_latest and execution.version == pipeline.version


def override(turn: Turn, pipeline: Pipeline, execution: Execution, *, kind: str) -> None:
    """Let a condition of the current stage pass; a stage that it failed is resumed."""
    conditions.override(turn, pipeline, execution.stage_run.conditions[kind])
    if execution.status == "Failed":
        _resume(turn, pipeline, execution)
    else:
        _advance(turn, pipeline, execution)


def roll_back(turn: Turn, pipeline: Pipeline, rollback: Execution) -> None:
    """Start a rollback: it enters its stage at once, in front of all that wait for it."""
    pipeline.executions[rollback.id] = rollback
    emit_pipeline(turn, pipeline, rollback, state="STARTED")
    rollback.waiting = False
    if rollback.mode != "PARALLEL":
        pipeline.holders[rollback.stage["name"]] = rollback.id
    _enter(turn, pipeline, rollback)


def _run_again(turn: Turn, pipeline: Pipeline, execution: Execution, *, everything: bool) -> None:
    stage = execution.stage_run
    conditions.reset(stage, everything=everything)
    stage.runs = {
        action: run_id
        for action, run_id in stage.runs.items()
        if not everything and pipeline.runs[run_id].status == "Succeeded"
    }
    _resume(turn, pipeline, execution)


def _resume(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    execution.attempt += 1
    execution.retried_at = execution.stage_run.retried_at = turn.now
    execution.stop_reason, execution.abandoning, execution.status_summary = None, False, ""
    execution.retry_at = None
    _set_status(turn, execution, "InProgress")
    emit_pipeline(turn, pipeline, execution, state="RESUMED")
    execution.stage_run.status = "InProgress"
    if execution.mode != "PARALLEL":
        pipeline.holders[execution.stage["name"]] = execution.id
    emit_stage(turn, pipeline, execution, state="RESUMED")
    _advance(turn, pipeline, execution)


def _arrive(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    stage = execution.stage["name"]
    execution.waiting = True
    queue = pipeline.waiting.get(stage, ())
    if execution.mode == "SUPERSEDED":
        for other_id in queue:
            other = pipeline.executions[other_id]
            if other.mode == "SUPERSEDED":
                _leave_queue(pipeline, other)
                other.status_summary = f"Superseded by execution {execution.id}."
                _end(turn, pipeline, other, status="Superseded")
    pipeline.waiting[stage] = (*pipeline.waiting.get(stage, ()), execution.id)
    admit(turn, pipeline, stage)


def _next_to_enter(pipeline: Pipeline, stage: str) -> Execution | None:
    if stage in pipeline.closed:
        return None
    for execution_id in pipeline.waiting.get(stage, ()):
        execution = pipeline.executions[execution_id]
        if execution.mode == "PARALLEL" or stage not in pipeline.holders:
            return execution
    return None


def _leave_queue(pipeline: Pipeline, execution: Execution) -> None:
    stage = execution.stage["name"]
    others = tuple(one for one in pipeline.waiting[stage] if one != execution.id)
    pipeline.waiting[stage] = others
    execution.waiting = False


def _enter(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    stage = execution.stage["name"]
    pipeline.latest[stage] = execution.id
    execution.stages[stage] = StageRun(turn.now)
    execution.updated_at = turn.now
    emit_stage(turn, pipeline, execution, state="STARTED")
    _advance(turn, pipeline, execution)


def _advance(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Start the next actions or rules of the stage, or end the stage; wait while any runs."""
    stage = execution.stage_run
    while not _runs_any(pipeline, stage):
        if execution.status == "Stopping":
            conditions.close(turn, execution, status="Abandoned")
            _end_stage(turn, pipeline, execution, status="Stopped")
            return
        outcome = conditions.check(turn, pipeline, execution, kind=BEFORE_ENTRY)
        group = _next_group(execution, stage)
        failed = "Failed" in {pipeline.runs[run_id].status for run_id in stage.runs.values()}
        if outcome is Outcome.GO_ON and (failed or not group):
            kind = ON_FAILURE if failed else ON_SUCCESS
            outcome = conditions.check(turn, pipeline, execution, kind=kind)
            if outcome is Outcome.GO_ON:
                status = "Failed" if failed else "Succeeded"
                _end_stage(turn, pipeline, execution, status=status)
                return
        elif outcome is Outcome.GO_ON:
            for declaration in group:
                runs.open_run(turn, pipeline, execution, declaration=declaration)
            continue
        if outcome is not Outcome.WAIT:
            _engage(turn, pipeline, execution, outcome)
            return


def _runs_any(pipeline: Pipeline, stage: StageRun) -> bool:
    run_ids = chain(stage.runs.values(), *(one.runs.values() for one in stage.conditions.values()))
    return any(pipeline.runs[run_id].status == "InProgress" for run_id in run_ids)


def _engage(turn: Turn, pipeline: Pipeline, execution: Execution, result: Outcome) -> None:
    """Do what a failed condition, or the failure of a stage, leads to."""
    retries, later = result is Outcome.RETRY, turn.estate.retry_after
    if retries and not later and _can_retry_automatically(pipeline, execution):
        # The execution keeps the stage, but its failure is announced.
        execution.stage_run.status = "Failed"
        emit_stage(turn, pipeline, execution, state="FAILED")
        _end(turn, pipeline, execution, status="Failed")
        retry_automatically(turn, pipeline, execution)
        return
    if retries and later:
        execution.retry_at = turn.later(seconds=later)
        turn.effects.append(Wake(execution.retry_at))
    status = "Skipped" if result is Outcome.SKIP else "Failed"
    rolls_back = result is Outcome.ROLLBACK
    _end_stage(turn, pipeline, execution, status=status, rolls_back=rolls_back)


def _next_group(execution: Execution, stage: StageRun) -> list[dict[str, object]]:
    todo = [action for action in execution.stage["actions"] if action["name"] not in stage.runs]
    first = min((action["runOrder"] for action in todo), default=0)
    return [action for action in todo if action["runOrder"] == first]


def _end_stage(
    turn: Turn, pipeline: Pipeline, execution: Execution, *, status: str, rolls_back: bool = False
) -> None:
    name = execution.stage["name"]
    execution.stage_run.status = status
    is_last = execution.stage_index + 1 == len(execution.declaration["stages"])
    if status == "Skipped":
        # AWS documents no event for a stage that was skipped.
        status = "Succeeded"
    else:
        emit_stage(turn, pipeline, execution, state=EVENT_STATES[status])
    if pipeline.holders.get(name) == execution.id:
        del pipeline.holders[name]
    if status != "Succeeded" or is_last or execution.rollback_target:
        _end(turn, pipeline, execution, status=status)
        target = rollbacks.latest_target(pipeline, execution) if rolls_back else None
        if target:
            rollback = rollbacks.automatic(turn, pipeline, execution, target=target)
            roll_back(turn, pipeline, rollback)
    else:
        execution.stage_index += 1
        _arrive(turn, pipeline, execution)
    admit(turn, pipeline, name)


def _end(turn: Turn, pipeline: Pipeline, execution: Execution, *, status: str) -> None:
    if status == "Stopped":
        # Seen on AWS: an execution that is still stopping does not show the reason.
        execution.status_summary = execution.stop_reason or ""
    _set_status(turn, execution, status)
    emit_pipeline(turn, pipeline, execution, state=EVENT_STATES[status])


def _set_status(turn: Turn, execution: Execution, status: str) -> None:
    execution.status = status
    execution.updated_at = turn.now


# The event says CANCELED where the API says Cancelled.
EVENT_STATES = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Cancelled": "CANCELED",
}
