"""LocalStack's own clients: the only module that knows how this process reaches its services."""

import json
from functools import cache
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.connect import connect_to
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from localstack_codepipeline.outbox import Letter


def client_for(service: str, account: str, region: str) -> Any:
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
    account, region, _ = letters[0]
    client_for("events", account, region).put_events(Entries=entries)


def caller_arn(context: RequestContext) -> str:
    """Return the caller's ARN: of the EventBridge rule that calls, or as STS names who signed."""
    internal = context.internal_request_params or {}
    if ":rule/" in (source := str(internal.get("source_arn") or "")):
        return source
    key = extract_access_key_id_from_auth_header(context.request.headers) or context.account_id
    return _owner(key, context.region)


@cache  # a key belongs to one identity for as long as it exists
def _owner(key: str, region: str) -> str:
    return str(client_for("sts", key, region).get_caller_identity()["Arn"])
