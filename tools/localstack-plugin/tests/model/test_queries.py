"""The read operations; every answer has the shape of AWS's service model."""

from typing import Any

import pytest
from botocore.validate import ParamValidator

from localstack_codepipeline.model import ActionResult, Revision
from localstack_codepipeline.model.service import OPERATIONS
from localstack_codepipeline.validation import service_model
from shop import (
    ARN,
    FAILED,
    UNKNOWN_ID,
    Json,
    Shop,
    action,
    condition,
    declare,
    deploy,
    fetched,
    refused,
    rule,
    stage,
)


def test_executions_are_listed_newest_first_in_pages() -> None:
    """The newest execution comes first, and each page continues the one before."""
    shop = Shop(executionMode="PARALLEL")
    executions = [shop.start() for _ in range(3)]
    first = shop.call("ListPipelineExecutions", pipelineName="shop", maxResults=2)
    second = shop.call("ListPipelineExecutions", pipelineName="shop", nextToken=first["nextToken"])
    listed = first["pipelineExecutionSummaries"] + second["pipelineExecutionSummaries"]
    assert [one["pipelineExecutionId"] for one in listed] == executions[::-1]
    assert "nextToken" not in second


def test_executions_are_chosen_by_the_stage_they_passed() -> None:
    """The filter succeededInStage returns only executions that succeeded in that stage."""
    shop = Shop(executionMode="PARALLEL")
    passed, _ = shop.start(), shop.start()
    shop.end("Fetch", execution=passed)
    listed = shop.call(
        "ListPipelineExecutions",
        pipelineName="shop",
        filter={"succeededInStage": {"stageName": "Source"}},
    )
    assert [one["pipelineExecutionId"] for one in listed["pipelineExecutionSummaries"]] == [passed]


def test_action_executions_show_the_failure() -> None:
    """The failed action comes first, with its error, summary and link."""
    shop, execution = fetched()
    shop.end("Publish", FAILED)
    shop.start()
    listed = shop.call(
        "ListActionExecutions",
        pipelineName="shop",
        filter={"pipelineExecutionId": execution},
    )["actionExecutionDetails"]
    assert [(one["stageName"], one["actionName"], one["status"]) for one in listed] == [
        ("Deploy", "Publish", "Failed"),
        ("Source", "Fetch", "Succeeded"),
    ]
    assert listed[0]["output"]["executionResult"] == {
        "externalExecutionSummary": "Broke",
        "externalExecutionUrl": "https://x.test",
        "errorDetails": {"code": "JobFailed", "message": "no"},
    }
    assert listed[0]["input"]["inputArtifacts"] == listed[1]["output"]["outputArtifacts"]


@pytest.mark.parametrize(("time_range", "count"), [("All", 3), ("Latest", 1)])
def test_action_executions_since_the_last_retry(time_range: str, count: int) -> None:
    """The range Latest leaves out actions that ran before the retry."""
    shop, execution = fetched()
    shop.end("Publish", FAILED)
    shop.retry(execution)
    latest = {"pipelineExecutionId": execution, "startTimeRange": time_range}
    listed = shop.call(
        "ListActionExecutions", pipelineName="shop", filter={"latestInPipelineExecution": latest}
    )
    assert len(listed["actionExecutionDetails"]) == count


def test_actions_of_an_unknown_execution_are_an_error() -> None:
    """The filter must name an execution of the pipeline."""
    unknown = {"pipelineExecutionId": UNKNOWN_ID}
    shop = Shop()
    with refused("PipelineExecutionNotFoundException"):
        shop.call("ListActionExecutions", pipelineName="shop", filter=unknown)


def test_state_shows_each_stage_and_action() -> None:
    """Each stage and action shows its latest execution, revision and retries."""
    shop = Shop()
    execution = shop.start()
    shop.end("Fetch", ActionResult(revision=Revision("v7", url="https://x.test", change_id="e")))
    shop.end("Publish", FAILED)
    shop.retry(execution, mode="ALL_ACTIONS")
    source, deploy = shop.call("GetPipelineState", name="shop")["stageStates"]
    assert source["latestExecution"]["status"] == "Succeeded"
    assert source["actionStates"][0]["currentRevision"]["revisionId"] == "v7"
    assert source["inboundTransitionState"] == {"enabled": True}
    assert deploy["latestExecution"]["pipelineExecutionId"] == execution
    assert deploy["actionStates"][0]["latestExecution"]["status"] == "InProgress"
    assert deploy["retryStageMetadata"]["manualStageRetryAttempt"] == 1


def test_state_of_a_pipeline_that_never_ran() -> None:
    """The stages and actions have only their names."""
    stages = Shop().call("GetPipelineState", name="shop")["stageStates"]
    assert [stage["actionStates"] for stage in stages] == [
        [{"actionName": "Fetch"}],
        [{"actionName": "Publish"}],
    ]


