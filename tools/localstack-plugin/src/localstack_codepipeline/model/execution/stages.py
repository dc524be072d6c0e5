"""The operations that roll a stage back, and that override a condition of a stage."""

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import flow, rollbacks
from localstack_codepipeline.model.execution.executions import check_room
from localstack_codepipeline.model.rules import condition_of
from localstack_codepipeline.model.state import Execution, Turn


def rollback_stage(turn: Turn, request: Json) -> Json:
    """Run a stage again with the sources and variables of an execution that succeeded in it."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    stage = pipeline.stage(request["stageName"])["name"]
    target = pipeline.execution(request["targetPipelineExecutionId"])
    rollbacks.check_target(pipeline, target, stage)
    rollback = rollbacks.manual(turn, pipeline, stage=stage, target=target)
    flow.roll_back(turn, pipeline, rollback)
    return {"pipelineExecutionId": rollback.id}


def override_stage_condition(turn: Turn, request: Json) -> Json:
    """Let a condition pass that is being checked, or that has failed its stage."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    stage = pipeline.stage(request["stageName"])["name"]
    execution = pipeline.executions.get(request["pipelineExecutionId"])
    kind = request["conditionType"]
    if execution is None or not _is_overridable(execution, stage, kind):
        text = f"The condition {kind} of stage '{stage}' cannot be overridden"
        raise ApiError("ConditionNotOverridableException", text)
    latest = pipeline.latest[stage]
    if execution.mode != "PARALLEL" and latest != execution.id:
        text = f"A later execution, '{latest}', has entered stage '{stage}'"
        raise ApiError("NotLatestPipelineExecutionException", text)
    if execution.status == "Failed":
        check_room(pipeline, execution.mode)
    flow.override(turn, pipeline, execution, kind=kind)
    return {}


def _is_overridable(execution: Execution, stage: str, kind: str) -> bool:
    """Whether the condition is in progress, or has failed the stage in which the execution is."""
    if execution.stage["name"] != stage or stage not in execution.stages:
        return False
    declared = condition_of(execution.stage, kind) or {}
    condition = execution.stage_run.conditions.get(kind)
    if condition is None or declared.get("result") == "SKIP":
        return False
    has_failed = condition.status in ("Failed", "Errored") and execution.status == "Failed"
    in_progress = condition.status == "InProgress" and execution.status == "InProgress"
    return in_progress or (has_failed and declared.get("result") != "ROLLBACK")
