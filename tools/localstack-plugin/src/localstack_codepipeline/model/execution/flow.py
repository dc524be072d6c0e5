"""Moves an execution: into a stage, from action to action, and to its end.

In a SUPERSEDED or QUEUED pipeline, one execution at a time holds the lock of a stage. Others wait
for it: in SUPERSEDED mode only the newest, in QUEUED mode all, in order. PARALLEL executions take
no lock. Source: the CodePipeline user guide, "How pipeline executions work".
"""

from localstack_codepipeline.model.effects import ActionResult
from localstack_codepipeline.model.execution import runs
from localstack_codepipeline.model.execution.events import emit_pipeline, emit_stage
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
    execution.status_summary = execution.stop_reason or ""
    if execution.status == "InProgress":
        _set_status(turn, execution, "Stopping")
        emit_pipeline(turn, pipeline, execution, state="STOPPING")
        if not execution.waiting:
            execution.stages[execution.stage["name"]].status = "Stopping"
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
        _end_stage(turn, pipeline, execution, status="Cancelled")


def strand(turn: Turn, pipeline: Pipeline, execution: Execution) -> None:
    """Leave the execution in progress although its pipeline was updated: its approvals die."""
    for run in runs.running(pipeline, execution):
        if run.token:
            runs.cancel_approval(run)
            run.updated_at = turn.now


def retry(turn: Turn, pipeline: Pipeline, execution: Execution, *, everything: bool) -> None:
    """Run the last stage of the execution again: failed actions and what follows, or all."""
    execution.attempt += 1
    execution.retried_at = turn.now
    execution.stop_reason, execution.abandoning, execution.status_summary = None, False, ""
    _set_status(turn, execution, "InProgress")
    emit_pipeline(turn, pipeline, execution, state="RESUMED")
    stage = execution.stages[execution.stage["name"]]
    stage.status, stage.retried_at = "InProgress", turn.now
    stage.manual_retries += 1
    stage.runs = {
        action: run_id
        for action, run_id in stage.runs.items()
        if not everything and pipeline.runs[run_id].status == "Succeeded"
    }
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
    """Start the next actions of the stage, or end the stage; wait while any action runs."""
    stage = execution.stages[execution.stage["name"]]
    while True:
        statuses = {pipeline.runs[run_id].status for run_id in stage.runs.values()}
        if "InProgress" in statuses:
            return
        group = _next_group(execution, stage)
        if execution.status == "Stopping":
            ended = "Stopped"
        elif "Failed" in statuses:
            ended = "Failed"
        elif not group:
            ended = "Succeeded"
        else:
            for declaration in group:
                runs.open_run(turn, pipeline, execution, declaration=declaration)
            continue
        _end_stage(turn, pipeline, execution, status=ended)
        return


def _next_group(execution: Execution, stage: StageRun) -> list[dict[str, object]]:
    todo = [action for action in execution.stage["actions"] if action["name"] not in stage.runs]
    first = min((action["runOrder"] for action in todo), default=0)
    return [action for action in todo if action["runOrder"] == first]


def _end_stage(turn: Turn, pipeline: Pipeline, execution: Execution, *, status: str) -> None:
    name = execution.stage["name"]
    execution.stages[name].status = status
    emit_stage(turn, pipeline, execution, state=EVENT_STATES[status])
    if pipeline.holders.get(name) == execution.id:
        del pipeline.holders[name]
    if status != "Succeeded" or execution.stage_index + 1 == len(execution.declaration["stages"]):
        _end(turn, pipeline, execution, status=status)
    else:
        execution.stage_index += 1
        _arrive(turn, pipeline, execution)
    admit(turn, pipeline, name)


def _end(turn: Turn, pipeline: Pipeline, execution: Execution, *, status: str) -> None:
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
