"""The operations that start, stop and retry executions, and switch stage transitions."""

from collections.abc import Iterator, Sequence

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import flow
from localstack_codepipeline.model.execution.variables import (
    check_start_variables,
    start_variables,
)
from localstack_codepipeline.model.state import ACTIVE, Execution, Pipeline, Turn

MOST_AT_ONCE = 50


def start_pipeline_execution(turn: Turn, request: Json) -> Json:
    """Start an execution, or return the one that the same clientRequestToken started.

    Seen on AWS: the request is checked before its token is looked up.
    """
    pipeline = turn.estate.pipeline(request["name"])
    token = request.get("clientRequestToken", "")
    variables = request.get("variables", [])
    check_start_variables(pipeline.declaration, variables)
    overrides = request.get("sourceRevisions", [])
    for problem in _problems_of_overrides(pipeline, overrides):
        raise ApiError("ValidationException", problem)
    if token in pipeline.requests:
        return {"pipelineExecutionId": pipeline.requests[token]}
    by_rule = ":rule/" in turn.caller
    trigger = ("CloudWatchEvent" if by_rule else "StartPipelineExecution", turn.caller)
    execution = start(
        turn, pipeline, trigger=trigger, variables=variables, overrides=tuple(overrides)
    )
    if token:
        pipeline.requests[token] = execution.id
    return {"pipelineExecutionId": execution.id}


def start(
    turn: Turn,
    pipeline: Pipeline,
    *,
    trigger: tuple[str, str],
    variables: Sequence[Json] = (),
    overrides: tuple[Json, ...] = (),
) -> Execution:
    """Start an execution with the pipeline's current structure; `trigger` is its type and detail.

    Seen on AWS: without a value for a required variable the execution fails before it begins.
    """
    check_room(pipeline, pipeline.declaration["executionMode"])
    values, missing = start_variables(pipeline.declaration, variables)
    execution = Execution(
        id=turn.estate.new_id(),
        version=pipeline.version,
        declaration=pipeline.declaration,
        mode=pipeline.declaration["executionMode"],
        trigger_type=trigger[0],
        trigger_detail=trigger[1],
        variables={} if missing else values,
        overrides=overrides,
        started_at=turn.now,
        updated_at=turn.now,
    )
    if missing:
        summary = f"Values for required variables haven't been provided: {', '.join(missing)}"
        flow.fail_at_once(turn, pipeline, execution, summary=summary)
    else:
        flow.begin(turn, pipeline, execution)
    return execution


def stop_pipeline_execution(turn: Turn, request: Json) -> Json:
    """Stop an execution after its running actions have ended, or at once (`abandon`)."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    execution = pipeline.execution(request["pipelineExecutionId"])
    abandon = bool(request.get("abandon"))
    if execution.status not in ACTIVE:
        text = f"The pipeline execution with ID '{execution.id}' in '{pipeline.name}' can't be"
        reason = "Either it does not exist in the pipeline, or the pipeline execution has no action"
        raise ApiError(
            "PipelineExecutionNotStoppableException",
            f"{text} stopped now. {reason} executions in progress.",
        )
    # Only an abandon may follow a stop that waits.
    if execution.status == "Stopping" and not abandon:
        raise ApiError("DuplicatedStopRequestException", _already_stopping(pipeline, execution))
    execution.abandoning = abandon
    execution.stop_reason = request.get("reason") or execution.stop_reason or ""
    flow.stop(turn, pipeline, execution)
    return {"pipelineExecutionId": execution.id}


def retry_stage_execution(turn: Turn, request: Json) -> Json:
    """Resume an execution, under the same id, in the stage where it failed or was stopped."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    stage = pipeline.stage(request["stageName"])
    execution = pipeline.executions.get(request["pipelineExecutionId"])
    not_retryable = ApiError("StageNotRetryableException", _not_retryable(request))
    if execution is None or stage not in execution.declaration["stages"]:
        raise not_retryable
    latest = pipeline.latest.get(stage["name"])
    if execution.mode != "PARALLEL" and latest not in (execution.id, None):
        text = f"A later execution, '{latest}', has entered stage '{stage['name']}'"
        raise ApiError("NotLatestPipelineExecutionException", text)
    run = execution.stages.get(stage["name"])
    if execution.status in ACTIVE or run is None or run.status not in ("Failed", "Stopped"):
        raise not_retryable
    check_room(pipeline, execution.mode)
    flow.retry(turn, pipeline, execution, everything=request["retryMode"] == "ALL_ACTIONS")
    return {"pipelineExecutionId": execution.id}


