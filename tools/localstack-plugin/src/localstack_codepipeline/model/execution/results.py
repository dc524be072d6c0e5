"""The operation that answers an approval."""

from localstack_codepipeline.model.effects import ActionResult, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import flow
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
    if not summary and run.configuration.get("IsSummaryRequired") == "true":
        # Seen on AWS, with this code.
        text = f"Action '{name}' in stage '{stage['name']}' requires a summary."
        hint = "Provide a summary in the approval result and try again."
        raise ApiError("InvalidApprovalTokenException", f"{text} {hint}")
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


def _approval(pipeline: Pipeline, stage: str, action: str, *, token: str) -> ActionRun:
    for run in pipeline.runs.values():
        if run.token == token and (run.stage, run.action) == (stage, action):
            return run
    raise ApiError("InvalidApprovalTokenException", "Invalid approval token")
