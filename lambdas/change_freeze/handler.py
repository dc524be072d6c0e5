"""The Lambda handler of change_freeze."""

import os
from typing import Any

from change_freeze.freezing import ChangeFreeze
from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.settings import FunctionSettings, read_settings


def handler(event: object, context: Context) -> dict[str, Any] | None:
    """Answer a request of the API: freeze, lift a freeze, or override for one release.

    Or act on the event that a change calendar is open.
    """
    parts = FunctionParts.of(read_settings(FunctionSettings, os.environ))
    change = ChangeFreeze(
        ledger=parts.ledger,
        step_functions=parts.step_functions,
        clock=parts.clock,
        in_parallel=parts.in_parallel,
    )
    if isinstance(event, dict) and event.get("source") == "aws.ssm":
        change.calendar_opened()
        return None
    return change.respond(event)
