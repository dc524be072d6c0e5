"""LocalStack's own clients: the only module that knows how this process reaches its services."""

import json
import threading
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from localstack_codepipeline.outbox import Letter

_ARNS: dict[str, str] = {}
_ARNS_LOCK = threading.Lock()


def client_for(service: str, *, account: str, region: str) -> Any:
    """Return a client of another service of this LocalStack, acting in that account and Region."""
    factory = connect_to(aws_access_key_id=account, region_name=region)
    return getattr(factory, service)


def send_events(letters: list[Letter]) -> None:
    """Put events of one account and Region on its default bus."""
    entries = [
        {
            "Source": "aws.codepipeline",
            "DetailType": letter.event.detail_type,
            "Detail": json.dumps(letter.event.detail),
            "Resources": list(letter.event.resources),
            "Time": letter.event.time,
        }
        for letter in letters
    ]
    first = letters[0]
    events = client_for("events", account=first.account, region=first.region)
    events.put_events(Entries=entries)


def caller_arn(context: RequestContext) -> str:
    """Return the caller's ARN, as STS names the owner of its access key.

    A key belongs to one identity for as long as it exists, so STS is called once for each key.
    """
    key = extract_access_key_id_from_auth_header(context.request.headers) or context.account_id
    with _ARNS_LOCK:
        known = _ARNS.get(key)
    if known:
        return known
    factory = connect_to(aws_access_key_id=key, region_name=context.region)
    arn = str(factory.sts.get_caller_identity()["Arn"])
    with _ARNS_LOCK:
        _ARNS[key] = arn
    return arn
