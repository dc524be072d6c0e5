"""The Lambda handler of open_release."""

import os
from typing import Any

from release_core.clients import Context, client, function_name, in_parallel
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.opening import OpenRelease
from release_core.opening_ledger import OpeningLedger
from release_core.planning import Planner
from release_core.reservations import Reservations
from release_core.resuming import Resuming
from release_core.rollback_reader import RollbackReader
from release_core.settings import OpenReleaseSettings, read_settings
from release_core.survey import RevisionSources, Survey
from release_core.wiring import make_ledger, make_orphans


def handler(event: dict[str, Any], _context: Context) -> dict[str, Any] | None:
    """Open the release of the workflow execution that the event names, or wait to open it."""
    open_release = _open_release(read_settings(OpenReleaseSettings, os.environ))
    if "task_token" in event:
        open_release.wait(event["execution_arn"], event["task_token"])
        return None
    return open_release(event["execution_arn"])


def _open_release(settings: OpenReleaseSettings) -> OpenRelease:
    step_functions = client("stepfunctions")
    codepipeline = CodePipeline(
        client("codepipeline"), patterns=settings.pipeline_name_patterns, in_parallel=in_parallel
    )
    ledger = make_ledger(settings)
    opening_ledger = OpeningLedger(
        client("dynamodb"), settings.releases_table, clock=now, who=function_name()
    )
    orphans = make_orphans(settings, ledger)
    reservations = Reservations(orphans=orphans, holders=ledger.holders, tokens=orphans.tokens)
    return OpenRelease(
        step_functions=step_functions,
        s3=client("s3"),
        codepipeline=codepipeline,
        ledger=opening_ledger,
        reservations=reservations,
        resuming=Resuming(
            ledger=ledger,
            opening_ledger=opening_ledger,
            codepipeline=codepipeline,
            reservations=reservations,
            orphans=orphans,
            clock=now,
        ),
        planner=Planner(
            codepipeline=codepipeline,
            survey=Survey(client("codepipeline"), in_parallel=in_parallel),
            revisions=RevisionSources(client),
            ledger=ledger,
            holders=ledger.holders,
            tokens=orphans.tokens,
            clock=now,
            in_parallel=in_parallel,
        ),
        rollbacks=RollbackReader(ledger=ledger, codepipeline=codepipeline),
        clock=now,
        look_after_seconds=settings.look_after_seconds,
    )
