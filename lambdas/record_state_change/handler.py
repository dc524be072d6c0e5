"""The Lambda handler of record_state_change."""

import os

from release_core.acting import make_advance
from release_core.clients import Context
from release_core.clock import now
from release_core.recording import RecordStateChange
from release_core.settings import RecordStateChangeSettings, read_settings
from release_core.wiring import make_ledger


def handler(event: object, context: Context) -> None:
    """Record one CodePipeline state change and settle the pipeline that it ends."""
    ledger = make_ledger(read_settings(RecordStateChangeSettings, os.environ))
    record_state_change = RecordStateChange(
        ledger=ledger, advance=make_advance(ledger, context.aws_request_id), clock=now
    )
    record_state_change(event)
