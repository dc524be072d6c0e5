"""The Lambda handler of open_release."""

import os
from typing import Any

from release_core.clients import Context, client, function_name
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.opening import OpenRelease
from release_core.opening_ledger import OpeningLedger
from release_core.settings import OpenReleaseSettings, read_settings


def handler(event: dict[str, Any], _context: Context) -> dict[str, Any]:
    """Open the release of the workflow execution that the event names."""
    settings = read_settings(OpenReleaseSettings, os.environ)
    open_release = OpenRelease(
        step_functions=client("stepfunctions"),
        s3=client("s3"),
        codepipeline=CodePipeline(client("codepipeline")),
        ledger=OpeningLedger(
            client("dynamodb"), settings.releases_table, clock=now, who=function_name()
        ),
        look_after_seconds=settings.look_after_seconds,
    )
    return open_release(event["execution_arn"])