def _already_stopping(pipeline: Pipeline, execution: Execution) -> str:
    """Return AWS's text."""
    return (
        f"The execution with ID {execution.id} in {pipeline.name} is already in a stopping state. "
        "If you already chose to stop and wait, you cannot make that request again. You can choose "
        "to stop and abandon now, but be aware that this option can lead to failed actions. If you "
        "already chose to stop and abandon, you cannot make that request again."
    )


def _not_retryable(request: Json) -> str:
    """Return AWS's text."""
    place = f"The stage named {request['stageName']} in the {request['pipelineName']} pipeline"
    return (
        f"{place} can't be retried now. Either it contains no failed actions, the execution "
        f"'{request['pipelineExecutionId']}' is already superseded, or the pipeline definition has "
        "changed since the action(s) failed."
    )


def disable_stage_transition(turn: Turn, request: Json) -> Json:
    """Let no execution enter the stage (inbound) or the next stage (outbound)."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    for stage in _entered_stages(pipeline, request):
        pipeline.closed[stage] = {
            "lastChangedBy": turn.caller,
            "lastChangedAt": turn.now,
            "disabledReason": request["reason"],
        }
    return {}


def enable_stage_transition(turn: Turn, request: Json) -> Json:
    """Let executions enter the stage again (inbound), or the next stage (outbound)."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    for stage in _entered_stages(pipeline, request):
        if pipeline.closed.pop(stage, None):
            flow.admit(turn, pipeline, stage)
    return {}


def _entered_stages(pipeline: Pipeline, request: Json) -> list[str]:
    """Return the stage that the transition leads into; none after the last stage."""
    stage = pipeline.stage(request["stageName"])
    if request["transitionType"] == "Inbound":
        return [stage["name"]]
    stages = [one["name"] for one in pipeline.declaration["stages"]]
    following = stages.index(stage["name"]) + 1
    return stages[following : following + 1]


def check_room(pipeline: Pipeline, mode: str) -> None:
    """Raise an ApiError if the pipeline has as many executions in progress as it may have."""
    active = sum(execution.status in ACTIVE for execution in pipeline.executions.values())
    if mode != "SUPERSEDED" and active >= MOST_AT_ONCE:
        text = f"Pipeline '{pipeline.name}' has {MOST_AT_ONCE} executions in progress"
        raise ApiError("ConcurrentPipelineExecutionsLimitExceededException", text)


def _problems_of_overrides(pipeline: Pipeline, overrides: list[Json]) -> Iterator[str]:
    if overrides and pipeline.declaration["pipelineType"] != "V2":
        yield f"Pipeline '{pipeline.name}' is V1; source revisions need a pipeline of type V2"
    sources = {action["name"]: action for action in pipeline.declaration["stages"][0]["actions"]}
    seen: set[tuple[str, str]] = set()
    for override in overrides:
        name, kind = override["actionName"], override["revisionType"]
        if name not in sources:
            rule = "The action must be a source action in your pipeline."
            yield f"The action name provided in the source revision is not valid. {rule}"
        if (name, kind) in seen:
            yield f"Source action '{name}' is given two revisions of type {kind}"
        seen.add((name, kind))
        action = sources[name]
        if (action["actionTypeId"]["provider"] == "S3") != kind.startswith("S3_OBJECT_"):
            yield f"Source action '{name}' takes no revision of type {kind}"
        switch = "AllowOverrideForS3ObjectKey"
        allowed = action["configuration"].get(switch, "false").lower() == "true"
        if kind == "S3_OBJECT_KEY" and not allowed:
            yield f"Source action '{name}' does not allow another key: {switch} is not true"
