"""The three kinds of event, in AWS's shape.

Numbers are floats, as AWS sends them. Source: the CodePipeline user guide, "Monitoring CodePipeline
events", and the EventBridge reference of CodePipeline's events.
"""

from datetime import UTC, datetime

from localstack_codepipeline.model.effects import Artifact, EmitEvent, Json
from localstack_codepipeline.model.state import ActionRun, Execution, Pipeline, Turn

PIPELINE_EVENT = "CodePipeline Pipeline Execution State Change"
STAGE_EVENT = "CodePipeline Stage Execution State Change"
ACTION_EVENT = "CodePipeline Action Execution State Change"


def emit_pipeline(turn: Turn, pipeline: Pipeline, execution: Execution, *, state: str) -> None:
    """Emit a state change of the execution."""
    detail = _detail(execution, execution.started_at, state)
    if state == "STARTED":
        detail["execution-trigger"] = {
            "trigger-type": execution.trigger_type,
            "trigger-detail": execution.trigger_detail,
        }
    if state == "STOPPING" and execution.stop_reason:
        detail["stop-execution-comments"] = execution.stop_reason
    if execution.retried_at:
        detail["last-retry-attempt-time"] = iso_milliseconds(execution.retried_at)
    _emit(turn, PIPELINE_EVENT, pipeline, detail)


def emit_stage(turn: Turn, pipeline: Pipeline, execution: Execution, *, state: str) -> None:
    """Emit a state change of the execution's current stage."""
    name = execution.stage["name"]
    stage = execution.stages[name]
    detail = _detail(execution, stage.started_at, state) | {"stage": name}
    # Seen on AWS: the events of stages do not count the first attempt.
    if execution.attempt == 1:
        detail["pipeline-execution-attempt"] = 0.0
    if stage.retried_at:
        detail["stage-last-retry-attempt-time"] = iso_milliseconds(stage.retried_at)
    _emit(turn, STAGE_EVENT, pipeline, detail)


def emit_action(
    turn: Turn, pipeline: Pipeline, execution: Execution, *, run: ActionRun, state: str
) -> None:
    """Emit a state change of one run of an action, with its result if it has one.

    AWS documents no event for a rule of a condition.
    """
    if run.condition:
        return
    detail = _detail(execution, run.started_at, state) | {
        "stage": run.stage,
        "action": run.action,
        "action-execution-id": run.id,
        "region": run.declaration.get("region", turn.estate.region),
        "type": dict(run.declaration["actionTypeId"]),
    }
    if run.inputs:
        detail["input-artifacts"] = [_artifact(artifact) for artifact in run.inputs]
    if run.outputs and state == "SUCCEEDED":
        detail["output-artifacts"] = [_artifact(artifact) for artifact in run.outputs]
    result = {
        "external-execution-url": run.result.url,
        "external-execution-summary": run.result.summary,
        "external-execution-id": run.result.external_id,
        "error-code": run.result.error_code,
    }
    if known := {key: value for key, value in result.items() if value}:
        detail["execution-result"] = known
    _emit(turn, ACTION_EVENT, pipeline, detail)


def iso_milliseconds(moment: datetime) -> str:
    """Return the moment in UTC as AWS writes it in an event's detail."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _detail(execution: Execution, started_at: datetime, state: str) -> Json:
    return {
        "pipeline": execution.declaration["name"],
        "execution-id": execution.id,
        "start-time": iso_milliseconds(started_at),
        "state": state,
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }


def _artifact(artifact: Artifact) -> Json:
    location = {"bucket": artifact.bucket, "key": artifact.key}
    return {"name": artifact.name, "s3location": location}


def _emit(turn: Turn, detail_type: str, pipeline: Pipeline, detail: Json) -> None:
    event = EmitEvent(
        detail_type=detail_type,
        pipeline=pipeline.name,
        state=detail["state"],
        detail=detail,
        resources=(turn.estate.arn(pipeline.name),),
        time=turn.now,
    )
    turn.effects.append(event)
