"""The Lambda handler of record_state_change."""

import os

from release_core.acting import make_advance
from release_core.clients import Context
from release_core.clock import now
from release_core.recording import RecordStateChange
from release_core.settings import RecordStateChangeSettings, read_settings


def handler(event: object, context: Context) -> None:
    """Record one CodePipeline state change and settle the pipeline that it ends."""
    settings = read_settings(RecordStateChangeSettings, os.environ)
    advance = make_advance(settings, context.aws_request_id)
    record_state_change = RecordStateChange(ledger=advance.ledger, advance=advance, clock=now)
    record_state_change(event)
