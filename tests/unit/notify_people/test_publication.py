"""One call of SNS per event: a body for each protocol, attributes, and no more than SNS takes."""

import json
import logging
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from notify_people import chat
from notify_people.publication import LIMIT, publication
from notify_people.reading import read_event
from notify_people.telling import NotifyPeople
from notify_people.wording import message_of
from tests.unit.notify_people.events import event, example, examples

TOPIC = "arn:aws:sns:eu-central-1:123456789012:release-machine-people"
# What fills a field of an event with as many bytes as it can, after JSON was written twice.
WORST = '"\\' * 2000


def published(sent: dict[str, Any]) -> dict[str, Any]:
    """The arguments of Publish for an event."""
    read = read_event(sent)
    assert not isinstance(read, str), read
    made = message_of(read)
    assert made
    return publication(made, TOPIC)


def test_each_protocol_has_a_body() -> None:
    """Amazon Q subscribes by https and reads the default; queues and functions get the event."""
    sent = example("release-failed-1")
    bodies = json.loads(published(sent)["Message"])
    assert set(bodies) == {"default", "email", "sms", "sqs", "lambda"}
    assert bodies["email"].startswith("Release 2026.11.22-1 FAILED\n")
    assert json.loads(bodies["default"])["source"] == "custom"
    assert json.loads(bodies["sqs"]) == json.loads(bodies["lambda"]) == sent


def test_filter_policies_have_attributes() -> None:
    """Type, severity, status, release, attempt and failed pipelines."""
    attributes = published(example("release-failed-1"))["MessageAttributes"]
    values = {name: each["StringValue"] for name, each in attributes.items()}
    assert values.pop("eventId") == examples()["release-failed-1"]["detail"]["eventId"]
    assert values == {
        "type": "Release Failed",
        "severity": "error",
        "status": "FAILED",
        "deployment": "release-machine",
        "releaseId": "2026.11.22-1",
        "attempt": "1",
        "failedPipelines": '["payments"]',
    }
    assert attributes["attempt"]["DataType"] == "Number"
    assert attributes["failedPipelines"]["DataType"] == "String.Array"
    assert {each["DataType"] for each in attributes.values()} == {
        "String",
        "Number",
        "String.Array",
    }


def test_sns_takes_no_empty_attribute() -> None:
    """An attribute without a value is left out."""
    attributes = published(event("Release Rejected", {"releaseId": None}))["MessageAttributes"]
    assert set(attributes) == {"type", "severity"}


@pytest.mark.parametrize("name", ["release-failed-1", "release-rejected-1"])
def test_the_largest_event_fits_into_a_message(name: str) -> None:
    """An event that is too large for two copies is copied without its lists, and says so."""
    failure = dict.fromkeys(("pipeline", "stage", "action", "reason"), WORST)
    failure["link"] = "https://ci.example.com/" + "x" * 970
    large = example(
        name,
        failures=[failure] * 12,
        problems=[WORST] * 50,
        why="\n".join([WORST] * 50),
        requester=WORST,
        pipelines={f"{number}{WORST}": "FAILED" for number in range(50)},
    )
    arguments = published(large)
    attributes = json.dumps(arguments["MessageAttributes"])
    assert len(arguments["Message"].encode()) + len(attributes) + 100 <= LIMIT
    bodies = json.loads(arguments["Message"])
    detail = json.loads(bodies["sqs"])["detail"]
    assert detail["cut"] is True
    assert detail["releaseId"] == large["detail"]["releaseId"]
    assert "pipelines" not in detail
    assert "payments" not in bodies["sms"]


def test_amazon_q_takes_the_longest_message() -> None:
    """Title and description keep to its limits; whole failures are left out, and counted."""
    failure = {"pipeline": "p" * 100, "stage": "s" * 100, "action": "a" * 100, "reason": "r" * 300}
    failure["link"] = "https://ci.example.com/" + "x" * 970
    sent = example("release-failed-1", failures=[failure] * 10, releaseId="r" * 300)
    content = json.loads(json.loads(published(sent)["Message"])["default"])["content"]
    assert len(content["title"]) <= chat.MAX_TITLE
    assert len(content["description"]) <= chat.MAX_DESCRIPTION
    shown = content["description"].count("https://ci.example.com/")
    assert f"- and {10 - shown} more" in content["description"]
    assert content["description"].count("`") % 2 == 0


def test_the_notification_has_the_fields_of_amazon_q() -> None:
    """Version and source are fixed; every other member is one that it knows, of its type."""
    for name, sent in examples().items():
        read = read_event(sent)
        made = None if isinstance(read, str) else message_of(read)
        if made is None:
            continue
        document = json.loads(chat.notification(made))
        assert set(document) == {"version", "source", "id", "content", "metadata"}, name
        content, metadata = document["content"], document["metadata"]
        assert (document["version"], document["source"]) == ("1.0", "custom")
        assert content["textType"] == "client-markdown"
        assert set(content) <= {"textType", "title", "description", "nextSteps", "keywords"}
        assert set(metadata) <= {
            *("threadId", "summary", "eventType", "relatedResources", "additionalContext"),
        }
        assert all(isinstance(each, str) for each in content.get("nextSteps", []))
        assert all(isinstance(each, str) for each in metadata["additionalContext"].values())


@pytest.fixture
def sns() -> Any:
    """A client of SNS that checks its arguments, and calls nothing."""
    return boto3.client(
        "sns", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def test_one_event_is_one_message(sns: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The call is valid for SNS's model, and the log names the message."""
    caplog.set_level(logging.INFO)
    sent = example("release-failed-1")
    with Stubber(sns) as stubbed:
        stubbed.add_response("publish", {"MessageId": "m-1"}, published(sent))
        NotifyPeople(sns=sns, topic_arn=TOPIC).tell(sent)
        stubbed.assert_no_pending_responses()
    (record,) = caplog.records
    assert record.getMessage() == "told people of Release Failed"
    assert record.__dict__["message_id"] == "m-1"
    assert record.__dict__["release_id"] == "2026.11.22-1"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (event("Pipeline Settled", {}), "people are not told of Pipeline Settled"),
        ({"source": "aws.s3"}, "not an event of release-machine"),
    ],
)
def test_what_is_not_told_is_logged(
    sns: Any, caplog: pytest.LogCaptureFixture, sent: dict[str, Any], reason: str
) -> None:
    """Nothing is published, and the log says why."""
    with Stubber(sns):
        NotifyPeople(sns=sns, topic_arn=TOPIC).tell(sent)
    assert f"ignored: {reason}" in caplog.text


def test_an_error_of_sns_is_repeated_by_lambda(sns: Any) -> None:
    """The function fails, so that Lambda tries again and keeps the event in the end."""
    with Stubber(sns) as stubbed:
        stubbed.add_client_error("publish", "AuthorizationError", http_status_code=403)
        with pytest.raises(sns.exceptions.ClientError):
            NotifyPeople(sns=sns, topic_arn=TOPIC).tell(example("release-failed-1"))
