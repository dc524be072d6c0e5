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
from typing import Any, ClassVar

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


@dataclass(frozen=True)
class _Delivery:
    request: Request
    deadline_ms: int


class RuntimeApi:
    """The server of one process; `events` receives what the process reports, in order."""

    def __init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._deliveries: SimpleQueue[_Delivery | None] = SimpleQueue()
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        Thread(target=self._server.serve_forever, name="lambda-runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, for AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def deliver(self, request: Request, timeout: float) -> None:
        """Passes an invocation to the process, which has `timeout` seconds for it."""
        self._deliveries.put(_Delivery(request, int((time.time() + timeout) * 1000)))

    def next_delivery(self) -> _Delivery | None:
        """Waits for the next invocation; None when the environment is being closed."""
        self.events.put(Ready())
        return self._deliveries.get()

    def close(self) -> None:
        """Stops the server; a process that waits for an invocation loses its connection."""
        self._deliveries.put(None)
        # In the background: the server checks for the stop request only twice a second.
        Thread(target=self._stop_serving, name="lambda-runtime-api-close", daemon=True).start()

    def _stop_serving(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    api: ClassVar[RuntimeApi]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(404, b'{"errorType":"NotFound"}')
            return
        delivery = self.api.next_delivery()
        if delivery is None:
            self.close_connection = True
            return
        request = delivery.request
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.request_id,
            "Lambda-Runtime-Deadline-Ms": str(delivery.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": request.function_arn,
            "Lambda-Runtime-Trace-Id": request.trace_id,
            "Lambda-Runtime-Client-Context": request.client_context,
        }
        self._answer(200, request.payload, {name: text for name, text in headers.items() if text})

    def do_POST(self) -> None:
        body = self._body()
        match self.path.removeprefix(PREFIX).split("/")[1:]:
            case ["init", "error"]:
                self.api.events.put(InitFailed(body))
            case ["invocation", request_id, "response"] if len(body) > MAX_RESPONSE_BYTES:
                self.api.events.put(Responded(request_id, too_large(len(body)), is_error=True))
            case ["invocation", request_id, "response"]:
                self.api.events.put(Responded(request_id, body, is_error=False))
            case ["invocation", request_id, "error"]:
                self.api.events.put(Responded(request_id, body, is_error=True))
            case _:
                self._answer(404, b'{"errorType":"NotFound"}')
                return
        self._answer(202, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(chunks)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in (headers or {}).items():
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
