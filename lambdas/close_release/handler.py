"""The Lambda handler of close_release."""

import os
from typing import Any

from close_release.closing import CloseRelease
from close_release.hourly import run_each
from close_release.reporting import Reporting
from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.aws.result_files import ResultFiles
from release_core.settings import CloseReleaseSettings, read_settings


def handler(event: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Close a release at the end of its workflow execution, or when that was stopped or failed.

    Once an hour, check for releases whose workflow execution ended and were not closed, announce
    what was not announced, measure whether releases hang, and delete the records of releases that
    were closed long ago.
    """
    settings = read_settings(CloseReleaseSettings, os.environ)
    parts = FunctionParts.of(settings)
    if event.get("detail-type") == "Scheduled Event":
        run_each(
            parts.orphans.sweep,
            parts.late_announcements.sweep,
            parts.hangs.measure,
            # Last, because it may take the longest.
            parts.expiry(settings.release_retention_days).sweep,
        )
        return None
    close_release = CloseRelease(
        ledger=parts.ledger,
        advance=parts.advance(context.aws_request_id),
        step_functions=parts.step_functions,
        announcer=parts.announcer,
        rollbacks=parts.rollbacks,
        reporting=Reporting(
            files=ResultFiles(lambda: parts.brief_client("s3")),
            manifest_bucket=settings.manifest_bucket,
            clock=parts.clock,
        ),
        metrics=parts.metrics,
    )
    if "release_id" in event:
        return close_release.at_end(event["release_id"], event["execution_arn"])
    close_release.when_ended(event)
    return None
