"""An execution from its start to its end, with nobody in its way."""

from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision, RunAction
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import PipelineNotFoundException, ValidationException

Json = dict[str, Any]
Shop = Callable[..., Driver]
Start = Callable[..., str]
Running = Callable[..., RunAction]
Status = Callable[[str], str]
Told = Callable[..., list[str]]


def test_execution_runs_stage_by_stage_to_success(
    shop: Shop, start: Start, running: Running, status: Status, told: Told
) -> None:
    """Each stage follows the one before, and the events tell it in order."""
    driver = shop()
    execution = start()
    assert status(execution) == "InProgress"
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"))
    assert status(execution) == "Succeeded"
    assert told() == [
        "pipeline STARTED",
        "Source STARTED",
        "Source/Fetch STARTED",
        "Source/Fetch SUCCEEDED",
        "Source SUCCEEDED",
        "Deploy STARTED",
        "Deploy/Publish STARTED",
        "Deploy/Publish SUCCEEDED",
        "Deploy SUCCEEDED",
        "pipeline SUCCEEDED",
    ]


def test_pipeline_event_has_the_shape_of_aws(shop: Shop, start: Start) -> None:
    """The STARTED event carries AWS's fields, its numbers as floats, and who started it."""
    driver = shop()
    execution = start()
    event = driver.events[0]
    assert event.detail_type == "CodePipeline Pipeline Execution State Change"
    assert event.resources == ("arn:aws:codepipeline:us-east-1:000000000000:shop",)
    assert event.detail == {
        "pipeline": "shop",
        "execution-id": execution,
        "start-time": "2026-01-01T00:00:00.000Z",
        "execution-trigger": {
            "trigger-type": "StartPipelineExecution",
            "trigger-detail": "arn:aws:sts::000000000000:assumed-role/tester/session",
        },
        "state": "STARTED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    assert isinstance(event.detail["version"], float)


def test_failed_action_fails_stage_and_pipeline(
    shop: Shop, start: Start, running: Running, told: Told
) -> None:
    """A failure goes from the action to the stage to the pipeline, with its reason in the first."""
    driver = shop()
    start()
    driver.finish(running("Fetch"))
    publish = running("Publish")
    driver.finish(publish, ActionResult("JobFailed", "no", summary="Broke", url="https://x.test"))
    assert told()[-3:] == ["Deploy/Publish FAILED", "Deploy FAILED", "pipeline FAILED"]
    event = driver.events[-3]
    assert event.detail_type == "CodePipeline Action Execution State Change"
    assert event.detail["execution-result"] == {
        "external-execution-url": "https://x.test",
        "external-execution-summary": "Broke",
        "error-code": "JobFailed",
    }
    assert event.detail["type"]["provider"] == "S3"
    assert event.detail["input-artifacts"][0]["s3location"]["bucket"] == "artifacts"
    assert event.detail["action-execution-id"] == publish.action_execution_id


def test_actions_follow_their_run_order(
    shop: Shop, start: Start, running: Running, shapes: Json
) -> None:
    """Actions of one run order run together; the next order waits for all of them."""
    deploy = shapes["deploy"]
    actions = [deploy("A"), deploy("B"), deploy("C", runOrder=2)]
    driver = shop(shapes["stage"]("Deploy", *actions))
    start()
    driver.finish(running("Fetch"))
    assert {one.action for one in driver.open.values()} == {"A", "B"}
    driver.finish(running("A"))
    assert {one.action for one in driver.open.values()} == {"B"}
    driver.finish(running("B"))
    assert {one.action for one in driver.open.values()} == {"C"}


def test_stage_fails_when_its_other_actions_have_ended(
    shop: Shop, start: Start, running: Running, status: Status, shapes: Json
) -> None:
    """One failed action does not end the stage while another of the same order runs."""
    driver = shop(shapes["stage"]("Deploy", shapes["deploy"]("A"), shapes["deploy"]("B")))
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("A"), ActionResult("JobFailed", "no"))
    assert status(execution) == "InProgress"
    driver.finish(running("B"))
    assert status(execution) == "Failed"


def test_result_that_comes_twice_counts_once(
    shop: Shop, start: Start, running: Running, told: Told
) -> None:
    """The second result of an action is ignored."""
    driver = shop()
    start()
    fetch = running("Fetch")
    driver.finish(fetch)
    before = told()
    driver.finish(fetch, ActionResult("JobFailed", "too late"))
    assert told() == before


def test_source_revision_is_carried(
    shop: Shop, start: Start, running: Running, driver: Driver
) -> None:
    """What the source found is an artifact revision of the execution and its source revision."""
    shop()
    execution = start()
    driver.finish(
        running("Fetch"), ActionResult(revision=Revision("v7", "seven", "https://x.test"))
    )
    got = driver.call("GetPipelineExecution", pipelineName="shop", pipelineExecutionId=execution)
    assert got["pipelineExecution"]["artifactRevisions"] == [
        {
            "name": "App",
            "revisionId": "v7",
            "revisionSummary": "seven",
            "revisionUrl": "https://x.test",
        }
    ]
    listed = driver.call("ListPipelineExecutions", pipelineName="shop")
    revisions = listed["pipelineExecutionSummaries"][0]["sourceRevisions"]
    assert revisions[0]["actionName"] == "Fetch"
    assert revisions[0]["revisionId"] == "v7"


