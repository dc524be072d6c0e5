"""The Lambda handler of close_release."""

import os
from typing import Any

from release_core.acting import make_advance
from release_core.clients import Context
from release_core.closing import CloseRelease
from release_core.settings import CloseReleaseSettings, read_settings
from release_core.wiring import make_bus


def handler(event: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Close a release at the workflow's end, or when its execution was ended from outside.

    Once an hour, look for releases whose execution ended without anybody hearing of it.
    """
    settings = read_settings(CloseReleaseSettings, os.environ)
    advance = make_advance(settings, context.aws_request_id)
    close_release = CloseRelease(
        ledger=advance.ledger, advance=advance, tokens=advance.tokens, bus=make_bus(settings)
    )
    if "release_id" in event:
        return close_release.at_end(event["release_id"], event["execution_arn"])
    if event.get("detail-type") == "Scheduled Event":
        advance.orphans.look()
        return None
    close_release.when_ended(event)
    return None
