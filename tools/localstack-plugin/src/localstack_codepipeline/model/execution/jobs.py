"""The operations that report the result of a job, as the function of a Lambda action does.

Seen on AWS: the same result may come again; the result of an action that was abandoned is accepted
and changes nothing; a continuation is a job with another id.
"""

from dataclasses import replace
from typing import Any

from localstack_codepipeline.model.effects import ActionResult, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import flow, runs
from localstack_codepipeline.model.state import ActionRun, Pipeline, Turn

MOST_VARIABLE_BYTES = 122_880


def put_job_success_result(turn: Turn, request: Json) -> Json:
    """Record a job's success; with a continuation token, run the action again as a new job."""
    variables, continuation = request.get("outputVariables", {}), request.get("continuationToken")
    if variables and continuation:
        text = "A job can not contain both a continuation token and output variables."
        raise ApiError("ValidationException", text)
    size = sum(len(f"{key}{value}".encode()) for key, value in variables.items())
    if size > MOST_VARIABLE_BYTES:
        text = f"Output variables may have {MOST_VARIABLE_BYTES} bytes in all"
        raise ApiError("OutputVariablesSizeExceededException", text)
    if (found := _awaited(turn, request, succeeded=True)) is None:
        return {}
    pipeline, run = found
    if continuation:
        _continue(turn, pipeline, run, request=request)
        return {}
    region = run.declaration.get("region", turn.estate.region)
    result = ActionResult(url=_logs(run, region), variables=variables)
    flow.finish(turn, pipeline, run, result=result)
    return {}


def put_job_failure_result(turn: Turn, request: Json) -> Json:
    """Record a job's failure."""
    if (found := _awaited(turn, request, succeeded=False)) is None:
        return {}
    pipeline, run = found
    details = request["failureDetails"]
    result = ActionResult(
        error_code=details["type"], error_message=details["message"], summary=details["message"]
    )
    flow.finish(turn, pipeline, run, result=result)
    return {}


def _awaited(turn: Turn, request: Json, *, succeeded: bool) -> tuple[Pipeline, ActionRun] | None:
    """Record the result of the job; return its action, or None if nothing waits for the result."""
    job_id = request["jobId"]
    if job_id not in turn.estate.jobs:
        raise ApiError("JobNotFoundException", f"Job with id '{job_id}' does not exist")
    job = turn.estate.jobs[job_id]
    answer: tuple[bool, Any] = succeeded, {**request, "jobId": ""}
    if job.answer == answer:
        return None
    if job.answer and job.answer[0] == succeeded:
        text = f"The status of job with id {job_id} is already set to the desired value. It cannot"
        rest = "be updated with the same status, but different result or output variables."
        raise ApiError("InvalidJobStateException", f"{text} {rest}")
    if job.answer:
        text = f"Job with id {job_id} has already terminated"
        raise ApiError("InvalidJobStateException", text)
    turn.estate.jobs[job_id] = job._replace(answer=answer)
    pipeline = turn.estate.pipelines[job.pipeline]
    run = pipeline.runs[job.run_id]
    return (pipeline, run) if run.status == "InProgress" else None


def _continue(turn: Turn, pipeline: Pipeline, run: ActionRun, *, request: Json) -> None:
    details = request.get("executionDetails", {})
    run.result = replace(run.result, summary=details.get("summary", run.result.summary))
    run.percent = details.get("percentComplete", run.percent)
    run.updated_at = turn.now
    runs.open_job(turn, pipeline, run)
    execution = pipeline.executions[run.execution_id]
    continuation = request["continuationToken"]
    effect = runs.run_effect(turn, pipeline, execution, run=run, continuation=continuation)
    turn.effects.append(effect)


def _logs(run: ActionRun, region: str) -> str:
    group = f"%252Faws%252Flambda%252F{run.result.external_id}"
    return f"https://console.aws.amazon.com/cloudwatch/home?region={region}#logStream:group={group}"
