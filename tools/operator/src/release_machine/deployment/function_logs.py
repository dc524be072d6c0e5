"""The logs of the functions: their JSON lines, by time, as readable text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from release_machine.text.wording import log_time

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

PAUSE_SECONDS = 2.0
# A line may be stored this much later than a line with a later time, so it is read again.
LATE_MILLISECONDS = 10_000
_KNOWN = frozenset(
    {"timestamp", "level", "message", "logger", "requestId"}
    | {"release_id", "execution_arn", "pipeline"}
    | {"stackTrace", "errorType", "errorMessage", "location"}
)


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line of one function, as stored."""

    milliseconds: int
    event_id: str
    function: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A release whose lines are wanted, with the ARNs of the executions of all its attempts."""

    release_id: str
    execution_arns: frozenset[str]

    @property
    def terms(self) -> tuple[str, ...]:
        """Texts of which each line about the release has one."""
        names = sorted(each.rpartition(":")[2] for each in self.execution_arns)
        return tuple(dict.fromkeys([self.release_id, *names]))

    def is_of(self, line: LogLine) -> bool:
        """Whether a line names the release, or the execution before it knew the release."""
        entry = _entry(line)
        if "release_id" in entry:
            return bool(entry["release_id"] == self.release_id)
        return entry.get("execution_arn") in self.execution_arns


class LogReader:
    """Reads the log groups; ``function_names`` maps the names of functions to those in AWS."""

    def __init__(self, *, logs: CloudWatchLogsClient, function_names: Mapping[str, str]) -> None:
        self._logs = logs
        self._groups = {
            function: f"/aws/lambda/{name}" for function, name in function_names.items()
        }

    def read(self, since: datetime, about: Subject | None = None) -> list[LogLine]:
        """All lines since then, the earliest first; only those about one release, if given."""
        terms = about.terms if about else ("",)
        lines = {
            line
            for function, group in self._groups.items()
            for term in terms
            for line in self._lines(function, group, since, term)
            if about is None or about.is_of(line)
        }
        return sorted(lines)

    def _lines(self, function: str, group: str, since: datetime, term: str) -> Iterator[LogLine]:
        wanted: Any = {"filterPattern": f'"{term}"'} if term else {}
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), **wanted
        )
        for page in pages:
            for event in page["events"]:
                yield LogLine(event["timestamp"], event["eventId"], function, event["message"])

    def tail(
        self, since: datetime, about: Subject | None = None, *, wait: Callable[[float], None]
    ) -> Iterator[LogLine]:
        """The same lines and all new ones, each once, without end."""
        shown: set[tuple[str, str]] = set()
        while True:
            lines = self.read(since, about)
            for line in lines:
                if (line.function, line.event_id) not in shown:
                    yield line
            if lines:
                newest = lines[-1].milliseconds - LATE_MILLISECONDS
                since = max(since, datetime.fromtimestamp(newest / 1000, UTC))
                shown = {(line.function, line.event_id) for line in lines}
            wait(PAUSE_SECONDS)


def readable(line: LogLine) -> str | None:
    """One stored line as readable text; None for metrics, and notes about a run that went well."""
    at = datetime.fromtimestamp(line.milliseconds / 1000, UTC)
    head = f"{log_time(at)} {line.function:<19}"
    entry = _entry(line)
    if not entry:
        return f"{head} {'':<7} {line.text.rstrip()}" if line.text.strip() else None
    if "type" in entry and "record" in entry:
        return _platform_line(head, entry)
    if _is_of_botocore(entry) or "_aws" in entry:
        return None
    execution = str(entry.get("execution_arn", "")).rpartition(":")[2]
    named = (entry.get("release_id") or execution, entry.get("pipeline"))
    subject = " ".join(str(each) for each in named if each)
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _KNOWN)
    error = ": ".join(str(entry[key]) for key in ("errorType", "errorMessage") if entry.get(key))
    words = (str(entry.get("message", "")), error, f"[{subject}]" if subject else "", rest)
    return f"{head} {entry.get('level', ''):<7} {' '.join(word for word in words if word)}"


def _entry(line: LogLine) -> Mapping[str, Any]:
    """The fields of a line; none if it is not a JSON object."""
    try:
        entry = json.loads(line.text)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _is_of_botocore(entry: Mapping[str, Any]) -> bool:
    """Whether a line is a note of botocore, such as how it found its credentials."""
    return entry.get("level") == "INFO" and str(entry.get("logger", "")).startswith("botocore")


def _platform_line(head: str, entry: Mapping[str, Any]) -> str | None:
    record = entry["record"] if isinstance(entry["record"], dict) else {}
    if entry["type"] != "platform.report" or record.get("status", "success") == "success":
        return None
    return f"{head} {'LAMBDA':<7} {record['status']} {record.get('errorType', '')}".rstrip()
