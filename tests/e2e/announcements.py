"""Outcomes as they are announced on the bus, heard by a queue of these tests."""

import json
from typing import Any

from tests.e2e.account import Account
from tests.e2e.pipelines import unique


class Announcements:
    """Hears every event of the release machine from now on."""

    def __init__(self, account: Account) -> None:
        name, bus = unique("announced"), account.outputs["event_bus"]
        self._sqs = account.sqs
        self._heard: list[dict[str, Any]] = []
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn"]
        )["Attributes"]
        account.events.put_rule(
            Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["release-machine"]})
        )
        account.events.put_targets(
            Rule=name, EventBusName=bus, Targets=[{"Id": name, "Arn": attributes["QueueArn"]}]
        )

    def of(self, release_id: str) -> list[dict[str, Any]]:
        """The events heard so far that tell of a release."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self._heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [each for each in self._heard if each["detail"].get("releaseId") == release_id]
