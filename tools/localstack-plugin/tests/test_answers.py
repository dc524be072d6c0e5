"""Approvals and jobs: actions that end when somebody answers, or when their time is up."""

from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import RunAction
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import (
    ActionNotFoundException,
    ApprovalAlreadyCompletedException,
    InvalidApprovalTokenException,
    InvalidJobStateException,
    JobNotFoundException,
    OutputVariablesSizeExceededException,
    StageNotFoundException,
)

Json = dict[str, Any]
Running = Callable[..., RunAction]
Start = Callable[..., str]
Status = Callable[[str], str]

UNKNOWN = "12345678-1234-4678-8bcd-12345678abcd"


@pytest.fixture
def asked(shop: Callable[..., Driver], start: Start, running: Running, shapes: Json) -> Driver:
    """An execution of `shop` that waits for the approval Ok in the stage Ask."""
    ask = shapes["action"]("Ok", "Approval/Manual", {"CustomData": "look"})
    driver = shop(shapes["stage"]("Ask", ask), shapes["stage"]("Deploy", shapes["deploy"]()))
    start()
    driver.finish(running("Fetch"))
    return driver


@pytest.fixture
def checked(shop: Callable[..., Driver], start: Start, running: Running, shapes: Json) -> Driver:
    """An execution of `shop` that waits for the Lambda action Check, in the namespace Found."""
    check = shapes["action"]("Check", "Invoke/Lambda", {"FunctionName": "f"}, namespace="Found")
    deploy = shapes["deploy"](configuration={"ObjectKey": "#{Found.where}"})
    driver = shop(shapes["stage"]("Check", check), shapes["stage"]("Deploy", deploy))
    start()
    driver.finish(running("Fetch"))
    return driver


def answer(driver: Driver, token: str, word: str = "Approved", **more: Any) -> Json:
    """Answer the approval Ok."""
    request = {
        "pipelineName": "shop",
        "stageName": "Ask",
        "actionName": "Ok",
        "result": {"summary": "seen", "status": word},
        "token": token,
    }
    return driver.call("PutApprovalResult", **(request | more))


def only_execution(driver: Driver) -> Json:
    """Return the summary of the one execution."""
    listed = driver.call("ListPipelineExecutions", pipelineName="shop")
    (summary,) = listed["pipelineExecutionSummaries"]
    return dict(summary)


def state_of(driver: Driver, stage: int) -> Json:
    """Return the state of the first action of a stage."""
    found = driver.call("GetPipelineState", name="shop")["stageStates"][stage]["actionStates"][0]
    return dict(found)


def test_approval_shows_its_token_and_goes_on_when_approved(
    asked: Driver, running: Running
) -> None:
    """GetPipelineState gives the token; the answer, with who gave it, moves the execution on."""
    token = state_of(asked, 1)["latestExecution"]["token"]
    assert token == running("Ok").token
    assert answer(asked, token)["approvedAt"] == asked.now
    latest = state_of(asked, 1)["latestExecution"]
    assert latest["status"] == "Succeeded"
    assert latest["summary"] == "seen"
    assert latest["lastUpdatedBy"] == asked.caller
    assert "token" not in latest
    assert running("Publish")


def test_approval_of_a_parallel_execution_is_listed_with_its_token(
    shop: Callable[..., Driver], start: Start, running: Running, shapes: Json
) -> None:
    """GetPipelineState does not name it; ListActionExecutions does, of each execution its own."""
    ask = shapes["action"]("Ok", "Approval/Manual", {})
    driver = shop(shapes["stage"]("Ask", ask), executionMode="PARALLEL")
    executions = [start(), start()]
    for each in executions:
        driver.finish(running("Fetch", each))
    assert "token" not in state_of(driver, 1)["latestExecution"]
    for each in executions:
        chosen = {"pipelineExecutionId": each}
        listed = driver.call("ListActionExecutions", pipelineName="shop", filter=chosen)
        (asks,) = [one for one in listed["actionExecutionDetails"] if one["status"] == "InProgress"]
        answer(driver, asks["output"]["executionResult"]["externalExecutionId"])
    summaries = driver.call("ListPipelineExecutions", pipelineName="shop")
    assert {one["status"] for one in summaries["pipelineExecutionSummaries"]} == {"Succeeded"}


def test_rejection_fails_the_execution(asked: Driver, running: Running) -> None:
    """A rejected approval is a failed action whose summary is the reason."""
    answer(asked, running("Ok").token, "Rejected")
    assert only_execution(asked)["status"] == "Failed"
    latest = state_of(asked, 1)["latestExecution"]
    assert latest["errorDetails"]["message"] == "The approval was rejected: seen"


