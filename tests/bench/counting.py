"""Counts what functions do: AWS calls, capacity units, time and memory, from their logs."""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.own_function import FOLDER
from tests.bench.usage import Usage
from tests.e2e.account.account import Account
from tests.e2e.account.versions import Build, running, variables_of
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
        # Of each pipeline the rule delivers the event of its success.
        handled = found["record_state_change"].invocations >= pipelines
        return found if handled and found["close_release"].invocations else None

    return wait_until("the functions have handled all events", works, seconds=300)


@contextmanager
def counted(account: Account) -> Iterator[None]:
    """Let each function log its AWS calls while the block runs."""
    before = {each: _plain(each, variables_of(account, each)) for each in FUNCTIONS}
    counting = {function: _counting(function, build) for function, build in before.items()}
    with running(account, counting, before):
        yield


def _plain(module: str, variables: dict[str, str]) -> Build:
    """A function as it is deployed."""
    return Build(
        settings={"Handler": f"{module}.handler.handler", "Environment": {"Variables": variables}},
        package=(ZIPS / f"{module}.zip").read_bytes(),
    )


def _counting(module: str, plain: Build) -> Build:
    """A function with counted.py in front of it."""
    package = io.BytesIO(plain.package or b"")
    with zipfile.ZipFile(package, "a") as archive:
        archive.write(FOLDER / "counted.py", "counted.py")
    more = {"COUNTED_HANDLER": f"{module}.handler"}
    variables = plain.settings["Environment"]["Variables"] | more
    return Build(
        settings={"Handler": "counted.handler", "Environment": {"Variables": variables}},
        package=package.getvalue(),
    )
