"""Runs another handler, and logs in one line which AWS calls it made and which units they used.

This file is put into the zip of a function; COUNTED_HANDLER names the module of its own handler.
"""

import importlib
import json
import os
import time
from collections import Counter
from typing import Any

import boto3

# The calls of this invocation, each with the milliseconds until its answer.
_calls: list[tuple[str, float]] = []
_began = 0.0
_units = {"read": 0.0, "write": 0.0}
# A line of the log has a limit, and opening a large release makes thousands of calls.
_SHOWN = 50
_READS = {"BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"}


def handler(event: object, context: object) -> object:
    """Call the function's own handler."""
    global _began  # noqa: PLW0603 - an environment handles one invocation at a time
    _began = time.perf_counter()
    _calls.clear()
    _units.update(read=0.0, write=0.0)
    try:
        return _own.handler(event, context)
    finally:
        counted = Counter(name for name, _ in _calls)
        line = {"counted": counted, "units": _units, "first": _calls[:_SHOWN]}
        print(json.dumps(line))  # noqa: T201 - a line of the log


def _ask_for_units(params: dict[str, Any], model: Any, **_: object) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params["ReturnConsumedCapacity"] = "TOTAL"


def _count(model: Any, parsed: dict[str, Any], **_: object) -> None:
    milliseconds = (time.perf_counter() - _began) * 1000
    _calls.append((f"{model.service_model.service_name}.{model.name}", milliseconds))
    used = parsed.get("ConsumedCapacity", [])
    kind = "read" if model.name in _READS else "write"
    for each in used if isinstance(used, list) else [used]:
        _units[kind] += each["CapacityUnits"]


boto3.setup_default_session()
_events = boto3.DEFAULT_SESSION.events  # type: ignore[union-attr] # set by the line before
_events.register("before-parameter-build.dynamodb", _ask_for_units)
_events.register("after-call", _count)
_own = importlib.import_module(os.environ["COUNTED_HANDLER"])
