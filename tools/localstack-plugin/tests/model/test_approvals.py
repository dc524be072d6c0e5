"""Manual approvals as AWS shows them: who answered, and which can no longer be answered."""

from datetime import timedelta
from typing import Any

import pytest

from shop import Json, Shop, action, declare, deploy, fetched, refused, stage

CANCELED = "The approval action has been canceled."


def asking(**more: Any) -> tuple[Shop, str]:
    """Return a shop whose execution waits for the approval Ok, and the execution's id."""
    return fetched(stage("Ask", action("Ok", "Approval/Manual")), stage("Deploy", deploy()), **more)


def answer(shop: Shop, token: str, word: str) -> None:
    """Answer the approval Ok."""
    place = {"pipelineName": "shop", "stageName": "Ask", "actionName": "Ok"}
    shop.call("PutApprovalResult", **place, result={"summary": "seen", "status": word}, token=token)


def listed(shop: Shop) -> Json:
    """Return the approval as ListActionExecutions shows it."""
    found = shop.call("ListActionExecutions", pipelineName="shop")["actionExecutionDetails"]
    return dict(next(each for each in found if each["actionName"] == "Ok"))


def shown(shop: Shop) -> Json:
    """Return the approval as GetPipelineState shows it."""
    stages = shop.call("GetPipelineState", name="shop")["stageStates"]
    return dict(stages[1]["actionStates"][0]["latestExecution"])


@pytest.mark.parametrize("mode", ["SUPERSEDED", "PARALLEL"])
def test_the_token_is_the_id_of_the_action_execution(mode: str) -> None:
    """An approval is answered with the id of its action execution, in each mode."""
    shop, execution = asking(executionMode=mode)
    answer(shop, listed(shop)["actionExecutionId"], "Approved")
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


@pytest.mark.parametrize("word", ["Approved", "Rejected"])
def test_an_answer_has_its_person_its_words_and_its_id(word: str) -> None:
    """The list and the event of an answered approval name who answered, the words and the id.

    The state of the pipeline shows the words, and not the id.
    """
    shop, _ = asking()
    answer(shop, shop.running("Ok").token, word)
    found = listed(shop)
    assert found["updatedBy"] == shop.caller
    assert "externalExecutionId" not in shown(shop)
    result = found["output"]["executionResult"]
    assert result["externalExecutionSummary"] == "seen"
    assert result["externalExecutionId"] == found["actionExecutionId"]
    event = [each for each in shop.events if each.detail.get("action") == "Ok"][-1]
    assert event.detail["execution-result"]["external-execution-id"] == found["actionExecutionId"]
    assert event.detail["execution-result"].get("error-code") == (
        "JobFailed" if word == "Rejected" else None
    )


def test_an_approval_is_shown_late() -> None:
    """The state can show an approval seconds late. Its token is valid from the start."""
    link = {"ExternalEntityLink": "https://x.test"}
    shop, _ = fetched(stage("Ask", action("Ok", "Approval/Manual", link)))
    token = shop.running("Ok").token
    shop.model.pipelines["shop"].runs[token].token_shown_at = shop.now + timedelta(seconds=15)
    early = {"actionName": "Ok", "entityUrl": "https://x.test"}
    assert shop.stage("Ask")["actionStates"] == [early]
    answered = shop.clone()
    shop.pass_time(15)
    assert shown(shop) == {"actionExecutionId": token, "status": "InProgress", "token": token}
    answer(answered, token, "Approved")
    assert shown(answered)["status"] == "Succeeded"


def test_an_approval_may_require_a_summary() -> None:
    """With IsSummaryRequired an answer without a summary is rejected, and the token stays good."""
    shop, execution = fetched(
        stage("Ask", action("Ok", "Approval/Manual", {"IsSummaryRequired": "true"}))
    )
    token = shop.running("Ok").token
    place = {"pipelineName": "shop", "stageName": "Ask", "actionName": "Ok", "token": token}
    empty = {"summary": "", "status": "Approved"}
    with refused("InvalidApprovalTokenException", "Action 'Ok' in stage 'Ask' requires a summary"):
        shop.call("PutApprovalResult", **place, result=empty)
    answer(shop, token, "Approved")
    assert shop.status(execution) == "Succeeded"


def test_an_abandoned_approval_cannot_be_answered() -> None:
    """After an abandon the state says that the approval failed, and its token is invalid."""
    shop, execution = asking()
    token = shop.running("Ok").token
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    shop.call("StopPipelineExecution", **named, abandon=True, reason="wrong build")
    assert (shown(shop)["status"], shown(shop)["summary"]) == ("Failed", CANCELED)
    with refused("InvalidApprovalTokenException"):
        answer(shop, token, "Approved")
    found = shop.call("GetPipelineExecution", **named)["pipelineExecution"]
    assert (found["status"], found["statusSummary"]) == ("Stopped", "wrong build")


def test_an_update_can_leave_the_execution_in_progress() -> None:
    """As seen on AWS: no event, the list says InProgress, the state Failed, the token is dead."""
    shop, execution = asking()
    token, events = shop.running("Ok").token, len(shop.events)
    shop.model.update_cancels = False
    ask = stage("Ask", action("Ok", "Approval/Manual"))
    shop.call("UpdatePipeline", pipeline=declare(ask, stage("Deploy", deploy())))
    assert shop.status(execution) == "InProgress"
    assert len(shop.events) == events
    assert (listed(shop)["status"], listed(shop)["pipelineVersion"]) == ("InProgress", 1)
    assert shop.call("GetPipelineState", name="shop")["pipelineVersion"] == 2
    assert (shown(shop)["status"], shown(shop)["summary"]) == ("Failed", CANCELED)
    with refused("InvalidApprovalTokenException"):
        answer(shop, token, "Approved")
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    shop.call("StopPipelineExecution", **named, abandon=True)
    assert shop.status(execution) == "Stopped"
