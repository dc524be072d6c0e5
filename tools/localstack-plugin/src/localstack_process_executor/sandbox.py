"""One execution environment: a process, its Runtime API and its output."""

import fcntl
import json
import os
import tempfile
import time
from dataclasses import dataclass
from queue import Empty

from localstack_process_executor.fork_client import ChildProcess, ForkServer
from localstack_process_executor.platform_log import PlatformLog, Status
from localstack_process_executor.runtime_api import (
    Event,
    Exited,
    InitFailed,
    Ready,
    Responded,
    RuntimeApi,
)
from localstack_process_executor.specification import Answer, FunctionSpec, Request

# AWS gives the init ten seconds, then starts it again within the first invocation.
INIT_SECONDS = 10.0
# The longest wait for a killed process to end on a busy machine.
EXIT_SECONDS = 10.0


@dataclass(frozen=True)
class _Ending:
    """How an invocation ended; `remark` is AWS's message about a timeout or a crash."""

    status: Status
    payload: bytes
    remark: str = ""


class Sandbox:
    """An environment of one function version, used by one thread at a time."""

    def __init__(self, spec: FunctionSpec, server: ForkServer) -> None:
        self.spec = spec
        self.alive = False
        self._server = server
        self._log = PlatformLog(spec)
        self._api: RuntimeApi | None = None
        self._child: ChildProcess | None = None
        # A file, not a pipe: a child never blocks on it, and everything it wrote before a request
        # can be read at once.
        self._output = tempfile.TemporaryFile("ab+")  # noqa: SIM115 - closed by close()
        # Without O_APPEND a child would go on at its old position after the file was truncated.
        fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)
        self._boot_event: Event | None = None
        self._boot_log = ""
        self._boot_ms: float | None = None

    def boot(self, seconds: float = INIT_SECONDS) -> None:
        """Starts the process and waits until it asks for work.

        `alive` tells whether it did within `seconds`.
        """
        started = time.monotonic()
        self._start_process()
        self._boot_event = event = self._next_event(started + seconds)
        self.alive = isinstance(event, Ready)
        self._boot_ms = (time.monotonic() - started) * 1000
        if not self.alive:
            self._end_process()
        self._boot_log += self._log.init_start() + self._written()
        if not self.alive:
            status: Status = "timeout" if event is None else "error"
            self._boot_log += self._log.init_report(self._boot_ms, status)

    def invoke(self, request: Request) -> Answer:
        """Runs one invocation, within the function's timeout.

        Afterwards `alive` tells whether the process can be used again.
        """
        started = time.monotonic()
        deadline = started + self.spec.timeout
        # An idle process can only have ended; that is noticed here, without failing the invocation.
        self._next_event(started)
        if not self.alive:
            # As on AWS, a failed init is tried once more, within the invocation's timeout.
            self.boot(self.spec.timeout)
        logs, boot_ms, event = self._boot_log, self._boot_ms, self._boot_event
        self._boot_log, self._boot_ms = "", None
        logs += self._log.start(request.request_id)
        if self._api:
            self._api.deliver(request, deadline - time.monotonic())
            event = self._next_event(deadline)
        ending = self._ending(request.request_id, event)
        took_ms, memory = (time.monotonic() - started) * 1000, self._peak_memory()
        # As on AWS, an invocation ends when the process asks for the next one. If it does not, it
        # is not used again.
        if not isinstance(event, Responded) or not isinstance(self._next_event(deadline), Ready):
            self._end_process()
        logs += self._written()
        if ending.remark:
            logs += self._log.fault(request.request_id, ending.remark)
        logs += self._log.report(
            request.request_id, ending.status, took_ms=took_ms, memory=memory, init_ms=boot_ms
        )
        return Answer(payload=ending.payload, is_error=ending.status != "success", logs=logs)

    def _ending(self, request_id: str, event: Event | None) -> _Ending:
        match event:
            case Responded(payload=payload, is_error=is_error):
                return _Ending("error" if is_error else "success", payload)
            case InitFailed(payload):
                return _Ending("error", payload)
            case Exited(exit_status):
                remark = exit_reason(exit_status)
                payload = error_payload(request_id, "Runtime.ExitError", remark)
                return _Ending("failure", payload, remark)
            case _:
                remark = f"Task timed out after {self.spec.timeout:.2f} seconds"
                return _Ending(
                    "timeout", error_payload(request_id, "Sandbox.Timedout", remark), remark
                )

    def close(self) -> None:
        """Ends the process, if it runs, and deletes its output."""
        self._end_process()
        self._output.close()

    def _start_process(self) -> None:
        self._api = api = RuntimeApi()
        environment = {**self.spec.environment, "AWS_LAMBDA_RUNTIME_API": api.address}
        self._child = self._server.spawn(
            {
                "code": self.spec.code,
                "handler": self.spec.handler,
                "env": environment,
                "role": self.spec.role,
            },
            output=self._output.fileno(),
            on_exit=lambda status: api.events.put(Exited(status)),
        )

    def _end_process(self) -> None:
        if self._child:
            self._child.kill()
            deadline = time.monotonic() + EXIT_SECONDS
            while self._next_event(deadline):
                pass
        self._forget_process()

    def _forget_process(self) -> None:
        if self._api:
            self._api.close()
        self._api = self._child = None
        self.alive = False

    def _next_event(self, deadline: float) -> Event | None:
        """The next event of the process.

        None if there is no process, or no event until `deadline`.
        """
        if self._api is None:
            return None
        try:
            event = self._api.events.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None
        if isinstance(event, Exited):
            self._forget_process()
        return event

    def _written(self) -> str:
        """What the process has written since the last call."""
        descriptor = self._output.fileno()
        text = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        os.ftruncate(descriptor, 0)
        lines = text.decode(errors="backslashreplace")
        return lines if not lines or lines.endswith("\n") else lines + "\n"

    def _peak_memory(self) -> int:
        """The peak memory of the process in MB; 0 where the system does not report it."""
        try:
            with open(f"/proc/{self._child.pid if self._child else 0}/status") as status:  # noqa: PTH123 - not a file
                peak = next(line for line in status if line.startswith("VmHWM"))
        except (OSError, StopIteration):
            return 0
        return int(peak.split()[1]) // 1024


def error_payload(request_id: str, kind: str, message: str) -> bytes:
    """AWS's error object for a failure that the function did not report itself."""
    text = f"RequestId: {request_id} Error: {message}"
    return json.dumps({"errorType": kind, "errorMessage": text}).encode()


def exit_reason(status: int) -> str:
    """AWS's words for a process that ended during an invocation; negative: a signal."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    words = {-6: "aborted", -9: "killed", -11: "segmentation fault", -15: "terminated"}
    return f"Runtime exited with error: signal: {words.get(status, -status)}"
