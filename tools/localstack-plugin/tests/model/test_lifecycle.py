"""One execution from its start to its end, without other executions."""

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from shop import FAILED, Driver, Json, Shop, deploy, fetched, refused, source, stage


def test_execution_runs_stage_by_stage_to_success() -> None:
    """Stages run one after another, and the events come in that order."""
    shop = Shop()
    execution = shop.start()
    assert shop.status(execution) == "InProgress"
    shop.end("Fetch")
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"
    assert shop.emitted() == [
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


def test_pipeline_event_has_the_shape_of_aws() -> None:
    """The STARTED event has AWS's fields, floats for numbers, and the caller's ARN."""
    shop = Shop()
    execution = shop.start()
    event = shop.events[0]
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


def test_failed_action_fails_stage_and_pipeline() -> None:
    """A failed action fails its stage and its execution; the action's event contains the reason."""
    shop, _ = fetched()
    publish = shop.running("Publish")
    shop.finish(publish, FAILED)
    assert shop.emitted()[-3:] == ["Deploy/Publish FAILED", "Deploy FAILED", "pipeline FAILED"]
    event = shop.events[-3]
    assert event.detail_type == "CodePipeline Action Execution State Change"
    assert event.detail["execution-result"] == {
        "external-execution-url": "https://x.test",
        "external-execution-summary": "Broke",
        "error-code": "JobFailed",
    }
    assert event.detail["type"]["provider"] == "S3"
    assert event.detail["input-artifacts"][0]["s3location"]["bucket"] == "artifacts"
    assert event.detail["action-execution-id"] == publish.action_execution_id


def test_actions_follow_their_run_order() -> None:
    """Actions with the same run order run together; the next run order waits for all of them."""
    shop, _ = fetched(stage("Deploy", deploy("A"), deploy("B"), deploy("C", runOrder=2)))
    assert {one.action for one in shop.open.values()} == {"A", "B"}
    shop.end("A")
    assert {one.action for one in shop.open.values()} == {"B"}
    shop.end("B")
    assert {one.action for one in shop.open.values()} == {"C"}


def test_stage_fails_when_its_other_actions_have_ended() -> None:
    """A stage with a failed action ends only when its other running actions have ended."""
    shop, execution = fetched(stage("Deploy", deploy("A"), deploy("B")))
    shop.end("A", FAILED)
    assert shop.status(execution) == "InProgress"
    shop.end("B")
    assert shop.status(execution) == "Failed"


def test_result_that_comes_twice_counts_once() -> None:
    """A second result of an action is ignored."""
    shop = Shop()
    shop.start()
    fetch = shop.running("Fetch")
    shop.finish(fetch)
    before = shop.emitted()
    shop.finish(fetch, ActionResult("JobFailed", "too late"))
    assert shop.emitted() == before


def test_source_revision_is_shown() -> None:
    """The execution shows the source's revision as artifact revision and as source revision."""
    shop = Shop()
    execution = shop.start()
    shop.end("Fetch", ActionResult(revision=Revision("v7", "seven", "https://x.test")))
    got = shop.call("GetPipelineExecution", pipelineName="shop", pipelineExecutionId=execution)
    assert got["pipelineExecution"]["artifactRevisions"] == [
        {
            "name": "App",
            "revisionId": "v7",
            "revisionSummary": "seven",
            "revisionUrl": "https://x.test",
        }
    ]
    listed = shop.call("ListPipelineExecutions", pipelineName="shop")
    revisions = listed["pipelineExecutionSummaries"][0]["sourceRevisions"]
    assert revisions[0]["actionName"] == "Fetch"
    assert revisions[0]["revisionId"] == "v7"


def override(kind: str = "S3_OBJECT_VERSION_ID", action: str = "Fetch") -> Json:
    """Give a source revision at the start."""
    return {"actionName": action, "revisionType": kind, "revisionValue": "v3"}


def test_source_revisions_reach_the_source_action() -> None:
    """A source revision given at the start goes only to the action that it names."""
    shop = Shop()
    shop.start(sourceRevisions=[override()])
    assert shop.running("Fetch").overrides == {"S3_OBJECT_VERSION_ID": "v3"}
    shop.end("Fetch")
    assert shop.running("Publish").overrides == {}


@pytest.mark.parametrize(
    ("revisions", "reason"),
    [
        ([override(action="Nobody")], "must be a source action"),
        ([override("COMMIT_ID")], "takes no revision of type COMMIT_ID"),
        ([override("S3_OBJECT_KEY")], "AllowOverrideForS3ObjectKey"),
        ([override(), override()], "is given two revisions"),
    ],
)
def test_invalid_source_revision_is_rejected(revisions: list[Json], reason: str) -> None:
    """A source revision must fit a source action of the pipeline, which takes one of each type."""
    with refused("ValidationException", reason):
        Shop().start(sourceRevisions=revisions)


@pytest.mark.parametrize(
    "given",
    [{"sourceRevisions": [override()]}, {"variables": [{"name": "WHERE", "value": "x"}]}],
)
def test_source_revisions_and_variables_need_a_pipeline_of_type_v2(given: Json) -> None:
    """A V1 pipeline rejects source revisions and variables, and starts without them."""
    shop = Shop(pipelineType="V1")
    with refused("ValidationException", "need a pipeline of type V2"):
        shop.start(**given)
    assert shop.start()


def test_variables_are_resolved_in_configurations() -> None:
    """Variables of the pipeline, an earlier action and the execution get their values."""
    key = "#{variables.WHERE}/#{Src.VersionId}/#{codepipeline.PipelineExecutionId}"
    shop = Shop(
        stages=[
            stage("Source", source(namespace="Src")),
            stage("Deploy", deploy(configuration={"ObjectKey": key})),
        ],
        variables=[{"name": "WHERE", "defaultValue": "www"}],
    )
    execution = shop.start(variables=[{"name": "WHERE", "value": "beta"}])
    shop.end("Fetch", ActionResult(variables={"VersionId": "v1"}))
    assert shop.running("Publish").configuration["ObjectKey"] == f"beta/v1/{execution}"


def test_unresolved_variable_fails_the_action() -> None:
    """A variable without a value fails the action before it runs, and the error names it."""
    shop, execution = fetched(
        stage("Deploy", deploy(configuration={"ObjectKey": "#{Nobody.Knows}"}))
    )
    assert shop.status(execution) == "Failed"
    listed = shop.call("ListActionExecutions", pipelineName="shop")
    error = listed["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "#{Nobody.Knows}" in error["message"]


def test_same_token_names_the_same_execution() -> None:
    """A second start with the same clientRequestToken returns the first execution."""
    shop = Shop()
    first = shop.start(clientRequestToken="release-1")
    before = shop.emitted()
    assert shop.start(clientRequestToken="release-1") == first
    assert shop.emitted() == before
    assert shop.start(clientRequestToken="release-2") != first


def test_unknown_pipeline_cannot_be_started() -> None:
    """Starting an unknown pipeline raises an error that names it."""
    with refused("PipelineNotFoundException", "'nope'"):
        Driver().call("StartPipelineExecution", name="nope")
