"""Targets of EventBridge rules: pipelines are started, and none is refused."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from localstack_fixes.event_targets import start_request
from patience import soon
from shop import declare

ARN = "arn:aws:codepipeline:us-east-1:000000000000:shop"
REVISIONS = [{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v"}]


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ({"detail": {}, "source": "aws.s3"}, {}),
        ("text", {}),
        ({"sourceRevisions": REVISIONS}, {"sourceRevisions": REVISIONS}),
        ({"variables": "no list"}, {}),
    ],
)
def test_event_becomes_the_request_that_starts(event: Any, more: dict[str, Any]) -> None:
    """The pipeline is named by its ARN; revisions and variables come from the input."""
    assert start_request(ARN, event) == {"name": "shop", **more}


@pytest.fixture
def rule() -> Iterator[str]:
    """A rule for the events of a source of its own name; its target has the id `target`."""
    events, name = boto3.client("events"), f"tests-{uuid4()}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    yield name
    events.remove_targets(Rule=name, Ids=["target"])
    events.delete_rule(Name=name)


@pytest.fixture
def pipeline() -> Iterator[str]:
    """A pipeline that creation has started once; its source does not exist."""
    client: Any = boto3.client("codepipeline")
    name = f"nowhere-{uuid4()}"
    client.create_pipeline(pipeline=declare(name=name))
    yield name
    client.delete_pipeline(name=name)


def emit(source: str, **detail: str) -> None:
    """Put an event of the source on the default bus."""
    events: Any = boto3.client("events")
    entry = {"Source": source, "DetailType": "Tested", "Detail": json.dumps(detail)}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def started_by(rule_arn: str, pipeline: str) -> Callable[[], Any]:
    """Look for the execution that the rule has started."""
    client = boto3.client("codepipeline")
    trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": rule_arn}

    def look() -> Any:
        found = client.list_pipeline_executions(pipelineName=pipeline)
        listed = found["pipelineExecutionSummaries"]
        return next((one for one in listed if one["trigger"] == trigger), None)

    return look


@pytest.mark.platform
def test_rule_starts_its_pipeline(rule: str, pipeline: str) -> None:
    """A rule with a pipeline as target starts it, and the execution names the rule."""
    events = boto3.client("events")
    arn = boto3.client("codepipeline").get_pipeline(name=pipeline)["metadata"]["pipelineArn"]
    role = "arn:aws:iam::000000000000:role/events"
    events.put_targets(Rule=rule, Targets=[{"Id": "target", "Arn": arn, "RoleArn": role}])
    emit(rule)
    assert soon(started_by(events.describe_rule(Name=rule)["Arn"], pipeline), "an execution")


@pytest.mark.platform
def test_rule_chooses_the_revision(rule: str, pipeline: str) -> None:
    """An input transformer chooses the revision of the source."""
    events: Any = boto3.client("events")
    arn = boto3.client("codepipeline").get_pipeline(name=pipeline)["metadata"]["pipelineArn"]
    template = json.dumps({"sourceRevisions": REVISIONS}).replace('"v"', "<version>")
    given = {"InputPathsMap": {"version": "$.detail.version"}, "InputTemplate": template}
    target = {"Id": "target", "Arn": arn, "InputTransformer": given}
    assert events.put_targets(Rule=rule, Targets=[target])["FailedEntryCount"] == 0
    emit(rule, version="v-77")
    assert soon(started_by(events.describe_rule(Name=rule)["Arn"], pipeline), "an execution")


@pytest.mark.platform
def test_no_target_is_refused(rule: str) -> None:
    """A target of a service that LocalStack does not know is accepted and listed."""
    events = boto3.client("events")
    arn = "arn:aws:codebuild:us-east-1:000000000000:project/build"
    answer = events.put_targets(Rule=rule, Targets=[{"Id": "target", "Arn": arn}])
    assert answer["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == [{"Id": "target", "Arn": arn}]
