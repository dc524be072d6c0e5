"""Receives the events on the bus that match a pattern."""

import json
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import unique


class Listener:
    """Receives every event that matches a pattern from now on, through a rule and a queue."""

    def __init__(self, account: Account, pattern: dict[str, Any]) -> None:
        self._name = name = unique("listener")
        self._bus = bus = account.outputs["event_bus"]
        self._sqs, self._events = account.sqs, account.events
        self._received: list[dict[str, Any]] = []
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn"]
        )["Attributes"]
        self._events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        self._events.put_targets(
            Rule=name, EventBusName=bus, Targets=[{"Id": name, "Arn": attributes["QueueArn"]}]
        )

    def all(self) -> list[dict[str, Any]]:
        """Return the events that have arrived so far."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            self._received += [json.loads(message["Body"]) for message in messages]
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
                    for message in messages
                ],
            )
        return list(self._received)

    def stop(self) -> None:
        """Receive no more."""
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=[self._name])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)
