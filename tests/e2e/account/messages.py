"""The messages that people get: through a queue that is subscribed to the topic, and as e-mails."""

import json
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import boto3

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import unique

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient


class Subscription:
    """Receives the messages that a filter policy lets through, from now on."""

    def __init__(self, account: Account, filter_policy: dict[str, Any] | None = None) -> None:
        self._sns: SNSClient = boto3.client("sns")
        self._sqs = account.sqs
        self._url = self._sqs.create_queue(QueueName=unique("messages"))["QueueUrl"]
        queue = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        attributes = {"FilterPolicy": json.dumps(filter_policy)} if filter_policy else {}
        self._arn = self._sns.subscribe(
            TopicArn=account.outputs["people_topic_arn"],
            Protocol="sqs",
            Endpoint=queue["Attributes"]["QueueArn"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        self._received: list[dict[str, Any]] = []

    def about(self, release_id: str) -> list[dict[str, Any]]:
        """Return the messages about a release that have arrived, the earliest event first.

        Each is SNS's envelope, with the event as ``Event``: SNS delivers in any order.
        """
        while received := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for each in received:
                envelope = json.loads(each["Body"])
                self._received.append({**envelope, "Event": json.loads(envelope["Message"])})
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=each["ReceiptHandle"])
        found = [m for m in self._received if m["Event"]["detail"].get("releaseId") == release_id]
        return sorted(found, key=lambda message: str(message["Event"]["detail"]["at"]))

    def types(self, release_id: str) -> list[str]:
        """Return the types of the events of these messages."""
        return [message["Event"]["detail-type"] for message in self.about(release_id)]

    def stop(self) -> None:
        """Receive no more."""
        self._sns.unsubscribe(SubscriptionArn=self._arn)
        self._sqs.delete_queue(QueueUrl=self._url)


class Mailbox:
    """An address that is subscribed by e-mail. The platform keeps what it would send."""

    def __init__(self, account: Account) -> None:
        self._sns: SNSClient = boto3.client("sns")
        self._platform = account.endpoint
        self.address = f"{unique('reader')}@example.com"
        self._arn = self._sns.subscribe(
            TopicArn=account.outputs["people_topic_arn"],
            Protocol="email",
            Endpoint=self.address,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def about(self, release_id: str) -> list[dict[str, str]]:
        """Return the e-mails whose subject names a release: ``from``, ``subject`` and ``body``."""
        with urlopen(f"{self._platform}/_aws/ses", timeout=30) as answer:  # noqa: S310 - the platform's own
            kept = json.load(answer)["messages"]
        return [
            {"from": each["Source"], "subject": each["Subject"], "body": each["Body"]["text_part"]}
            for each in kept
            if each["Destination"]["ToAddresses"] == [self.address]
            and f" {release_id}" in each["Subject"]
        ]

    def stop(self) -> None:
        """Receive no more."""
        self._sns.unsubscribe(SubscriptionArn=self._arn)
