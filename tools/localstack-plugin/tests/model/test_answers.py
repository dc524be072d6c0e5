"""Approvals: actions that end with an answer, or with their timeout."""

from typing import Any

import pytest

from shop import UNKNOWN_ID, Json, Shop, action, deploy, fetched, refused, stage


def waiting_for_approval() -> Shop:
    """Return a shop whose execution waits for the approval Ok in the stage Ask."""
    ask = action("Ok", "Approval/Manual", {"CustomData": "look"})
    shop, _ = fetched(stage("Ask", ask), stage("Deploy", deploy()))
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