def test_every_answer_has_the_shape_of_the_service_model() -> None:
    """Each operation's answer fits botocore's output shape and has no unknown members."""
    ask = action("Ok", "Approval/Manual", {"ExternalEntityLink": "https://x.test"})
    check = action("Check", "Invoke/Lambda", {"FunctionName": "f"}, runOrder=2)
    last = action("Last", "Invoke/Lambda", {"FunctionName": "f"}, runOrder=3)
    shop = Shop(
        stage("Ask", ask, check, last),
        variables=[{"name": "A", "defaultValue": "1"}],
        executionMode="QUEUED",
    )
    answers = _answers_about_conditions()

    def call(operation: str, **request: Any) -> Json:
        answers.append((operation, shop.call(operation, **request)))
        return answers[-1][1]

    place = {"pipelineName": "shop", "stageName": "Ask"}
    execution = call("StartPipelineExecution", name="shop")["pipelineExecutionId"]
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    waiting = shop.start()
    created = Revision("v1", "one", "https://x.test", "etag", shop.now)
    shop.end("Fetch", ActionResult(revision=created), execution=execution)
    result = {"status": "Approved", "summary": ""}
    call(
        "PutApprovalResult", **place, actionName="Ok", result=result, token=shop.running("Ok").token
    )
    call("PutJobSuccessResult", jobId=shop.running("Check").job_id, outputVariables={"a": "b"})
    details = {"type": "JobFailed", "message": "no"}
    call("PutJobFailureResult", jobId=shop.running("Last").job_id, failureDetails=details)
    call("RetryStageExecution", **named, stageName="Ask", retryMode="FAILED_ACTIONS")
    call("DisableStageTransition", **place, transitionType="Inbound", reason="frozen")
    shop.end("Fetch", execution=waiting)
    call("StopPipelineExecution", **named, reason="enough")
    call("TagResource", resourceArn=ARN, tags=[{"key": "a", "value": "b"}])
    call("ListTagsForResource", resourceArn=ARN)
    call("GetPipelineState", name="shop")
    call("GetPipelineExecution", **named)
    call("ListPipelineExecutions", pipelineName="shop", maxResults=1)
    call("ListActionExecutions", pipelineName="shop")
    call("EnableStageTransition", **place, transitionType="Inbound")
    call("GetPipeline", name="shop")
    call("ListPipelines")
    call("CreatePipeline", pipeline=declare(name="second"))
    call("UpdatePipeline", pipeline=declare(name="second"))
    call("ListActionTypes")
    webhook = {
        "name": "pushed",
        "targetPipeline": "shop",
        "targetAction": "Fetch",
        "filters": [{"jsonPath": "$.ref"}],
        "authentication": "UNAUTHENTICATED",
        "authenticationConfiguration": {},
    }
    call("PutWebhook", webhook=webhook)
    call("ListWebhooks", MaxResults=1)
    call("DeleteWebhook", name="pushed")
    call("UntagResource", resourceArn=ARN, tagKeys=["a"])
    call("DeletePipeline", name="shop")

    assert {operation for operation, _ in answers} == OPERATIONS.keys()
    for operation, answer in answers:
        shape = service_model().operation_model(operation).output_shape
        if shape is None:
            assert answer == {}, operation
            continue
        assert _unknown(shape, answer) == [], operation
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def _answers_about_conditions() -> list[tuple[str, Json]]:
    """Return the answers of operations about a stage with conditions, a retry and a rollback."""
    gated = stage(
        "Deploy",
        deploy(),
        beforeEntry=condition("FAIL", rule(), rule("Other")),
        onSuccess=condition("FAIL", rule()),
        onFailure={"result": "RETRY"},
    )
    shop, execution = fetched(gated)
    place = {"pipelineName": "shop", "stageName": "Deploy"}
    named = {**place, "pipelineExecutionId": execution}
    shop.end("Other", FAILED)
    overridden = shop.call("OverrideStageCondition", **named, conditionType="BEFORE_ENTRY")
    shop.end("Publish", FAILED)
    shop.end("Publish")
    shop.end("Check", ActionResult(summary="Fine", url="https://x.test", external_id="f"))
    back = shop.call("RollbackStage", **place, targetPipelineExecutionId=execution)
    state = shop.call("GetPipelineState", name="shop")
    shop.start()
    shop.end("Publish")
    shop.end("Fetch")
    return [
        ("OverrideStageCondition", overridden),
        ("RollbackStage", back),
        ("GetPipelineState", state),
        ("GetPipelineState", shop.call("GetPipelineState", name="shop")),
        ("GetPipelineExecution", {"pipelineExecution": shop.shown(back["pipelineExecutionId"])}),
        ("ListPipelineExecutions", shop.call("ListPipelineExecutions", pipelineName="shop")),
        ("ListRuleExecutions", shop.call("ListRuleExecutions", pipelineName="shop")),
        ("ListRuleTypes", shop.call("ListRuleTypes")),
    ]


def _unknown(shape: Any, value: Any) -> list[str]:
    """List the members that the shape does not have; botocore itself would ignore them."""
    if shape.type_name == "structure":
        known = [name for name in value if name in shape.members]
        strange = [name for name in value if name not in shape.members]
        inner = [_unknown(shape.members[name], value[name]) for name in known]
        return strange + [name for names in inner for name in names]
    if shape.type_name == "list":
        return [name for one in value for name in _unknown(shape.member, one)]
    return []
