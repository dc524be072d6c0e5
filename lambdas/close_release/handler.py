"""The Lambda handler of close_release."""

import os
from typing import Any

from release_core.acting import make_advance
from release_core.clients import Context, client
from release_core.closing import CloseRelease
from release_core.settings import CloseReleaseSettings, read_settings
from release_core.wiring import make_ledger


def handler(event: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Close a release at the workflow's end, or when its execution was ended from outside."""
    settings = read_settings(CloseReleaseSettings, os.environ)
    ledger = make_ledger(settings)
    advance = make_advance(ledger, context.aws_request_id)
    close_release = CloseRelease(
        ledger=ledger,
        advance=advance,
        tokens=advance.tokens,
        events=client("events"),
        event_bus=settings.event_bus,
    )
    if "release_id" in event:
        return close_release.at_end(event["release_id"], event["execution_arn"])
    close_release.when_ended(event)
    return None
