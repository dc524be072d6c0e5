"""The real handlers, with clients and a clock that the scheduler provides.

The handlers get their clients, the time and their own name from `release_core`. These three are
replaced here, and so is boto3's conversion of attribute values, by a faster one. Everything else is
the deployed code.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from unittest.mock import patch

from greenlet import getcurrent

import answer_approval.handler
import change_freeze.handler
import close_release.handler
import open_release.handler
import record_state_change.handler
import run_pipeline.handler
from release_core.aws.clients import one_by_one
from release_core.ledger import dynamodb
from tests.simulation.world.calls import Conversation, Program, Running
from tests.simulation.world.spelling import deserialize, serialize

LOOK_AFTER_SECONDS = 3600
ENVIRONMENT = {
    "RELEASES_TABLE": "releases",
    "EXECUTIONS_TABLE": "executions",
    "PIPELINES_TABLE": "pipelines",
    "RECORD_RETENTION_DAYS": "400",
    "DEPLOYMENT": "release-machine",
    "LOOK_AFTER_SECONDS": str(LOOK_AFTER_SECONDS),
    "PIPELINE_NAME_PATTERNS": "*",
    "MANIFEST_BUCKET": "manifests",
    "EVENT_BUS": "default",
    "CHANGE_CALENDARS": "",
    "SESSION_NAMES_ARE_PINNED": "false",
}
# The timeouts of the functions, as in infra/.
TIMEOUTS = {
    "open_release": timedelta(seconds=180),
    "run_pipeline": timedelta(seconds=45),
    "record_state_change": timedelta(seconds=45),
    "close_release": timedelta(seconds=300),
    "change_freeze": timedelta(seconds=60),
    "answer_approval": timedelta(seconds=45),
}
_HANDLERS: dict[str, Callable[[Any, Any], Any]] = {
    "open_release": open_release.handler.handler,
    "run_pipeline": run_pipeline.handler.handler,
    "record_state_change": record_state_change.handler.handler,
    "close_release": close_release.handler.handler,
    "change_freeze": change_freeze.handler.handler,
    "answer_approval": answer_approval.handler.handler,
}


@dataclass(frozen=True)
class _Context:
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Lambda's longest time: no scenario has so many pipelines that their reading pauses."""
        return 900_000


def deployed_name(function: str) -> str:
    """Return the name of a function on AWS."""
    return f"release-machine-{function.replace('_', '-')}"


def make_program(
    function: str, payload: Any, invocation: str, *, change_calendars: str = ""
) -> Program:
    """Return the invocation of a function with a payload, as Lambda runs it."""

    def run(conversation: Conversation) -> Any:
        conversation.function = deployed_name(function)
        os.environ["CHANGE_CALENDARS"] = change_calendars
        return _HANDLERS[function](payload, _Context(invocation))

    return run


@contextmanager
def functions_on_stage() -> Iterator[None]:
    """Let the scheduler provide the functions' clients, clock and name."""
    stand_ins = {
        "client": _client,
        "client_once": _client,
        "client_brief": _client,
        "client_paced": _client,
        "client_short": _client,
        "now": _now,
        "function_name": _function_name,
        "in_parallel": one_by_one,  # the scheduler supports one greenlet, not threads
        "write_line": write_line,
    }
    folders = ("release_core.", *(f"{name}." for name in _HANDLERS))
    with patch.dict(os.environ, ENVIRONMENT):
        patches = [
            patch.object(module, name, stand_in)
            for path, module in sorted(sys.modules.items())
            if path.startswith(folders)
            for name, stand_in in stand_ins.items()
            if hasattr(module, name)
        ]
        patches += [
            patch.object(dynamodb, "_serialize", serialize),
            patch.object(dynamodb, "_deserialize", deserialize),
        ]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


def _conversation() -> Conversation:
    return cast(Running, getcurrent()).conversation


def _client(service: str) -> Any:
    return _conversation().client(service)


def _now() -> datetime:
    return _conversation().clock()


def write_line(_: str) -> None:
    """Write no metrics: nothing in a schedule depends on them."""


def _function_name() -> str:
    return _conversation().function
