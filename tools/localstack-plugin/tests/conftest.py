"""A model in a driver's hands, and pipelines to give it."""

from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import CodePipelineModel, RunAction, SequentialIds
from localstack_codepipeline.model.driver import Driver

Json = dict[str, Any]


def action(name: str, kind: str, configuration: Json | None = None, **more: Any) -> Json:
    """An action; `kind` is category/provider."""
    category, provider = kind.split("/")
    type_id = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_id, "configuration": configuration or {}, **more}


def source(**more: Any) -> Json:
    """The source action Fetch, which makes the artifact App."""
    where = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    return action("Fetch", "Source/S3", where, outputArtifacts=[{"name": "App"}], **more)


def deploy(name: str = "Publish", **more: Any) -> Json:
    """A deploy action, which takes the artifact App."""
    where = {"BucketName": "site", "Extract": "true", **more.pop("configuration", {})}
    return action(name, "Deploy/S3", where, inputArtifacts=[{"name": "App"}], **more)


def stage(name: str, *actions: Json) -> Json:
    """A stage."""
    return {"name": name, "actions": list(actions)}


def declare(*later: Json, **more: Any) -> Json:
    """A V2 pipeline `shop`: the stage Source, then the given stages, or one stage Deploy."""
    return {
        "name": "shop",
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "pipelineType": "V2",
        "stages": [stage("Source", source()), *(later or (stage("Deploy", deploy()),))],
        **more,
    }


@pytest.fixture(scope="session")
def shapes() -> Json:
    """The makers of declarations, by name."""
    return {one.__name__: one for one in (action, source, deploy, stage, declare)}


@pytest.fixture
def driver() -> Driver:
    """A model that starts nothing by itself, with identifiers that count."""
    return Driver(CodePipelineModel(ids=SequentialIds(), starts_on_create=False))


@pytest.fixture
def shop(driver: Driver) -> Callable[..., Driver]:
    """Create the pipeline `shop` and return the driver."""

    def create(*later: Json, **more: Any) -> Driver:
        driver.call("CreatePipeline", pipeline=declare(*later, **more))
        return driver

    return create


@pytest.fixture
def start(driver: Driver) -> Callable[..., str]:
    """Start an execution of `shop` and return its id."""

    def begin(**request: Any) -> str:
        answer = driver.call("StartPipelineExecution", name="shop", **request)
        return str(answer["pipelineExecutionId"])

    return begin


@pytest.fixture
def running(driver: Driver) -> Callable[..., RunAction]:
    """Return the open action of that name, of any or one execution."""

    def find(name: str, execution: str | None = None) -> RunAction:
        found = [
            one
            for one in driver.open.values()
            if one.action == name and execution in (None, one.execution_id)
        ]
        assert len(found) == 1, f"{len(found)} open actions {name}: {list(driver.open.values())}"
        return found[0]

    return find


@pytest.fixture
def status(driver: Driver) -> Callable[[str], str]:
    """Return the status of an execution of `shop`."""

    def read(execution: str) -> str:
        answer = driver.call(
            "GetPipelineExecution", pipelineName="shop", pipelineExecutionId=execution
        )
        return str(answer["pipelineExecution"]["status"])

    return read


@pytest.fixture
def told(driver: Driver) -> Callable[..., list[str]]:
    """Return what the events said, as `pipeline STARTED` and `Deploy/Publish FAILED`."""

    def read(execution: str | None = None) -> list[str]:
        said = []
        for event in driver.events:
            detail = event.detail
            if execution in (None, detail["execution-id"]):
                parts = [detail[key] for key in ("stage", "action") if key in detail]
                said.append(f"{'/'.join(parts) or 'pipeline'} {event.state}")
        return said

    return read
