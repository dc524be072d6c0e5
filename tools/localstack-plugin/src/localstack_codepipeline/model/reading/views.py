"""The shapes in which AWS shows executions, runs, stages and actions."""

from datetime import datetime
from typing import Any

from localstack_codepipeline.model.action_types import masked
from localstack_codepipeline.model.effects import Artifact, Json
from localstack_codepipeline.model.state import ActionRun, Estate, Execution, Pipeline


def execution_view(execution: Execution) -> Json:
    """Return a PipelineExecution."""
    return _view(
        **_common(execution),
        pipelineName=execution.declaration["name"],
        pipelineVersion=execution.version,
        artifactRevisions=_artifact_revisions(execution),
        variables=[
            {"name": name, "resolvedValue": value} for name, value in execution.variables.items()
        ]
        or None,
    )


def summary_view(execution: Execution) -> Json:
    """Return a PipelineExecutionSummary."""
    return _view(
        **_common(execution),
        startTime=execution.started_at,
        lastUpdateTime=execution.updated_at,
        sourceRevisions=[
            _view(
                actionName=action,
                revisionId=revision.id,
                revisionSummary=revision.summary,
                revisionUrl=revision.url,
            )
            for action, revision in execution.revisions.items()
        ],
        stopTrigger=None if execution.stop_reason is None else {"reason": execution.stop_reason},
    )


def run_view(estate: Estate, run: ActionRun) -> Json:
    """Return an ActionExecutionDetail."""
    kind = run.declaration["actionTypeId"]
    given = _view(
        actionTypeId=kind,
        configuration=masked(kind, run.declaration["configuration"]),
        resolvedConfiguration=masked(kind, run.configuration),
        roleArn=run.declaration.get("roleArn"),
        region=run.declaration.get("region", estate.region),
        inputArtifacts=[_located(artifact) for artifact in run.inputs],
        namespace=run.declaration.get("namespace"),
    )
    made = run.outputs if run.status == "Succeeded" else ()
    output = {
        "outputArtifacts": [_located(artifact) for artifact in made],
        "executionResult": _view(
            externalExecutionId=run.result.external_id,
            externalExecutionSummary=run.result.summary,
            externalExecutionUrl=run.result.url,
            errorDetails=_error(run),
        ),
        "outputVariables": run.result.variables,
    }
    return _view(
        pipelineExecutionId=run.execution_id,
        actionExecutionId=run.id,
        pipelineVersion=run.version,
        stageName=run.stage,
        actionName=run.action,
        startTime=run.started_at,
        lastUpdateTime=run.updated_at,
        updatedBy=run.result.updated_by,
        status=run.status,
        input=given,
        output=output,
    )


def stage_view(pipeline: Pipeline, stage: str) -> Json:
    """Return a StageState without its actions."""
    closed = pipeline.closed.get(stage)
    inbound = [
        _view(pipelineExecutionId=one, status="InProgress", type=pipeline.executions[one].type)
        for one in pipeline.waiting.get(stage, ())
    ]
    latest = None
    if stage in pipeline.latest:
        execution = pipeline.executions[pipeline.latest[stage]]
        status = execution.stages[stage].status
        latest = _view(pipelineExecutionId=execution.id, status=status, type=execution.type)
    return _view(
        stageName=stage,
        inboundExecutions=inbound,
        inboundExecution=inbound[-1] if inbound else None,
        inboundTransitionState={"enabled": closed is None, **(closed or {})},
        latestExecution=latest,
    )


def action_view(action: Json, run: ActionRun | None, *, now: datetime) -> Json:
    """Return an ActionState; `run` is the latest run of the action, or None."""
    is_approval = action["actionTypeId"]["category"] == "Approval"
    configuration = run.configuration if run else action["configuration"]
    link = configuration.get("ExternalEntityLink") if is_approval else None
    if run is None or _is_hidden(run, now):
        return _view(actionName=action["name"], entityUrl=link)
    # In PARALLEL mode only ListActionExecutions shows the token of an approval.
    # Source: the API reference, PutApprovalResult.
    shown_elsewhere = run.token == run.result.external_id
    answerable = run.status == "InProgress" and not run.is_dead
    latest = _view(
        actionExecutionId=run.id,
        # ListActionExecutions says Abandoned, or InProgress after an update.
        status="Failed" if run.is_dead else run.status,
        summary=run.result.summary,
        # Seen on AWS: an approval that waits has no time, and none has an external id.
        lastStatusChange=None if is_approval and answerable else run.updated_at,
        token=run.token if answerable and not shown_elsewhere else "",
        lastUpdatedBy=run.result.updated_by,
        externalExecutionId=None if is_approval else run.result.external_id,
        externalExecutionUrl=run.result.url,
        percentComplete=run.percent,
        errorDetails=_error(run),
    )
    revision = run.result.revision
    return _view(
        actionName=action["name"],
        latestExecution=latest,
        entityUrl=link,
        currentRevision=revision
        and _view(
            revisionId=revision.id,
            revisionChangeId=revision.change_id,
            created=revision.created,
        ),
        revisionUrl=revision and revision.url,
    )


def _is_hidden(run: ActionRun, now: datetime) -> bool:
    """Tell whether the state does not show an approval yet. Seen on AWS: an answer shows it."""
    is_early = run.token_shown_at is not None and now < run.token_shown_at
    return is_early and run.status == "InProgress" and not run.is_dead


def _common(execution: Execution) -> Json:
    """Return the members that both shapes of an execution have; a standard one has no type."""
    target = execution.rollback_target
    trigger = {"triggerType": execution.trigger_type, "triggerDetail": execution.trigger_detail}
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.status_summary,
        "trigger": trigger,
        "executionMode": execution.mode,
        "executionType": execution.type,
        "rollbackMetadata": {"rollbackTargetPipelineExecutionId": target} if target else None,
    }


def _artifact_revisions(execution: Execution) -> list[Json]:
    return [
        _view(
            name=artifact["name"],
            revisionId=revision.id,
            revisionChangeIdentifier=revision.change_id,
            revisionSummary=revision.summary,
            created=revision.created,
            revisionUrl=revision.url,
        )
        for action in execution.declaration["stages"][0]["actions"]
        if (revision := execution.revisions.get(action["name"]))
        for artifact in action["outputArtifacts"]
    ]


def _error(run: ActionRun) -> Json | None:
    return (
        {"code": run.result.error_code, "message": run.result.error_message}
        if run.result.error_code
        else None
    )


def _located(artifact: Artifact) -> Json:
    return {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}


def _view(**members: Any) -> Json:
    """Leave out members without a value, as AWS does."""
    return {key: value for key, value in members.items() if value not in (None, "")}
