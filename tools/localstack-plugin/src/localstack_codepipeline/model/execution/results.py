"""The operations that answer an approval, or report the result of a job."""

from dataclasses import replace

from localstack_codepipeline.model.effects import ActionResult, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import flow, runs
from localstack_codepipeline.model.state import ActionRun, Pipeline, Turn


def put_approval_result(turn: Turn, request: Json) -> Json:
    """Approve or reject a waiting manual approval."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    stage = pipeline.stage(request["stageName"])
    name = request["actionName"]
    if name not in [action["name"] for action in stage["actions"]]:
        raise ApiError("ActionNotFoundException", f"Stage '{stage['name']}' has no action '{name}'")
    run = _approval(pipeline, stage["name"], name, token=request["token"])
    if run.is_dead:
        raise ApiError("InvalidApprovalTokenException", "Invalid approval token")
    if run.status != "InProgress":
        text = "The approval action has already been answered"
        raise ApiError("ApprovalAlreadyCompletedException", text)
    summary = request["result"]["summary"]
    approved = request["result"]["status"] == "Approved"
    result = ActionResult(
        error_code="" if approved else "JobFailed",
        error_message="" if approved else f"The approval was rejected: {summary}",
        summary=summary,
        external_id=run.id,
        updated_by=turn.caller,
    )
    flow.finish(turn, pipeline, run, result=result)
    return {"approvedAt": turn.now}


def put_job_success_result(turn: Turn, request: Json) -> Json:
    """Record a job's success; with a continuation token, run the job again."""
    pipeline, run = _job(turn, request)
    details = request.get("executionDetails", {})
    variables = request.get("outputVariables", {})
    if sum(len(f"{key}{value}".encode()) for key, value in variables.items()) > 122_880:
        text = "Output variables may have 122880 bytes in all"
        raise ApiError("OutputVariablesSizeExceededException", text)
    if continuation := request.get("continuationToken"):
        run.result = replace(
            run.result,
            summary=details.get("summary", run.result.summary),
            external_id=details.get("externalExecutionId", run.result.external_id),
        )
        run.percent = details.get("percentComplete", run.percent)
        run.updated_at = turn.now
        execution = pipeline.executions[run.execution_id]
        effect = runs.run_effect(turn, pipeline, execution, run=run, continuation=continuation)
        turn.effects.append(effect)
        return {}
    result = ActionResult(
        summary=details.get("summary", ""),
        external_id=details.get("externalExecutionId", ""),
        variables=variables,
    )
    flow.finish(turn, pipeline, run, result=result)
    return {}


def put_job_failure_result(turn: Turn, request: Json) -> Json:
    """Record a job's failure."""
    pipeline, run = _job(turn, request)
    details = request["failureDetails"]
    result = ActionResult(
        error_code=details["type"],
        error_message=details["message"],
        summary=details["message"],
        external_id=details.get("externalExecutionId", ""),
    )
    flow.finish(turn, pipeline, run, result=result)
    return {}


def _approval(pipeline: Pipeline, stage: str, action: str, *, token: str) -> ActionRun:
    for run in pipeline.runs.values():
        if run.token == token and (run.stage, run.action) == (stage, action):
            return run
    raise ApiError("InvalidApprovalTokenException", "Invalid approval token")


def _job(turn: Turn, request: Json) -> tuple[Pipeline, ActionRun]:
    job = request["jobId"]
    if job not in turn.estate.jobs:
        raise ApiError("JobNotFoundException", f"There is no job with ID '{job}'")
    name, run_id = turn.estate.jobs[job]
    pipeline = turn.estate.pipelines[name]
    run = pipeline.runs[run_id]
    if run.status != "InProgress":
        raise ApiError("InvalidJobStateException", f"Job '{run.job_id}' has ended: {run.status}")
    return pipeline, run
