"""The Lambda handler of run_pipeline."""

import os
from typing import Any

from release_core.acting import make_advance
from release_core.clients import Context
from release_core.clock import now
from release_core.running import RunPipeline, Waiting
from release_core.settings import RunPipelineSettings, read_settings


def handler(event: dict[str, Any], context: Context) -> None:
    """Run one pipeline of a release; its task token is settled when it has ended."""
    settings = read_settings(RunPipelineSettings, os.environ)
    advance = make_advance(settings, context.aws_request_id)
    run_pipeline = RunPipeline(
        ledger=advance.ledger, advance=advance, tokens=advance.tokens, clock=now
    )
    waiting = Waiting(
        task_token=event["task_token"],
        wait_seconds=event["wait_seconds"],
        look_after_seconds=event["look_after_seconds"],
    )
    run_pipeline(event["release_id"], event["pipeline"], waiting)
