"""Approvals and jobs: actions that end with an answer, or with their timeout."""

from typing import Any

import pytest

from shop import UNKNOWN_ID, Json, Shop, action, deploy, fetched, refused, stage


def waiting_for_approval() -> Shop:
    """Return a shop whose execution waits for the approval Ok in the stage Ask."""
    ask = action("Ok", "Approval/Manual", {"CustomData": "look"})
    shop, _ = fetched(stage("Ask", ask), stage("Deploy", deploy()))
    return shop


def waiting_for_job() -> Shop:
    """Return a shop whose execution waits for the Lambda action Check, in the namespace Found."""
    check = action("Check", "Invoke/Lambda", {"FunctionName": "f"}, namespace="Found")
    publish = deploy(configuration={"ObjectKey": "#{Found.where}"})
    shop, _ = fetched(stage("Check", check), stage("Deploy", publish))
    return shop


def answer(shop: Shop, token: str, word: str = "Approved", **more: Any) -> Json:
    """Answer the approval Ok."""
    request = {
        "pipelineName": "shop",
        "stageName": "Ask",
        "actionName": "Ok",
        "result": {"summary": "seen", "status": word},
        "token": token,
    }
    return shop.call("PutApprovalResult", **(request | more))


def only_execution(shop: Shop) -> Json:
    """Return the summary of the only execution."""
    listed = shop.call("ListPipelineExecutions", pipelineName="shop")
    (summary,) = listed["pipelineExecutionSummaries"]
    return dict(summary)


def state_of(shop: Shop, stage: int) -> Json:
    """Return the state of the first action of a stage."""
    found = shop.call("GetPipelineState", name="shop")["stageStates"][stage]["actionStates"][0]
    return dict(found)


def test_approval_shows_its_token_and_goes_on_when_approved() -> None:
    """GetPipelineState shows the token, and after approval who approved; the execution goes on."""
    shop = waiting_for_approval()
    token = state_of(shop, 1)["latestExecution"]["token"]
    assert token == shop.running("Ok").token
    assert answer(shop, token)["approvedAt"] == shop.now
    latest = state_of(shop, 1)["latestExecution"]
    assert latest["status"] == "Succeeded"
    assert latest["summary"] == "seen"
    assert latest["lastUpdatedBy"] == shop.caller
    assert "token" not in latest
    assert shop.running("Publish")


def test_approval_of_a_parallel_execution_is_listed_with_its_token() -> None:
    """In PARALLEL mode only ListActionExecutions shows the token, one for each execution."""
    ask = action("Ok", "Approval/Manual", {})
    shop = Shop(stage("Ask", ask), executionMode="PARALLEL")
    executions = [shop.start(), shop.start()]
    for each in executions:
        shop.end("Fetch", execution=each)
    assert "token" not in state_of(shop, 1)["latestExecution"]
    for each in executions:
        chosen = {"pipelineExecutionId": each}
        listed = shop.call("ListActionExecutions", pipelineName="shop", filter=chosen)
        (asks,) = [one for one in listed["actionExecutionDetails"] if one["status"] == "InProgress"]
        answer(shop, asks["output"]["executionResult"]["externalExecutionId"])
    summaries = shop.call("ListPipelineExecutions", pipelineName="shop")
    assert {one["status"] for one in summaries["pipelineExecutionSummaries"]} == {"Succeeded"}


def test_rejection_fails_the_execution() -> None:
    """A rejected approval fails the execution, and its error contains the given summary."""
    shop = waiting_for_approval()
    answer(shop, shop.running("Ok").token, "Rejected")
    assert only_execution(shop)["status"] == "Failed"
    latest = state_of(shop, 1)["latestExecution"]
    assert latest["errorDetails"]["message"] == "The approval was rejected: seen"