def test_approval_is_answered_once(asked: Driver, running: Running) -> None:
    """The token of an approval that has been answered is refused with an error of its own."""
    token = running("Ok").token
    answer(asked, token)
    with pytest.raises(ApprovalAlreadyCompletedException):
        answer(asked, token)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"token": UNKNOWN}, InvalidApprovalTokenException),
        ({"stageName": "Nowhere"}, StageNotFoundException),
        ({"actionName": "Nobody"}, ActionNotFoundException),
        ({"stageName": "Deploy", "actionName": "Publish"}, InvalidApprovalTokenException),
    ],
)
def test_approval_must_be_the_one_that_waits(
    asked: Driver, running: Running, change: Json, error: type[Exception]
) -> None:
    """Token, stage and action must belong together."""
    token = running("Ok").token
    with pytest.raises(error):
        answer(asked, **({"token": token} | change))


def test_approval_ends_after_seven_days(asked: Driver) -> None:
    """Nobody answers, and the action fails when its time is up, not before."""
    week = 7 * 24 * 3600
    asked.pass_time(week - 1)
    assert only_execution(asked)["status"] == "InProgress"
    assert asked.model.next_deadline() is not None
    asked.pass_time(1)
    assert only_execution(asked)["status"] == "Failed"
    assert state_of(asked, 1)["latestExecution"]["errorDetails"]["code"] == "TimedOut"
    assert asked.model.next_deadline() is None


def test_timeout_of_the_action_comes_first(
    shop: Callable[..., Driver], start: Start, running: Running, status: Status, shapes: Json
) -> None:
    """timeoutInMinutes of the declaration replaces the default."""
    ask = shapes["action"]("Ok", "Approval/Manual", timeoutInMinutes=5)
    driver = shop(shapes["stage"]("Ask", ask))
    execution = start()
    driver.finish(running("Fetch"))
    driver.pass_time(300)
    assert status(execution) == "Failed"


def test_job_success_hands_on_its_variables(checked: Driver, running: Running) -> None:
    """A job that succeeds moves the execution on, and later actions see its variables."""
    checked.call(
        "PutJobSuccessResult",
        jobId=running("Check").job_id,
        executionDetails={"summary": "fine", "externalExecutionId": "x1"},
        outputVariables={"where": "here"},
    )
    assert running("Publish").configuration["ObjectKey"] == "here"
    latest = state_of(checked, 1)["latestExecution"]
    assert latest["summary"] == "fine"
    assert latest["externalExecutionId"] == "x1"


def test_job_failure_gives_its_reason(checked: Driver, running: Running) -> None:
    """The type and message of a failed job are the action's error."""
    details = {"type": "PermissionError", "message": "may not", "externalExecutionId": "x2"}
    checked.call("PutJobFailureResult", jobId=running("Check").job_id, failureDetails=details)
    assert only_execution(checked)["status"] == "Failed"
    error = state_of(checked, 1)["latestExecution"]["errorDetails"]
    assert error == {"code": "PermissionError", "message": "may not"}


def test_continuation_token_runs_the_job_again(checked: Driver, running: Running) -> None:
    """A success with a continuation token is no end: the function is asked again with it."""
    job = running("Check").job_id
    checked.call(
        "PutJobSuccessResult",
        jobId=job,
        continuationToken="more",
        executionDetails={"percentComplete": 40},
    )
    assert running("Check").continuation_token == "more"
    assert state_of(checked, 1)["latestExecution"]["percentComplete"] == 40
    checked.call("PutJobSuccessResult", jobId=job)
    assert state_of(checked, 1)["latestExecution"]["status"] == "Succeeded"


def test_job_has_one_result(checked: Driver, running: Running) -> None:
    """A second result, and a result for an unknown job, are refused."""
    job = running("Check").job_id
    checked.call("PutJobSuccessResult", jobId=job, outputVariables={"where": "x"})
    details = {"type": "JobFailed", "message": "no"}
    with pytest.raises(InvalidJobStateException):
        checked.call("PutJobFailureResult", jobId=job, failureDetails=details)
    with pytest.raises(JobNotFoundException):
        checked.call("PutJobSuccessResult", jobId=UNKNOWN)


def test_job_may_not_hand_on_too_much(checked: Driver, running: Running) -> None:
    """Variables beyond 122,880 bytes are refused and the job goes on."""
    job = running("Check").job_id
    with pytest.raises(OutputVariablesSizeExceededException):
        checked.call("PutJobSuccessResult", jobId=job, outputVariables={"where": "x" * 122_880})
    assert only_execution(checked)["status"] == "InProgress"


def test_jobs_of_a_deleted_pipeline_are_gone(checked: Driver, running: Running) -> None:
    """Deleting the pipeline abandons its actions and forgets its jobs."""
    check = running("Check")
    checked.call("DeletePipeline", name="shop")
    assert not checked.open
    with pytest.raises(JobNotFoundException):
        checked.call("PutJobSuccessResult", jobId=check.job_id)
    checked.finish(check)
