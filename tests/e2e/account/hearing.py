"""What passes over the event bus, heard by a queue of these tests."""

import json
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import unique


class Hearing:
    """Hears every event that matches a pattern, from now on."""

    def __init__(self, account: Account, pattern: dict[str, Any]) -> None:
        self._name = name = unique("hearing")
        self._bus = bus = account.outputs["event_bus"]
        self._sqs, self._events = account.sqs, account.events
        self._heard: list[dict[str, Any]] = []
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn"]
        )["Attributes"]
        self._events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule=name, EventBusName=bus, Targets=[{"Id": name, "Arn": attributes["QueueArn"]}]
        )

    def all(self) -> list[dict[str, Any]]:
        """The events heard so far."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self._heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return list(self._heard)

    def stop(self) -> None:
        """Hear no more."""
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=[self._name])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)
