"""What can be read about executions, and that every answer has the shape of AWS's model."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.validate import ParamValidator

from localstack_codepipeline.model import ActionResult, Revision, RunAction
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import PipelineExecutionNotFoundException
from localstack_codepipeline.model.service import OPERATIONS
from localstack_codepipeline.validation import service_model

Json = dict[str, Any]
Shop = Callable[..., Driver]
Start = Callable[..., str]
Running = Callable[..., RunAction]

FAILED = ActionResult("JobFailed", "no", summary="Broke", url="https://x.test")
ARN = "arn:aws:codepipeline:us-east-1:000000000000:shop"


def test_executions_are_listed_newest_first_in_pages(
    shop: Shop, start: Start, driver: Driver
) -> None:
    """Each page goes on where the one before ended."""
    shop(executionMode="PARALLEL")
    executions = [start() for _ in range(3)]
    first = driver.call("ListPipelineExecutions", pipelineName="shop", maxResults=2)
    second = driver.call(
        "ListPipelineExecutions", pipelineName="shop", nextToken=first["nextToken"]
    )
    listed = first["pipelineExecutionSummaries"] + second["pipelineExecutionSummaries"]
    assert [one["pipelineExecutionId"] for one in listed] == executions[::-1]
    assert "nextToken" not in second


def test_executions_are_chosen_by_the_stage_they_passed(
    shop: Shop, start: Start, running: Running
) -> None:
    """succeededInStage leaves those that succeeded in that stage."""
    driver = shop(executionMode="PARALLEL")
    passed, _ = start(), start()
    driver.finish(running("Fetch", passed))
    listed = driver.call(
        "ListPipelineExecutions",
        pipelineName="shop",
        filter={"succeededInStage": {"stageName": "Source"}},
    )
    assert [one["pipelineExecutionId"] for one in listed["pipelineExecutionSummaries"]] == [passed]


def test_action_executions_tell_the_failure(shop: Shop, start: Start, running: Running) -> None:
    """The newest comes first, with its error, summary and link."""
    driver = shop()
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    start()
    listed = driver.call(
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
def test_action_executions_since_the_last_retry(
    shop: Shop, start: Start, running: Running, time_range: str, count: int
) -> None:
    """The range Latest leaves out what ran before the execution was resumed."""
    driver = shop()
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    driver.call(
        "RetryStageExecution",
        pipelineName="shop",
        stageName="Deploy",
        pipelineExecutionId=execution,
        retryMode="FAILED_ACTIONS",
    )
    latest = {"pipelineExecutionId": execution, "startTimeRange": time_range}
    listed = driver.call(
        "ListActionExecutions", pipelineName="shop", filter={"latestInPipelineExecution": latest}
    )
    assert len(listed["actionExecutionDetails"]) == count


def test_actions_of_an_unknown_execution_are_an_error(shop: Shop) -> None:
    """The filter must name an execution of the pipeline."""
    unknown = {"pipelineExecutionId": "12345678-1234-4678-8bcd-12345678abcd"}
    driver = shop()
    with pytest.raises(PipelineExecutionNotFoundException):
        driver.call("ListActionExecutions", pipelineName="shop", filter=unknown)


def test_state_shows_each_stage_and_action(shop: Shop, start: Start, running: Running) -> None:
    """What ran last is shown with its execution; what never ran has its name only."""
    driver = shop()
    execution = start()
    driver.finish(
        running("Fetch"), ActionResult(revision=Revision("v7", url="https://x.test", change_id="e"))
    )
    driver.finish(running("Publish"), FAILED)
    driver.call(
        "RetryStageExecution",
        pipelineName="shop",
        stageName="Deploy",
        pipelineExecutionId=execution,
        retryMode="ALL_ACTIONS",
    )
    source, deploy = driver.call("GetPipelineState", name="shop")["stageStates"]
    assert source["latestExecution"]["status"] == "Succeeded"
    assert source["actionStates"][0]["currentRevision"]["revisionId"] == "v7"
    assert source["inboundTransitionState"] == {"enabled": True}
    assert deploy["latestExecution"]["pipelineExecutionId"] == execution
    assert deploy["actionStates"][0]["latestExecution"]["status"] == "InProgress"
    assert deploy["retryStageMetadata"]["manualStageRetryAttempt"] == 1


def test_state_of_a_pipeline_that_never_ran(shop: Shop) -> None:
    """There are stages and actions, and nothing more."""
    stages = shop().call("GetPipelineState", name="shop")["stageStates"]
    assert [stage["actionStates"] for stage in stages] == [
        [{"actionName": "Fetch"}],
        [{"actionName": "Publish"}],
    ]


def test_every_answer_has_the_shape_of_the_service_model(
    shop: Shop, start: Start, running: Running, shapes: Json
) -> None:
    """Each operation's answer is valid by botocore's output shape, unknown members included."""
    ask = shapes["action"]("Ok", "Approval/Manual", {"ExternalEntityLink": "https://x.test"})
    check = shapes["action"]("Check", "Invoke/Lambda", {"FunctionName": "f"}, runOrder=2)
    last = shapes["action"]("Last", "Invoke/Lambda", {"FunctionName": "f"}, runOrder=3)
    driver = shop(
        shapes["stage"]("Ask", ask, check, last),
        variables=[{"name": "A", "defaultValue": "1"}],
        executionMode="QUEUED",
    )
    answers: dict[str, Json] = {}

    def call(operation: str, **request: Any) -> Json:
        answers[operation] = driver.call(operation, **request)
        return answers[operation]

    stage = {"pipelineName": "shop", "stageName": "Ask"}
    execution = call("StartPipelineExecution", name="shop")["pipelineExecutionId"]
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    waiting = start()
    created = Revision("v1", "one", "https://x.test", "etag", driver.now)
    driver.finish(running("Fetch", execution), ActionResult(revision=created))
    result = {"status": "Approved", "summary": ""}
    call("PutApprovalResult", **stage, actionName="Ok", result=result, token=running("Ok").token)
    call("PutJobSuccessResult", jobId=running("Check").job_id, outputVariables={"a": "b"})
    details = {"type": "JobFailed", "message": "no"}
    call("PutJobFailureResult", jobId=running("Last").job_id, failureDetails=details)
    call("RetryStageExecution", **named, stageName="Ask", retryMode="FAILED_ACTIONS")
    call("DisableStageTransition", **stage, transitionType="Inbound", reason="frozen")
    driver.finish(running("Fetch", waiting))
    call("StopPipelineExecution", **named, reason="enough")
    call("TagResource", resourceArn=ARN, tags=[{"key": "a", "value": "b"}])
    call("ListTagsForResource", resourceArn=ARN)
    call("GetPipelineState", name="shop")
    call("GetPipelineExecution", **named)
    call("ListPipelineExecutions", pipelineName="shop", maxResults=1)
    call("ListActionExecutions", pipelineName="shop")
    call("EnableStageTransition", **stage, transitionType="Inbound")
    call("GetPipeline", name="shop")
    call("ListPipelines")
    call("CreatePipeline", pipeline=shapes["declare"](name="second"))
    call("UpdatePipeline", pipeline=shapes["declare"](name="second"))
    call("UntagResource", resourceArn=ARN, tagKeys=["a"])
    call("DeletePipeline", name="shop")

    assert answers.keys() == OPERATIONS.keys()
    for operation, answer in answers.items():
        shape = service_model().operation_model(operation).output_shape
        if shape is None:
            assert answer == {}, operation
            continue
        assert _unknown(shape, answer) == [], operation
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def _unknown(shape: Any, value: Any) -> list[str]:
    """List the members that the shape does not know; botocore itself would ignore them."""
    if shape.type_name == "structure":
        known = [name for name in value if name in shape.members]
        strange = [name for name in value if name not in shape.members]
        inner = [_unknown(shape.members[name], value[name]) for name in known]
        return strange + [name for names in inner for name in names]
    if shape.type_name == "list":
        return [name for one in value for name in _unknown(shape.member, one)]
    return []
