"""What the report of a failed test shows: histories, the ledger and logs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.releases import Releases

# In the parameters of a scheduled task, which are JSON in JSON.
TOKEN = re.compile(r'(task_token\W+)[^"\\]+')
LINE = 600  # characters
NOISE = {"id", "previousEventId", "timestamp", "type", "inputDetails", "outputDetails"}


def evidence(releases: Releases) -> str:
    """Return histories, items and logs of the executions that a test started, as text."""
    parts: list[str] = []
    for arn in releases.executions:
        parts.append(f"--- {arn}")
        parts += _history(releases, arn)
        parts += _items(releases.ledger, arn)
    parts += _logs(releases.account, since=int(releases.began.timestamp() * 1000))
    return "\n".join(part[:LINE] for part in parts)


def _history(releases: Releases, arn: str) -> Iterator[str]:
    client = releases.account.step_functions
    try:
        events = client.get_execution_history(executionArn=arn)["events"]
    except ClientError as error:
        yield f"no history: {error}"
        return
    for event in events:
        details = {name: value for name, value in event.items() if name not in NOISE}
        yield f"{event['timestamp']:%H:%M:%S.%f} {event['type']} {_show(details)}"


def _items(ledger: Ledger, arn: str) -> Iterator[str]:
    release_id = next((i["opens"] for i in ledger.items(arn) if "opens" in i), arn)
    for item in ledger.items(release_id):
        yield _show(item)
        if "execution_id" in item:
            yield _show(ledger.execution(item["execution_id"]))


def _logs(account: Account, *, since: int) -> Iterator[str]:
    for function in account.outputs["function_names"].values():
        yield f"--- log of {function}"
        try:
            pages = account.logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{function}", startTime=since
            )
            lines = (event["message"].rstrip() for page in pages for event in page["events"])
            yield from (line for line in lines if '"platform.start"' not in line)
        except ClientError as error:
            yield f"cannot be read: {error}"


def _show(value: dict[str, Any]) -> str:
    shown = {name: each for name, each in value.items() if name != "task_token"}
    return TOKEN.sub(r"\1...", json.dumps(shown, default=str, sort_keys=True))
