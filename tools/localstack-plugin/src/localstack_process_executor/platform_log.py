"""The log lines that Lambda itself writes: START, END, REPORT and their JSON forms.

Source: the Lambda developer guide, "Working with Lambda function logs" and "Log formats".
"""

import json
import math
from datetime import UTC, datetime
from typing import Any, Literal

from localstack_process_executor.specification import FunctionSpec

Status = Literal["success", "error", "timeout", "failure"]
_LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}


class PlatformLog:
    """Writes the platform's lines for one function in the format that the function chose."""

    def __init__(self, spec: FunctionSpec) -> None:
        self._spec = spec
        self._json = spec.log_format == "JSON"

    def init_start(self) -> str:
        """The line before any code of the function runs."""
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": self._spec.runtime,
            "functionName": self._spec.function_name,
            "functionVersion": self._spec.qualifier,
        }
        text = f"INIT_START Runtime Version: {self._spec.runtime}\n"
        return self._line(text, "platform.initStart", record)

    def init_report(self, milliseconds: float, status: Status) -> str:
        """The line about a failed init; a successful init is part of REPORT."""
        metrics = {"durationMs": round(milliseconds, 3)}
        record = {"phase": "init", "status": status, "metrics": metrics}
        text = f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: {status}\n"
        return self._line(text, "platform.initReport", record, level="WARN")

    def start(self, request_id: str) -> str:
        """The line before the handler runs."""
        record = {"requestId": request_id, "version": self._spec.qualifier}
        text = f"START RequestId: {request_id} Version: {self._spec.qualifier}\n"
        return self._line(text, "platform.start", record)

    def fault(self, request_id: str, message: str) -> str:
        """The line about a timeout or a crash; in JSON format the report has this information."""
        return "" if self._json else f"{_now()} {request_id} {message}\n\n"

    def report(
        self, request_id: str, status: Status, *, took_ms: float, memory: int, init_ms: float | None
    ) -> str:
        """The lines after the handler, with its peak memory in MB.

        `init_ms` is set only for the first invocation of a process.
        """
        billed = math.ceil(took_ms)
        metrics = {
            "durationMs": round(took_ms, 3),
            "billedDurationMs": billed,
            "memorySizeMB": self._spec.memory,
            "maxMemoryUsedMB": memory,
        }
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {took_ms:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self._spec.memory} MB",
            f"Max Memory Used: {memory} MB",
        ]
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        if status in {"timeout", "failure"}:
            fields.append(f"Status: {'timeout' if status == 'timeout' else 'error'}")
        record = {"requestId": request_id, "metrics": metrics, "status": status}
        text = f"END RequestId: {request_id}\n" + "\t".join(fields) + "\n"
        level = "INFO" if status == "success" else "WARN"
        return self._line(text, "platform.report", record, level=level)

    def _line(self, text: str, kind: str, record: dict[str, Any], *, level: str = "INFO") -> str:
        """The line in the function's format: as text, or as an event with this record."""
        if not self._json:
            return text
        if _LEVELS[level] < _LEVELS.get(self._spec.system_log_level, 1):
            return ""
        return json.dumps({"time": _now(), "type": kind, "record": record}) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