def test_approval_is_answered_once() -> None:
    """A second answer with the same token raises ApprovalAlreadyCompletedException."""
    shop = waiting_for_approval()
    token = shop.running("Ok").token
    answer(shop, token)
    with refused("ApprovalAlreadyCompletedException"):
        answer(shop, token)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"token": UNKNOWN_ID}, "InvalidApprovalTokenException"),
        ({"stageName": "Nowhere"}, "StageNotFoundException"),
        ({"actionName": "Nobody"}, "ActionNotFoundException"),
        ({"stageName": "Deploy", "actionName": "Publish"}, "InvalidApprovalTokenException"),
    ],
)
def test_approval_rejects_a_token_of_another_action(change: Json, error: str) -> None:
    """Token, stage and action of an answer must belong together."""
    shop = waiting_for_approval()
    token = shop.running("Ok").token
    with refused(error):
        answer(shop, **({"token": token} | change))


def test_approval_ends_after_seven_days() -> None:
    """An approval without an answer fails after exactly seven days."""
    shop = waiting_for_approval()
    week = 7 * 24 * 3600
    shop.pass_time(week - 1)
    assert only_execution(shop)["status"] == "InProgress"
    shop.pass_time(1)
    assert only_execution(shop)["status"] == "Failed"
    assert state_of(shop, 1)["latestExecution"]["errorDetails"]["code"] == "TimedOut"


def test_timeout_of_the_action_replaces_the_default() -> None:
    """An action with timeoutInMinutes fails after that time."""
    ask = action("Ok", "Approval/Manual", timeoutInMinutes=5)
    shop, execution = fetched(stage("Ask", ask))
    shop.pass_time(300)
    assert shop.status(execution) == "Failed"


def test_job_success_passes_on_its_variables() -> None:
    """After a job succeeds, later actions can use its output variables."""
    shop = waiting_for_job()
    shop.call(
        "PutJobSuccessResult",
        jobId=shop.running("Check").job_id,
        executionDetails={"summary": "fine", "externalExecutionId": "x1"},
        outputVariables={"where": "here"},
    )
    assert shop.running("Publish").configuration["ObjectKey"] == "here"
    latest = state_of(shop, 1)["latestExecution"]
    assert latest["summary"] == "fine"
    assert latest["externalExecutionId"] == "x1"


def test_job_failure_gives_its_reason() -> None:
    """Type and message of a failed job become the action's error."""
    shop = waiting_for_job()
    details = {"type": "PermissionError", "message": "may not", "externalExecutionId": "x2"}
    shop.call("PutJobFailureResult", jobId=shop.running("Check").job_id, failureDetails=details)
    assert only_execution(shop)["status"] == "Failed"
    error = state_of(shop, 1)["latestExecution"]["errorDetails"]
    assert error == {"code": "PermissionError", "message": "may not"}


def test_continuation_token_runs_the_job_again() -> None:
    """A success with a continuation token runs the job again with that token."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    shop.call(
        "PutJobSuccessResult",
        jobId=job,
        continuationToken="more",
        executionDetails={"percentComplete": 40},
    )
    assert shop.running("Check").continuation_token == "more"
    assert state_of(shop, 1)["latestExecution"]["percentComplete"] == 40
    shop.call("PutJobSuccessResult", jobId=job)
    assert state_of(shop, 1)["latestExecution"]["status"] == "Succeeded"


def test_job_has_one_result() -> None:
    """A second result of a job, and a result for an unknown job, are rejected."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    shop.call("PutJobSuccessResult", jobId=job, outputVariables={"where": "x"})
    details = {"type": "JobFailed", "message": "no"}
    with refused("InvalidJobStateException"):
        shop.call("PutJobFailureResult", jobId=job, failureDetails=details)
    with refused("JobNotFoundException"):
        shop.call("PutJobSuccessResult", jobId=UNKNOWN_ID)


def test_output_variables_have_a_limit() -> None:
    """Output variables of more than 122,880 bytes are rejected, and the job keeps running."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    with refused("OutputVariablesSizeExceededException"):
        shop.call("PutJobSuccessResult", jobId=job, outputVariables={"where": "x" * 122_880})
    assert only_execution(shop)["status"] == "InProgress"


def test_jobs_of_a_deleted_pipeline_are_gone() -> None:
    """Deleting a pipeline abandons its actions and removes its jobs."""
    shop = waiting_for_job()
    check = shop.running("Check")
    shop.call("DeletePipeline", name="shop")
    assert not shop.open
    with refused("JobNotFoundException"):
        shop.call("PutJobSuccessResult", jobId=check.job_id)
    shop.finish(check)
