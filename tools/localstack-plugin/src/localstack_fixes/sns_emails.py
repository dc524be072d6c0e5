"""Gives the e-mails of SNS the subject of the message, and the sender of AWS.

LocalStack sends them through its SES, which keeps each for tests (``GET /_aws/ses``), but with a
subject of its own. On AWS it is the Subject of Publish, and the name of the sender is the
DisplayName of the topic:
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
"""

from collections.abc import Mapping
from typing import Any

NO_SUBJECT = "AWS Notification Message"
SENDER = "no-reply@sns.amazonaws.com"


def apply() -> None:
    """Replaces how the publisher of e-mails calls SES; the text stays that of LocalStack."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.aws.connect import connect_to  # noqa: PLC0415 - as above
    from localstack.services.sns.publisher import EmailJsonTopicPublisher  # noqa: PLC0415 - as above
    from localstack.utils.aws.arns import parse_arn  # noqa: PLC0415 - as above

    def publish(self: Any, context: Any, subscriber: Mapping[str, Any]) -> None:
        topic = parse_arn(subscriber["TopicArn"])
        text = self.prepare_message(
            context.message, subscriber, topic_attributes=context.topic_attributes
        )
        ses = connect_to(aws_access_key_id=topic["account"], region_name=topic["region"]).ses
        for address in (SENDER, subscriber["Endpoint"]):
            ses.verify_email_address(EmailAddress=address)
        ses.send_email(
            **email(
                to=subscriber["Endpoint"],
                subject=context.message.subject,
                text=text,
                sender=context.topic_attributes.get("DisplayName"),
            )
        )

    EmailJsonTopicPublisher._publish = publish


def email(*, to: str, subject: str | None, text: str, sender: str | None) -> dict[str, Any]:
    """The arguments of SendEmail."""
    return {
        "Source": f"{sender} <{SENDER}>" if sender else SENDER,
        "Destination": {"ToAddresses": [to]},
        "Message": {
            "Subject": {"Data": subject or NO_SUBJECT},
            "Body": {"Text": {"Data": text}},
        },
    }
