"""The Lambda handler of open_release."""

import os
from datetime import timedelta
from typing import Any

from open_release.announcing import Announcing
from open_release.declaring import Declaring
from open_release.intake import Intake
from open_release.opening import OpenRelease
from open_release.reservations import Reservations
from open_release.resuming import Resuming
from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.aws.result_files import ResultFiles
from release_core.domain.declarations import Declared
from release_core.errors import Rejection
from release_core.plan.planner import Planner
from release_core.settings import OpenReleaseSettings, read_settings

# What a workflow sends as `rejection` that takes a rejection as an outcome.
OUTCOME = "outcome"

# What this process has read of pipelines while AWS throttled it.
_READ: dict[tuple[str, ...], tuple[int, Declared]] = {}


def handler(event: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Open the release of the workflow execution that the event names, or wait to open it.

    A rejection is an answer with the ``outcome`` REJECTED, the name of its ``error`` and the
    ``cause``: an error of the function would count as a failure that its operators must look at.
    Executions that began with an earlier definition do not ask for that answer, and only know the
    error: for them the Rejection is raised.
    """
    settings = read_settings(OpenReleaseSettings, os.environ)
    # An opening reads each pipeline's declaration: many calls in a row.
    parts = FunctionParts.of(settings, patterns=settings.pipeline_name_patterns, paced=True)
    open_release = make_open_release(
        parts,
        invocation=context.aws_request_id,
        look_after_seconds=settings.look_after_seconds,
        manifest_bucket=settings.manifest_bucket,
        declaring=Declaring(
            read=parts.codepipeline.declarations,
            time_left=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()),
            kept=_READ,
        ),
    )
    if "task_token" in event:
        open_release.wait(event["execution_arn"], event["task_token"])
        return None
    try:
        return open_release(event["execution_arn"])
    except Rejection as rejection:
        if event.get("rejection") != OUTCOME:
            raise
        return {
            "outcome": "REJECTED",
            "error": type(rejection).__name__,
            "cause": str(rejection),
        }


def make_open_release(
    parts: FunctionParts,
    *,
    invocation: str,
    look_after_seconds: int,
    manifest_bucket: str,
    declaring: Declaring,
) -> OpenRelease:
    """Build OpenRelease from the parts of the function."""
    reservations = Reservations(
        ledger=parts.ledger,
        step_functions=parts.step_functions,
        orphans=parts.orphans,
        clock=parts.clock,
    )
    return OpenRelease(
        intake=Intake(
            step_functions=parts.step_functions,
            s3=parts.client("s3"),
            ledger=parts.ledger,
            rollbacks=parts.rollbacks,
            manifest_bucket=manifest_bucket,
        ),
        declaring=declaring,
        ledger=parts.ledger,
        reservations=reservations,
        announcing=Announcing(ledger=parts.ledger, announcer=parts.announcer, clock=parts.clock),
        resuming=Resuming(
            ledger=parts.ledger,
            codepipeline=parts.codepipeline,
            reservations=reservations,
            orphans=parts.orphans,
            advance=parts.advance(invocation),
            rollbacks=parts.rollbacks,
            clock=parts.clock,
            metrics=parts.metrics,
        ),
        planner=Planner(
            ledger=parts.ledger,
            declarations=parts.codepipeline.declarations,
            step_functions=parts.step_functions,
            client=parts.client,
            brief_client=parts.brief_client,
            clock=parts.clock,
            rollbacks=parts.rollbacks,
            live=parts.live,
            calendars=parts.calendars,
            in_parallel=parts.in_parallel,
        ),
        rollbacks=parts.rollbacks,
        results=ResultFiles(lambda: parts.brief_client("s3")),
        clock=parts.clock,
        metrics=parts.metrics,
        look_after_seconds=look_after_seconds,
    )
