"""The Lambda handler of run_pipeline."""

import os
from typing import Any

from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.clock import from_iso
from release_core.settings import FunctionSettings, read_settings
from run_pipeline.running import FailedTask, RunPipeline, Waiting


def handler(event: dict[str, Any], context: Context) -> None:
    """Run one pipeline of a release until it has ended and its task token is settled.

    Or fail a pipeline whose task the workflow has given up.
    """
    parts = FunctionParts.of(read_settings(FunctionSettings, os.environ))
    run_pipeline = RunPipeline(
        ledger=parts.ledger,
        advance=parts.advance(context.aws_request_id),
        step_functions=parts.step_functions,
        clock=parts.clock,
    )
    if "gave_up" in event:
        run_pipeline.give_up(
            FailedTask(
                release_id=event["release_id"],
                pipeline=event["pipeline"],
                execution_arn=event["execution_arn"],
                error=event["gave_up"]["Error"],
                cause=event["gave_up"]["Cause"],
            )
        )
        return
    waiting = Waiting(
        task_token=event["task_token"],
        wait_seconds=event["wait_seconds"],
        look_after_seconds=event["look_after_seconds"],
        # These are absent in executions of an earlier workflow definition.
        attempt=event.get("attempt"),
        waits_since=from_iso(event["waits_since"]) if "waits_since" in event else None,
        execution_arn=event.get("execution_arn"),
    )
    run_pipeline(event["release_id"], event["pipeline"], waiting)
