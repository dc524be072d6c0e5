"""The shapes in which AWS shows executions, runs, stages and actions."""

from localstack_codepipeline.model.effects import Artifact, Json
from localstack_codepipeline.model.state import ActionRun, Estate, Execution, Pipeline


def execution_view(execution: Execution) -> Json:
    """Return a PipelineExecution."""
    view = {
        "pipelineName": execution.declaration["name"],
        "pipelineVersion": execution.version,
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.status_summary,
        "artifactRevisions": _artifact_revisions(execution),
        "variables": [
            {"name": name, "resolvedValue": value} for name, value in execution.variables.items()
        ],
        "trigger": _trigger(execution),
        "executionMode": execution.mode,
        "executionType": "STANDARD",
    }
    return _with_values(view)


def summary_view(execution: Execution) -> Json:
    """Return a PipelineExecutionSummary."""
    revisions = [
        _with_values(
            {
                "actionName": action,
                "revisionId": revision.id,
                "revisionSummary": revision.summary,
                "revisionUrl": revision.url,
            }
        )
        for action, revision in execution.revisions.items()
    ]
    stop = None if execution.stop_reason is None else {"reason": execution.stop_reason}
    view = {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.status_summary,
        "startTime": execution.started_at,
        "lastUpdateTime": execution.updated_at,
        "sourceRevisions": revisions,
        "trigger": _trigger(execution),
        "stopTrigger": stop,
        "executionMode": execution.mode,
        "executionType": "STANDARD",
    }
    return _with_values(view)


def run_view(estate: Estate, run: ActionRun) -> Json:
    """Return an ActionExecutionDetail."""
    given = {
        "actionTypeId": run.declaration["actionTypeId"],
        "configuration": run.declaration["configuration"],
        "resolvedConfiguration": run.configuration,
        "roleArn": run.declaration.get("roleArn"),
        "region": run.declaration.get("region", estate.region),
        "inputArtifacts": [_located(artifact) for artifact in run.inputs],
        "namespace": run.declaration.get("namespace"),
    }
    result = {
        "externalExecutionId": run.external_id,
        "externalExecutionSummary": run.summary,
        "externalExecutionUrl": run.url,
        "errorDetails": _error(run),
    }
    made = run.outputs if run.status == "Succeeded" else ()
    output = {
        "outputArtifacts": [_located(artifact) for artifact in made],
        "executionResult": _with_values(result),
        "outputVariables": run.variables,
    }
    view = {
        "pipelineExecutionId": run.execution_id,
        "actionExecutionId": run.id,
        "pipelineVersion": run.version,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": run.started_at,
        "lastUpdateTime": run.updated_at,
        "updatedBy": run.updated_by,
        "status": run.status,
        "input": _with_values(given),
        "output": output,
    }
    return _with_values(view)


def stage_view(pipeline: Pipeline, stage: str) -> Json:
    """Return a StageState without its actions."""
    closed = pipeline.closed.get(stage)
    inbound = [
        {"pipelineExecutionId": one, "status": "InProgress", "type": "STANDARD"}
        for one in pipeline.waiting.get(stage, ())
    ]
    view: Json = {
        "stageName": stage,
        "inboundExecutions": inbound,
        "inboundTransitionState": {"enabled": closed is None, **(closed or {})},
    }
    if inbound:
        view["inboundExecution"] = inbound[-1]
    if stage in pipeline.latest:
        execution = pipeline.executions[pipeline.latest[stage]]
        view["latestExecution"] = {
            "pipelineExecutionId": execution.id,
            "status": execution.stages[stage].status,
            "type": "STANDARD",
        }
        if execution.attempt > 1 and execution.stage["name"] == stage:
            view["retryStageMetadata"] = {
                "manualStageRetryAttempt": execution.attempt - 1,
                "latestRetryTrigger": "ManualStageRetry",
            }
    return view


def action_view(estate: Estate, action: Json, run: ActionRun | None) -> Json:
    """Return an ActionState; `run` is the latest run of the action, or None."""
    view: Json = {"actionName": action["name"]}
    if run is None:
        return view
    # In PARALLEL mode only ListActionExecutions shows the token of an approval.
    # Source: the API reference, PutApprovalResult.
    shown_elsewhere = run.token == run.external_id
    token = run.token if run.status == "InProgress" and not shown_elsewhere else ""
    latest = {
        "actionExecutionId": run.id,
        "status": run.status,
        "summary": run.summary,
        "lastStatusChange": run.updated_at,
        "token": token,
        "lastUpdatedBy": run.updated_by,
        "externalExecutionId": run.external_id,
        "externalExecutionUrl": run.url,
        "percentComplete": run.percent,
        "errorDetails": _error(run),
    }
    view["latestExecution"] = _with_values(latest)
    configuration = run.configuration
    if action["actionTypeId"]["category"] == "Approval":
        view |= _with_values({"entityUrl": configuration.get("ExternalEntityLink")})
    if run.revision is not None:
        view["currentRevision"] = {
            "revisionId": run.revision.id,
            "revisionChangeId": run.revision.change_id or run.revision.id,
            "created": run.revision.created or run.started_at,
        }
        view |= _with_values({"revisionUrl": run.revision.url})
    return view


def _artifact_revisions(execution: Execution) -> list[Json]:
    revisions = []
    for action in execution.declaration["stages"][0]["actions"]:
        revision = execution.revisions.get(action["name"])
        if revision is None:
            continue
        for artifact in action["outputArtifacts"]:
            view = {
                "name": artifact["name"],
                "revisionId": revision.id,
                "revisionChangeIdentifier": revision.change_id,
                "revisionSummary": revision.summary,
                "created": revision.created,
                "revisionUrl": revision.url,
            }
            revisions.append(_with_values(view))
    return revisions


def _trigger(execution: Execution) -> Json:
    return {"triggerType": execution.trigger_type, "triggerDetail": execution.trigger_detail}


def _error(run: ActionRun) -> Json | None:
    if not run.error_code:
        return None
    return {"code": run.error_code, "message": run.error_message}


def _located(artifact: Artifact) -> Json:
    return {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}


def _with_values(view: Json) -> Json:
    """Leave out members without a value, as AWS does."""
    return {key: value for key, value in view.items() if value not in (None, "")}
