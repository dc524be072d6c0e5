"""Counts what functions do: AWS calls, capacity units, time and memory, from their logs."""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.own_function import FOLDER
from tests.bench.usage import Usage
from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until

ZIPS = Path(__file__).resolve().parents[2] / ".build/functions"
FUNCTIONS = ("open_release", "run_pipeline", "record_state_change", "close_release")


@dataclass(frozen=True)
class Work:
    """All invocations of one function since a moment; memory is the largest of an invocation."""

    invocations: int
    gb_seconds: float
    largest_mb: int
    calls: Counter[str]
    read_units: float
    write_units: float
    # The first calls of each invocation, each with the milliseconds until its answer.
    orders: Sequence[Sequence[tuple[str, float]]] = ()

    def calls_to(self, service: str) -> int:
        """Return the number of calls to an AWS service."""
        return sum(count for call, count in self.calls.items() if call.startswith(f"{service}."))

    def usage(self) -> Usage:
        """Return what these invocations used, without the transitions of the workflow."""
        starts = self.calls["codepipeline.StartPipelineExecution"]
        return Usage(
            invocations=self.invocations,
            gb_seconds=self.gb_seconds,
            read_units=self.read_units,
            write_units=self.write_units,
            dynamodb_calls=self.calls_to("dynamodb"),
            pipeline_starts=starts,
            pipeline_reads=self.calls_to("codepipeline") - starts,
            events=self.calls["events.PutEvents"],
        )


def work_in(lines: Sequence[str]) -> Work:
    """Add up the lines of a log: those of counted.py, and Lambda's reports."""
    calls, read_units, write_units = Counter[str](), 0.0, 0.0
    reports: list[dict[str, Any]] = []
    orders = []
    for line in lines:
        entry = json.loads(line)
        if "counted" in entry:
            calls.update(entry["counted"])
            orders.append([(name, milliseconds) for name, milliseconds in entry["first"]])
            read_units += entry["units"]["read"]
            write_units += entry["units"]["write"]
        elif entry.get("type") == "platform.report":
            reports.append(entry["record"]["metrics"])
    return Work(
        invocations=len(reports),
        gb_seconds=sum(
            each["billedDurationMs"] / 1000 * each["memorySizeMB"] / 1024 for each in reports
        ),
        largest_mb=max((each["maxMemoryUsedMB"] for each in reports), default=0),
        calls=calls,
        read_units=read_units,
        write_units=write_units,
        orders=orders,
    )


def work_of(account: Account, function: str, *, since: datetime) -> Work:
    """Read what a function has done since a moment; ``function`` is its name on AWS."""
    pages = account.logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", startTime=int(since.timestamp() * 1000)
    )
    messages = (event["message"].strip() for page in pages for event in page["events"])
    return work_in([each for each in messages if each.startswith("{")])


def work_of_release(account: Account, *, since: datetime, pipelines: int) -> dict[str, Work]:
    """Return what each function did in a release, when the last events have been handled."""

    def works() -> dict[str, Work] | None:
        found = {each: work_of(account, account.function(each), since=since) for each in FUNCTIONS}
        # Each pipeline has a STARTED and a SUCCEEDED event.
        handled = found["record_state_change"].invocations >= 2 * pipelines
        return found if handled and found["close_release"].invocations else None

    return wait_until("the functions have handled all events", works, seconds=300)


@contextmanager
def counted(account: Account) -> Iterator[None]:
    """Let each function log its AWS calls while the block runs."""
    # Each change takes seconds, so all functions are changed at the same time.
    with ThreadPoolExecutor(len(FUNCTIONS)) as threads:
        before = list(threads.map(partial(_count_calls, account), FUNCTIONS))
        try:
            yield
        finally:
            list(threads.map(partial(_restore, account), FUNCTIONS, before))


def _count_calls(account: Account, module: str) -> dict[str, str]:
    """Put counted.py in front of a function; return its environment as it was."""
    name = account.function(module)
    configuration = account.functions.get_function_configuration(FunctionName=name)
    before = configuration["Environment"]["Variables"]
    package = io.BytesIO((ZIPS / f"{module}.zip").read_bytes())
    with zipfile.ZipFile(package, "a") as archive:
        archive.write(FOLDER / "counted.py", "counted.py")
    more = before | {"COUNTED_HANDLER": f"{module}.handler"}
    _change(account, name, package.getvalue(), handler="counted.handler", variables=more)
    return before


def _restore(account: Account, module: str, before: dict[str, str]) -> None:
    package = (ZIPS / f"{module}.zip").read_bytes()
    name = account.function(module)
    _change(account, name, package, handler=f"{module}.handler.handler", variables=before)


def _change(
    account: Account, name: str, package: bytes, *, handler: str, variables: dict[str, str]
) -> None:
    client, updated = account.functions, account.functions.get_waiter("function_updated_v2")
    client.update_function_code(FunctionName=name, ZipFile=package)
    updated.wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.update_function_configuration(
        FunctionName=name, Handler=handler, Environment={"Variables": variables}
    )
    updated.wait(FunctionName=name, WaiterConfig={"Delay": 1})
