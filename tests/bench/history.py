"""Reads the histories of workflow executions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.e2e.account.account import Account


def history(account: Account, arn: str) -> list[dict[str, Any]]:
    """Return the events of a workflow execution, in order."""
    pages = account.step_functions.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [dict(event) for page in pages for event in page["events"]]


def left(events: Sequence[Mapping[str, Any]], state: str) -> datetime:
    """Return when an execution left a state for the last time."""
    moments: list[datetime] = [
        event["timestamp"]
        for event in events
        if event.get("stateExitedEventDetails", {}).get("name") == state
    ]
    return moments[-1]


def transitions(events: Sequence[Mapping[str, Any]]) -> int:
    """Count what Step Functions charges for: each entered state, and each retry of a task."""
    kinds: list[str] = [event["type"] for event in events]
    entered = sum(kind.endswith("StateEntered") for kind in kinds)
    tasks = kinds.count("TaskScheduled") + kinds.count("LambdaFunctionScheduled")
    return entered + tasks - kinds.count("TaskStateEntered")
