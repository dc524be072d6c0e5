"""The Lambda handler of record_state_change."""

import os

from record_state_change.recording import RecordStateChange
from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.settings import FunctionSettings, read_settings


def handler(event: object, context: Context) -> None:
    """Record one state change of CodePipeline, and settle the pipeline if it has ended."""
    parts = FunctionParts.of(read_settings(FunctionSettings, os.environ))
    record_state_change = RecordStateChange(
        ledger=parts.ledger,
        advance=parts.advance(context.aws_request_id),
        clock=parts.clock,
        metrics=parts.metrics,
    )
    record_state_change(event)
