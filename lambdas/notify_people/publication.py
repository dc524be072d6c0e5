"""One message as a call of SNS: a body for each protocol, and attributes for filter policies."""

import json
from collections.abc import Mapping
from typing import Any

from notify_people import chat, mail, sms
from notify_people.message import Message

# SNS counts the bytes of the message and of its attributes together.
LIMIT = 262_144
_RESERVE = 10_000  # for the subject, the attributes and what SNS adds


def publication(message: Message, topic_arn: str) -> dict[str, Any]:
    """Return the arguments of SNS's Publish.

    ``default`` is for Amazon Q, which subscribes by https. So https has no body of its own.
    """
    bodies = {
        "default": chat.notification(message),
        "email": mail.body(message),
        "sms": sms.text(message),
    }
    machines = _for_machines(message.event.raw)
    structure = json.dumps(bodies | machines)
    if len(structure) > LIMIT - _RESERVE:
        structure = json.dumps(bodies | _for_machines(_without_lists(message.event.raw)))
    return {
        "TopicArn": topic_arn,
        "Subject": mail.subject(message),
        "MessageStructure": "json",
        "Message": structure,
        "MessageAttributes": attributes(message),
    }


def attributes(message: Message) -> dict[str, Any]:
    """Return what the filter policies of subscriptions can name. An empty value is left out."""
    event = message.event
    texts = {
        "type": event.type,
        "severity": message.severity.value,
        "status": event.status,
        "deployment": event.deployment,
        "releaseId": event.release_id,
        "eventId": event.event_id,
    }
    made = {
        name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text
    }
    if event.attempt is not None:
        made["attempt"] = {"DataType": "Number", "StringValue": str(event.attempt)}
    if failed := sorted({each.pipeline for each in event.failures}):
        made["failedPipelines"] = {"DataType": "String.Array", "StringValue": json.dumps(failed)}
    return made


def _for_machines(event: Mapping[str, Any]) -> dict[str, str]:
    """The bodies for queues and functions: the event as EventBridge sent it."""
    text = json.dumps(event)
    return {"sqs": text, "lambda": text}


def _without_lists(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with the short values of its detail only, so that it fits into a message."""
    detail = {
        name: value
        for name, value in event["detail"].items()
        if not isinstance(value, list | Mapping) and len(str(value)) <= 2000
    }
    return {**event, "detail": {**detail, "cut": True}}
