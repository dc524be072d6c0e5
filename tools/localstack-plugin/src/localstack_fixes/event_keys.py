"""Names an object in an EventBridge event by its key as it is.

LocalStack writes the key as a URL spells it. That is the form of S3's own notifications to Lambda,
SQS and SNS; the events that S3 sends to EventBridge carry the key itself:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote


def apply() -> None:
    """Undoes the spelling in each event, of whatever it tells."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.s3.notifications import EventBridgeNotifier  # noqa: PLC0415 - as above

    payload: Callable[..., dict[str, Any]] = EventBridgeNotifier._get_event_payload

    def payload_with_key(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return with_plain_key(payload(*args, **kwargs))

    EventBridgeNotifier._get_event_payload = staticmethod(payload_with_key)


def with_plain_key(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry for PutEvents with the object's key as S3 has it."""
    detail = json.loads(entry["Detail"])
    detail["object"]["key"] = unquote(detail["object"]["key"])
    return {**entry, "Detail": json.dumps(detail)}
