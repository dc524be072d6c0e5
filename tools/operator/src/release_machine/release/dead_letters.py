"""What a message in a dead-letter queue says: which event was given up, of what, and why.

A message is as Amazon SQS returns it. There are two forms:

- EventBridge could not deliver an event: the body is the event, and attributes name the reason.
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
- A function failed with an event: the body is the record of Lambda, with the event in it.
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

HIDDEN = "(not shown)"
# An input is a manifest, which may hold values of variables.
_NOT_SHOWN = frozenset({"input", "output", "variables", "tasktoken", "token"})
_HOURLY = "Scheduled Event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A dead-letter queue; ``function`` is what its events are meant for, None for the workflow.

    The queue of a rule holds what EventBridge could not deliver, the queue of a function that
    ``failed`` the events on which it failed.
    """

    key: str
    name: str
    function: str | None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about, as far as it says so."""

    release_id: str | None = None
    pipeline: str | None = None
    execution_id: str | None = None
    execution_arn: str | None = None
    object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message of a dead-letter queue; without an ``event`` it can only be deleted.

    ``payload`` is the event as it is sent again, ``receipt`` the right to delete the message.
    """

    id: str
    queue: Queue
    since: datetime
    why: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    event: Mapping[str, Any] | None = field(default=None, repr=False)
    payload: str = field(default="", repr=False)
    subject: Subject = field(default_factory=Subject)
    receipt: str = field(default="", repr=False)

    @property
    def kind(self) -> str:
        """The kind of the event: its detail type, with what it says."""
        if self.event is None:
            return "not an event"
        detail_type = self.event.get("detail-type")
        said = _detail(self.event)
        status = said.get("state") or said.get("status")
        kind = str(detail_type) if detail_type else "an event without a type"
        kind = "Hourly check" if kind == _HOURLY else kind
        return f"{kind}: {status}" if isinstance(status, str) else kind

    @property
    def left_out(self) -> str | None:
        """Why it is not sent again unless a user names it, or None."""
        if self.event is None:
            return "it holds no event"
        if self.queue.function is None:
            return f"it would start a release now, of {self.subject.object or 'a manifest'}"
        return None


def read_message(queue: Queue, message: Mapping[str, Any]) -> DeadLetter:
    """Read a message that was received from a queue."""
    system: Mapping[str, str] = message.get("Attributes", {})
    attributes = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    body = message.get("Body", "")
    document = _object(body)
    if queue.failed:
        record = document or {}
        event = record.get("requestPayload")
        event = event if isinstance(event, Mapping) else None
        payload, why = json.dumps(event), _why_failed(record)
    else:
        event, payload, why = document, body, _why_undelivered(attributes)
    sent = int(system.get("SentTimestamp", "0")) / 1000
    return DeadLetter(
        id=message["MessageId"],
        queue=queue,
        since=datetime.fromtimestamp(sent, UTC),
        why=why if event is not None else "the message is not one of EventBridge or Lambda",
        attributes=attributes,
        event=event,
        payload=payload if event is not None else "",
        subject=_subject(event) if event is not None else Subject(),
        receipt=message["ReceiptHandle"],
    )


def without_secrets(value: Any) -> Any:
    """A copy of an event that is safe to show: without tokens and values of variables."""
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if each is not None and _is_secret(name) else without_secrets(each)
            for name, each in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_secrets(each) for each in value]
    return value


def _is_secret(name: object) -> bool:
    return str(name).replace("_", "").lower() in _NOT_SHOWN


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, Mapping) else None


def _why_undelivered(attributes: Mapping[str, str]) -> str:
    """Why EventBridge gave an event up, from the attributes of the message."""
    said = ": ".join(
        part for name in ("ERROR_CODE", "ERROR_MESSAGE") if (part := attributes.get(name))
    )
    tries = attributes.get("RETRY_ATTEMPTS", "")
    retries = f" (after {_times(int(tries), 'retry', 'retries')})" if tries.isdecimal() else ""
    return f"EventBridge could not deliver it: {said or 'it gave no reason'}{retries}"


def _why_failed(record: Mapping[str, Any]) -> str:
    """Why a function gave an event up, from the record of Lambda."""
    context, answer = record.get("requestContext"), record.get("responsePayload")
    context = context if isinstance(context, Mapping) else {}
    answer = answer if isinstance(answer, Mapping) else {}
    error = ": ".join(
        str(answer[name]) for name in ("errorType", "errorMessage") if answer.get(name)
    )
    condition = str(context.get("condition") or "")
    tries = context.get("approximateInvokeCount")
    counted = f" (after {_times(tries, 'try', 'tries')})" if isinstance(tries, int) else ""
    if error:
        return f"the function failed: {error}{counted}"
    return f"Lambda gave it up: {condition or 'it gave no reason'}{counted}"


def _times(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _detail(event: Mapping[str, Any]) -> Mapping[str, Any]:
    detail = event.get("detail")
    return detail if isinstance(detail, Mapping) else {}


def _subject(event: Mapping[str, Any]) -> Subject:
    detail = _detail(event)

    def named(name: str) -> str | None:
        value = detail.get(name)
        return value if isinstance(value, str) and value else None

    return Subject(
        release_id=named("releaseId"),
        pipeline=named("pipeline"),
        execution_id=named("execution-id") or named("executionId"),
        execution_arn=named("executionArn"),
        object=_uploaded(detail),
    )


def _uploaded(detail: Mapping[str, Any]) -> str | None:
    match detail:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as uploaded}:
            version = uploaded.get("version-id")
            return f"s3://{bucket}/{key}" + (f" (version {version})" if version else "")
        case _:
            return None
