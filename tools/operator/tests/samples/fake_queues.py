"""Dead-letter queues in memory, with messages as EventBridge and Lambda write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from release_machine.deployment.dead_letter_queues import queues_of
from tools.operator.tests.conftest import EXECUTION, at
from tools.operator.tests.samples.fake_deployment import refusal

PREFIX = "release-machine"
FAILED = f"{PREFIX}-record-state-change-failures"
UNDELIVERED = f"{PREFIX}-execution-ended-undelivered"
MANIFESTS = f"{PREFIX}-manifest-dropped-undelivered"
CALENDARS = f"{PREFIX}-calendar-opened-undelivered"
STATE_CHANGED: Mapping[str, Any] = {
    "version": "0",
    "id": "01234567-0000-4000-8000-000000000000",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "time": "2026-11-22T10:00:00Z",
    "detail": {
        "pipeline": "shop-orders",
        "execution-id": "1a2b3c4d-0000-4000-8000-000000000001",
        "state": "SUCCEEDED",
        "version": 3.0,
    },
}
ENDED: Mapping[str, Any] = {
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    "detail": {
        "executionArn": EXECUTION,
        "status": "ABORTED",
        "input": '{"manifest": {"pipelines": [{"variables": {"PASSWORD": "hunter2"}}]}}',
        "output": None,
    },
}
DROPPED: Mapping[str, Any] = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {
        "bucket": {"name": "manifests"},
        "object": {"key": "release.json", "version-id": "v1"},
    },
}


def failed(event: object, *, error: str | None = "StartUnresolved") -> dict[str, Any]:
    """A message in the queue of a function, as Lambda writes it."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": "2026-11-22T10:05:00.000Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:x:live",
            "condition": "RetriesExhausted" if error else "EventAgeExceeded",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
    }
    if error:
        record["responseContext"] = {"statusCode": 200, "functionError": "Unhandled"}
        record["responsePayload"] = {"errorType": error, "errorMessage": "a start may come"}
    return {"Body": json.dumps(record)}


def undelivered(event: object) -> dict[str, Any]:
    """A message in the queue of a rule, as EventBridge writes it."""
    attributes = {
        "RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/a-rule",
        "TARGET_ARN": "arn:aws:lambda:us-east-1:000000000000:function:x:live",
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": "The rule may not invoke the function.",
        "RETRY_ATTEMPTS": "185",
    }
    return {
        "Body": json.dumps(event),
        "MessageAttributes": {
            name: {"StringValue": value, "DataType": "String"} for name, value in attributes.items()
        },
    }


class QueueDoesNotExist(Exception):
    """As a client of SQS raises it."""


@dataclass
class FakeQueues:
    """Clients of SQS and Lambda: queues with messages, and what was sent to functions.

    A message that was received is hidden until it is shown again. Those that are ``shown_soon`` are
    hidden by somebody else, for some seconds.
    """

    messages: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    shown_soon: set[str] = field(default_factory=set)
    read_elsewhere: int = 0
    missing: frozenset[str] = frozenset()
    denied: bool = False
    invoked: list[tuple[str, str, Any]] = field(default_factory=list)
    refused: bool = False

    QueueDoesNotExist = QueueDoesNotExist

    def __post_init__(self) -> None:
        self.exceptions = self
        for queue in queues_of(PREFIX):
            self.messages.setdefault(queue.name, {})

    def put(self, queue: str, message_id: str, message: Mapping[str, Any]) -> None:
        """Put a message into a queue, a minute after the one before."""
        stored = sum(map(len, self.messages.values()))
        sent = at(60 * stored)
        self.messages[queue][message_id] = {
            "MessageId": message_id,
            "ReceiptHandle": f"{queue}/{message_id}",
            "Attributes": {"SentTimestamp": str(int(sent.timestamp() * 1000))},
            **message,
        }

    def get_queue_url(self, **asked: str) -> dict[str, str]:
        if self.denied:
            raise refusal("AccessDenied", "GetQueueUrl")
        if asked["QueueName"] in self.missing:
            raise QueueDoesNotExist
        return {"QueueUrl": asked["QueueName"]}

    def get_queue_attributes(self, **asked: Any) -> dict[str, dict[str, str]]:
        stored = self.messages[asked["QueueUrl"]].values()
        hidden = sum(each["ReceiptHandle"] in self.hidden for each in stored)
        counts = (len(stored) - hidden, hidden + self.read_elsewhere)
        return {"Attributes": dict(zip(asked["AttributeNames"], map(str, counts), strict=True))}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        assert asked["VisibilityTimeout"] > 0
        assert asked["MessageAttributeNames"] == ["All"]
        if asked["WaitTimeSeconds"] > 1:
            self.hidden -= self.shown_soon
        stored = self.messages[asked["QueueUrl"]].values()
        visible = [each for each in stored if each["ReceiptHandle"] not in self.hidden]
        received = visible[: asked["MaxNumberOfMessages"]]
        self.hidden |= {each["ReceiptHandle"] for each in received}
        return {"Messages": received} if received else {}

    def change_message_visibility_batch(self, **asked: Any) -> None:
        entries = asked["Entries"]
        assert 0 < len(entries) <= 10
        assert all(each["VisibilityTimeout"] == 0 for each in entries)
        assert all(each["ReceiptHandle"].startswith(asked["QueueUrl"]) for each in entries)
        self.hidden -= {each["ReceiptHandle"] for each in entries}

    def delete_message(self, **asked: str) -> None:
        queue = asked["QueueUrl"]
        del self.messages[queue][asked["ReceiptHandle"].removeprefix(f"{queue}/")]

    def invoke(self, **asked: Any) -> dict[str, int]:
        if self.refused:
            raise refusal("AccessDeniedException", "Invoke")
        sent = json.loads(asked["Payload"])
        assert asked["Qualifier"] == "live"
        self.invoked.append((asked["FunctionName"], asked["InvocationType"], sent))
        return {"StatusCode": 202}

    @property
    def left(self) -> set[str]:
        """The ids of all messages that are still there."""
        return {name for queue in self.messages.values() for name in queue}
