"""Lambda's Runtime API for one execution environment, on loopback.

Source: the Lambda developer guide, "Using the Lambda runtime API for custom runtimes". Requests of
the process become events in one queue; invocations wait for it in another.
"""

import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

from localstack_process_executor.specification import Request

PREFIX = "/2018-06-01/runtime"
# Beyond this the error is Function.ResponseSizeTooLarge: 6 MB, and some room for JSON's framing.
MAX_RESPONSE_BYTES = 6_291_556


@dataclass(frozen=True)
class Ready:
    """The process asked for its next invocation: its init, or its previous invocation, is over."""


@dataclass(frozen=True)
class InitFailed:
    """The process reported that the function's module cannot be used.

    `payload` is AWS's error object.
    """

    payload: bytes


@dataclass(frozen=True)
class Responded:
    """The function returned or raised; `payload` is its result or AWS's error object."""

    request_id: str
    payload: bytes
    is_error: bool


@dataclass(frozen=True)
class Exited:
    """The process ended; a negative status is the signal that ended it."""

    status: int


Event = Ready | InitFailed | Responded | Exited


class RuntimeApi(ThreadingHTTPServer):
    """The server of one process; `events` receives what the process reports, in order."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: SimpleQueue[Event] = SimpleQueue()
        # The headers and the payload of each invocation; None when the environment is being closed.
        self.deliveries: SimpleQueue[tuple[dict[str, str], bytes] | None] = SimpleQueue()
        Thread(target=self.serve_forever, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_port}"

    def deliver(self, request: Request, timeout: float) -> None:
        """Passes an invocation to the process, which has `timeout` seconds for it."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": request.function_arn,
        }
        if request.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = request.trace_id
        self.deliveries.put((headers, request.payload))

    def close(self) -> None:
        """Stops the server; a process that waits for an invocation loses its connection."""
        self.deliveries.put(None)
        # In the background: the server checks for the stop request only twice a second.
        Thread(target=self._stop_serving, name="lambda-runtime-api-close", daemon=True).start()

    def _stop_serving(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # of the next invocation, which is all that a process asks for
        self.server.events.put(Ready())
        if delivery := self.server.deliveries.get():
            self._answer(200, *delivery)
        else:
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.path.removeprefix(PREFIX).split("/")[1:]:
            case ["init", "error"]:
                event: Event = InitFailed(body)
            case ["invocation", request_id, "response"] if len(body) > MAX_RESPONSE_BYTES:
                event = Responded(request_id, too_large(len(body)), is_error=True)
            case ["invocation", request_id, ("response" | "error") as kind]:
                event = Responded(request_id, body, is_error=kind == "error")
            case _:
                self.send_error(404)
                return
        self.server.events.put(event)
        self._answer(202, {}, b'{"status":"OK"}')

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Logs nothing: LocalStack logs each invocation."""


def too_large(size: int) -> bytes:
    """AWS's error for a response that exceeds the limit of a synchronous invocation."""
    return json.dumps(
        {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": f"Response payload size ({size} bytes) exceeded maximum allowed"
            f" payload size ({MAX_RESPONSE_BYTES} bytes).",
        }
    ).encode()