def test_source_revisions_reach_the_source_action(
    shop: Shop, start: Start, running: Running
) -> None:
    """An override of the revision is handed to the action it names, and to no other."""
    driver = shop()
    override = {
        "actionName": "Fetch",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "v3",
    }
    start(sourceRevisions=[override])
    assert running("Fetch").overrides == {"S3_OBJECT_VERSION_ID": "v3"}
    driver.finish(running("Fetch"))
    assert running("Publish").overrides == {}


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        (("Nobody", "S3_OBJECT_VERSION_ID"), "no source action 'Nobody'"),
        (("Fetch", "COMMIT_ID"), "takes no revision of type COMMIT_ID"),
        (("Fetch", "S3_OBJECT_KEY"), "AllowOverrideForS3ObjectKey"),
    ],
)
def test_source_revision_that_cannot_be_is_refused(
    shop: Shop, start: Start, override: tuple[str, str], reason: str
) -> None:
    """An override must fit a source action of the pipeline."""
    shop()
    revision = {"actionName": override[0], "revisionType": override[1], "revisionValue": "x"}
    with pytest.raises(ValidationException, match=reason):
        start(sourceRevisions=[revision])


def test_source_revisions_need_a_pipeline_of_type_v2(shop: Shop, start: Start) -> None:
    """A V1 pipeline takes no source revisions, and starts without them."""
    shop(pipelineType="V1")
    override = {
        "actionName": "Fetch",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "v3",
    }
    with pytest.raises(ValidationException, match="source revisions need a pipeline of type V2"):
        start(sourceRevisions=[override])
    assert start()


def test_variables_are_resolved_in_configurations(
    shop: Shop, start: Start, running: Running, shapes: Json
) -> None:
    """Variables of the pipeline, of an earlier action and of the execution are put in place."""
    key = "#{variables.WHERE}/#{Src.VersionId}/#{codepipeline.PipelineExecutionId}"
    driver = shop(
        stages=[
            shapes["stage"]("Source", shapes["source"](namespace="Src")),
            shapes["stage"]("Deploy", shapes["deploy"](configuration={"ObjectKey": key})),
        ],
        variables=[{"name": "WHERE", "defaultValue": "www"}],
    )
    execution = start(variables=[{"name": "WHERE", "value": "beta"}])
    driver.finish(running("Fetch"), ActionResult(variables={"VersionId": "v1"}))
    assert running("Publish").configuration["ObjectKey"] == f"beta/v1/{execution}"


def test_unresolved_variable_fails_the_action(
    shop: Shop, start: Start, running: Running, status: Status, shapes: Json
) -> None:
    """A reference without a value fails the action before it runs, and says which one."""
    deploy = shapes["deploy"](configuration={"ObjectKey": "#{Nobody.Knows}"})
    driver = shop(shapes["stage"]("Deploy", deploy))
    execution = start()
    driver.finish(running("Fetch"))
    assert status(execution) == "Failed"
    listed = driver.call("ListActionExecutions", pipelineName="shop")
    error = listed["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "#{Nobody.Knows}" in error["message"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([{"name": "OTHER", "value": "x"}], "not declared by the pipeline: OTHER"),
        ([], "without a value: WHERE"),
        ([{"name": "WHERE", "value": "x"}] * 2, "more than once"),
    ],
)
def test_variables_must_be_those_declared(
    shop: Shop, start: Start, given: list[Json], reason: str
) -> None:
    """A variable that is unknown, missing or doubled is refused."""
    shop(variables=[{"name": "WHERE"}])
    with pytest.raises(ValidationException, match=reason):
        start(variables=given)


def test_variables_need_a_pipeline_of_type_v2(shop: Shop, start: Start) -> None:
    """A V1 pipeline takes no variables."""
    shop(pipelineType="V1")
    with pytest.raises(ValidationException, match="V2"):
        start(variables=[{"name": "WHERE", "value": "x"}])


def test_same_token_names_the_same_execution(shop: Shop, start: Start, told: Told) -> None:
    """A clientRequestToken that was used before starts nothing."""
    shop()
    first = start(clientRequestToken="release-1")
    before = told()
    assert start(clientRequestToken="release-1") == first
    assert told() == before
    assert start(clientRequestToken="release-2") != first


def test_unknown_pipeline_cannot_be_started(driver: Driver) -> None:
    """The name of the pipeline must be known."""
    with pytest.raises(PipelineNotFoundException, match="'nope'"):
        driver.call("StartPipelineExecution", name="nope")
