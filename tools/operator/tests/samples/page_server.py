"""A server of pages for browser tests, whose events and end the test decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from queue import Queue
from threading import Condition, Thread
from types import TracebackType
from typing import Self

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECONDS = 30.0
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HOMES = {"report.css": "release_machine.report"}


class PageServer:
    """Serves pages under their paths, static files, and events under /events.

    Every open stream gets each event. ``port`` stays the same after a pause.
    """

    def __init__(self, pages: Mapping[str, str], *, port: int = 0) -> None:
        self.pages = dict(pages)
        self._streams: list[Queue[bytes | None]] = []
        self._changed = Condition()
        self._port = port
        self._server: ThreadingHTTPServer | None = None
        self._begin()

    def __enter__(self) -> Self:
        """The server runs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.pause()

    @property
    def address(self) -> str:
        """The origin of the pages."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def wait_for_streams(self, count: int) -> None:
        """Wait until that many streams are open."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._streams) >= count, timeout=SECONDS)

    def send(self, event: str, data: str) -> None:
        """Send an event to every page."""
        lines = "".join(f"data: {line}\n" for line in data.split("\n"))
        with self._changed:
            for stream in self._streams:
                stream.put(f"event: {event}\n{lines}\n".encode())

    def beat(self, read_at: str, *, late: bool = False) -> None:
        """Say that nothing changed."""
        self.send("beat", json.dumps({"now": read_at, "readAt": read_at, "late": late}))

    def pause(self) -> None:
        """Drop every connection and listen no more."""
        if self._server is None:
            return
        with self._changed:
            for stream in self._streams:
                stream.put(None)
            self._streams.clear()
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def resume(self) -> None:
        """Listen again, on the same port."""
        self._begin()

    def _begin(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        server.daemon_threads = True
        server.block_on_close = False
        self._port = server.server_address[1]
        self._server = server
        Thread(target=server.serve_forever, daemon=True).start()

    def follow(self, stream: Queue[bytes | None]) -> None:
        """Add a stream that gets every event."""
        with self._changed:
            self._streams.append(stream)
            self._changed.notify_all()

    def forget(self, stream: Queue[bytes | None]) -> None:
        """Remove a stream."""
        with self._changed:
            if stream in self._streams:
                self._streams.remove(stream)


def _handler(owner: PageServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("/events"):
                self._stream()
            elif path.startswith("/static/"):
                name = path.removeprefix("/static/")
                self._answer(200, _TYPES[name.rpartition(".")[2]], static(name))
            elif path in owner.pages:
                self._answer(200, "text/html", owner.pages[path].encode())
            else:
                self._answer(404, "text/plain", b"not found")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"retry: 200\n\n")
            stream: Queue[bytes | None] = Queue()
            owner.follow(stream)
            try:
                while (event := stream.get()) is not None:
                    self.wfile.write(event)
            except OSError:
                owner.forget(stream)  # the page is gone

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return Handler


def static(name: str) -> bytes:
    """A static file of the dashboard."""
    home = _HOMES.get(name)
    folder = files(home) if home else files("release_machine.dashboard").joinpath("static")
    return folder.joinpath(name).read_bytes()
