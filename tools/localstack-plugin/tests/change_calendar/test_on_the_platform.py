"""Change calendars on the platform: documents, states, events and faults."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from calendars import calendar_text
from patience import soon

pytestmark = pytest.mark.platform

ONCE = Config(retries={"total_max_attempts": 1})
CALENDAR = {"DocumentType": "ChangeCalendar", "DocumentFormat": "TEXT"}


@pytest.fixture
def ssm() -> Any:
    """A client that sends each call once."""
    return boto3.client("ssm", config=ONCE)


@pytest.fixture
def make_document(ssm: Any) -> Iterator[Callable[..., str]]:
    """Makes documents, and returns their names."""
    names: list[str] = []

    def make(content: str, **more: str) -> str:
        names.append(f"tests-{uuid4()}")
        ssm.create_document(Name=names[-1], Content=content, **(more or CALENDAR))
        return names[-1]

    yield make
    for name in names:
        ssm.delete_document(Name=name)


@pytest.fixture
def inject() -> Iterator[Callable[..., int]]:
    """Adds a fault, and returns the status of the answer."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_ssm/calendar-faults"

    def send(method: str, data: str = "") -> int:
        request = AWSRequest(method=method, url=url, data=data).prepare()
        return int(URLLib3Session().send(request).status_code)

    yield lambda **fault: send("POST", json.dumps(fault))
    assert send("DELETE") == 200


def write(ssm: Any, name: str, text: str) -> None:
    """Give the calendar a new text: a new version, made the default one."""
    form = {"DocumentFormat": "TEXT", "DocumentVersion": "$LATEST"}
    made = ssm.update_document(Name=name, Content=text, **form)
    version = made["DocumentDescription"]["DocumentVersion"]
    ssm.update_document_default_version(Name=name, DocumentVersion=version)


def seconds_from_now(seconds: float) -> str:
    """That moment as iCalendar writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ")


def test_a_calendar_is_kept_as_text(ssm: Any, make_document: Callable[..., str]) -> None:
    """The document comes back to the letter; each new version can become the default one."""
    name = make_document(calendar_text())
    closed = calendar_text(kind="DEFAULT_CLOSED")
    write(ssm, name, closed)
    found = ssm.get_document(Name=name)
    assert (found["Content"], found["DocumentFormat"]) == (closed, "TEXT")
    assert found["DocumentVersion"] == "2"


def test_the_state_is_that_of_the_default_version(
    ssm: Any, make_document: Callable[..., str]
) -> None:
    """A calendar is found by its name and by its ARN."""
    name = make_document(calendar_text())
    assert ssm.get_calendar_state(CalendarNames=[name])["State"] == "OPEN"
    write(ssm, name, calendar_text(kind="DEFAULT_CLOSED"))
    arn = f"arn:aws:ssm:us-east-1:000000000000:document/{name}"
    for each in (name, arn):
        assert ssm.get_calendar_state(CalendarNames=[each])["State"] == "CLOSED"


def test_errors_have_their_codes(ssm: Any, make_document: Callable[..., str]) -> None:
    """Documents that do not exist, are no calendars, or hold other text have no state."""
    runbook = make_document('{"schemaVersion": "0.3"}', DocumentType="Automation")
    broken = make_document("hello")
    errors = ssm.exceptions
    for name, error in (
        ("nowhere", errors.InvalidDocument),
        ("arn:aws:ssm:us-east-1:111111111111:document/nowhere", errors.InvalidDocument),
        (runbook, errors.InvalidDocumentType),
        (broken, errors.UnsupportedCalendarException),
    ):
        with pytest.raises(error):
            ssm.get_calendar_state(CalendarNames=[name])


def test_each_change_of_the_state_is_an_event(
    ssm: Any, make_document: Callable[..., str], receive: Callable[[str], Any]
) -> None:
    """An event follows a new text that changes the state, and then the end of its event."""
    name = make_document(calendar_text())
    event = f"DTSTART:{seconds_from_now(-5)}\nDTEND:{seconds_from_now(3)}"
    write(ssm, name, calendar_text(event))
    arn = f"arn:aws:ssm:us-east-1:000000000000:document/{name}"
    events = [soon(lambda: receive(arn), "an event") for _ in range(2)]
    assert [event["detail"]["state"] for event in events] == ["CLOSED", "OPEN"]


@pytest.fixture
def receive() -> Iterator[Callable[[str], Any]]:
    """Receives the next event of a calendar, if there is one."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    rule = f"tests-{uuid4()}"
    queue = sqs.create_queue(QueueName=rule)["QueueUrl"]
    wanted: Any = ["QueueArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.ssm"], "detail-type": ["Calendar State Change"]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

    def one(calendar: str) -> Any:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            return event if event["resources"] == [calendar] else None
        return None

    yield one
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    sqs.delete_queue(QueueUrl=queue)


def test_calls_can_be_refused(
    ssm: Any, make_document: Callable[..., str], inject: Callable[..., int]
) -> None:
    """A fault refuses the calls for the calendar it names, so many times."""
    name, other = make_document(calendar_text()), make_document(calendar_text())
    assert inject(effect="throttle", calendar=name, times=1) == 201
    assert inject(effect="fail", calendar=name, code="AccessDeniedException") == 201
    assert ssm.get_calendar_state(CalendarNames=[other])["State"] == "OPEN"
    for code in ("ThrottlingException", "AccessDeniedException"):
        with pytest.raises(ClientError) as raised:
            ssm.get_calendar_state(CalendarNames=[other, name])
        assert raised.value.response["Error"]["Code"] == code
    assert ssm.get_calendar_state(CalendarNames=[other, name])["State"] == "OPEN"
    assert inject(effect="burn") == 400
