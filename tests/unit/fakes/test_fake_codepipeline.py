"""The fake of CodePipeline is the emulator's model in the shape of a boto3 client."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from localstack_codepipeline.model import ActionResult, EmitEvent
from tests.fakes.clock import FakeClock
from tests.fakes.codepipeline import FakeCodePipeline, envelope

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> FakeCodePipeline:
    client = FakeCodePipeline(clock)
    for name in ("billing", "catalog"):
        client.create_pipeline(pipeline=declaration(name))
    return client


def declaration(name: str) -> dict[str, Any]:
    def action(title: str, category: str, configuration: dict[str, str]) -> dict[str, Any]:
        owner = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
        return {"name": title, "actionTypeId": owner, "configuration": configuration}

    fetch = action("Fetch", "Source", {"S3Bucket": "sources", "S3ObjectKey": "app.zip"})
    publish = action("Publish", "Deploy", {"BucketName": "site", "Extract": "true"})
    return {
        "name": name,
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "pipelineType": "V2",
        "stages": [
            {"name": "Source", "actions": [{**fetch, "outputArtifacts": [{"name": "App"}]}]},
            {"name": "Deploy", "actions": [{**publish, "inputArtifacts": [{"name": "App"}]}]},
        ],
    }


def start(client: FakeCodePipeline, name: str = "catalog") -> str:
    execution_id: str = client.start_pipeline_execution(name=name)["pipelineExecutionId"]
    return execution_id


def finish(client: FakeCodePipeline, result: ActionResult | None = None) -> None:
    (action,) = client.actions.values()
    client.finish(action, result)


def states(client: FakeCodePipeline) -> list[str]:
    return [
        event.state
        for event in client.events
        if event.detail_type == "CodePipeline Pipeline Execution State Change"
    ]


def status(client: FakeCodePipeline, execution_id: str) -> str:
    told = client.get_pipeline_execution(pipelineName="catalog", pipelineExecutionId=execution_id)
    answer: str = told["pipelineExecution"]["status"]
    return answer


def test_runs_an_execution_to_its_end(client: FakeCodePipeline) -> None:
    """An execution succeeds when its actions have succeeded, and emits the events."""
    execution_id = start(client)
    finish(client)
    finish(client)
    assert status(client, execution_id) == "Succeeded"
    assert states(client) == ["STARTED", "SUCCEEDED"]


def test_fails_an_execution_and_retries_it(client: FakeCodePipeline) -> None:
    """A failed action fails its execution; a stage retry resumes the same execution."""
    execution_id = start(client)
    finish(client, ActionResult("JobFailed", "no such bucket"))
    assert status(client, execution_id) == "Failed"
    listed = client.list_action_executions(
        pipelineName="catalog", filter={"pipelineExecutionId": execution_id}
    )
    error = listed["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"]
    assert error == {"code": "JobFailed", "message": "no such bucket"}
    client.retry_stage_execution(
        pipelineName="catalog",
        stageName="Source",
        pipelineExecutionId=execution_id,
        retryMode="FAILED_ACTIONS",
    )
    assert states(client) == ["STARTED", "FAILED", "RESUMED"]


def test_raises_errors_in_botocores_shape(client: FakeCodePipeline) -> None:
    """An error is a ClientError of the client's class for that code."""
    with pytest.raises(client.exceptions.PipelineNotFoundException) as caught:
        client.start_pipeline_execution(name="nobody")
    assert isinstance(caught.value, ClientError)
    response: Any = caught.value.response
    assert response["Error"]["Code"] == "PipelineNotFoundException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ParamValidationError):
        client.start_pipeline_execution(pipeline="catalog")
    with pytest.raises(AttributeError, match="has no start_everything"):
        client.start_everything()


def test_records_who_started(client: FakeCodePipeline) -> None:
    """The STARTED event has the caller's ARN."""
    client.caller = "arn:aws:sts::000000000000:assumed-role/role/release-machine-run-pipeline"
    start(client)
    started = envelope(client.events[0], number=7)
    assert started["detail"]["execution-trigger"]["trigger-detail"] == client.caller
    assert started["id"].endswith("0007")
    assert started["time"] == "2026-11-22T09:00:00Z"
    assert started["source"] == "aws.codepipeline"


def test_walks_through_pages(client: FakeCodePipeline) -> None:
    """A paginator returns every page of a list."""
    for _ in range(3):
        start(client)
        finish(client)
        finish(client)
    pages = client.get_paginator("list_pipeline_executions").paginate(
        pipelineName="catalog", maxResults=2
    )
    assert [len(page["pipelineExecutionSummaries"]) for page in pages] == [2, 1]
    (page,) = client.get_paginator("list_pipelines").paginate()
    assert [each["name"] for each in page["pipelines"]] == ["billing", "catalog"]


def test_fails_what_takes_too_long(client: FakeCodePipeline, clock: FakeClock) -> None:
    """An action that exceeds its timeout fails at a tick."""
    execution_id = start(client)
    clock.advance(timedelta(days=8))
    client.tick()
    assert status(client, execution_id) == "Failed"


def test_stops_and_abandons(client: FakeCodePipeline) -> None:
    """An abandoned execution stops at once, and its action no longer runs."""
    execution_id = start(client)
    client.stop_pipeline_execution(
        pipelineName="catalog", pipelineExecutionId=execution_id, abandon=True
    )
    assert not client.actions
    assert status(client, execution_id) == "Stopped"


def test_goes_back_to_a_snapshot(client: FakeCodePipeline) -> None:
    """Branches from one snapshot are independent and repeat exactly."""
    execution_id = start(client)
    before = client.snapshot()
    histories: list[list[EmitEvent]] = []
    for _ in range(2):
        client.restore(before)
        finish(client)
        finish(client)
        histories.append(client.events)
    assert histories[0] == histories[1]
    client.restore(before)
    assert status(client, execution_id) == "InProgress"


def test_answers_are_copies(client: FakeCodePipeline) -> None:
    """A change to an answer does not change the model."""
    client.get_pipeline(name="catalog")["pipeline"]["stages"].clear()
    assert len(client.get_pipeline(name="catalog")["pipeline"]["stages"]) == 2


def test_emits_events_in_the_shape_of_aws(client: FakeCodePipeline) -> None:
    """An event in its envelope has the members of a captured event."""
    start(client)
    captured = json.loads((EVENTS / "pipeline_started.json").read_bytes())
    event = envelope(client.events[0])
    assert event.keys() == captured.keys()
    assert event["detail"].keys() == captured["detail"].keys()
