"""The port and the server of the dashboard, which runs until the command is interrupted."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from release_machine.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

ADDRESS = "127.0.0.1"
_GRACE_SECONDS = 3
_MOST_CONNECTIONS = 200
_WAITING_CONNECTIONS = 64


def listen(port: int) -> socket.socket:
    """A socket that listens at a port of this machine only; 0 stands for any free port.

    Raises UsageError when the port is used, or not allowed.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # The port of a dashboard that has just ended is free.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        listening.listen(_WAITING_CONNECTIONS)
    except OSError as error:
        listening.close()
        used = error.errno == errno.EADDRINUSE
        problem = "is used by another program" if used else f"cannot be used: {error.strerror}"
        raise UsageError(
            f"Port {port} of this machine {problem}.",
            "Give another one with --port, or leave it out for any free one.",
        ) from error
    return listening


def port_of(listening: socket.socket) -> int:
    """The port of a socket."""
    port: int = listening.getsockname()[1]
    return port


class Server(uvicorn.Server):
    """Tells the tabs before it ends.

    A signal ends it, and is then raised again: KeyboardInterrupt. ``stop`` ends the streams, which
    would last for ever. It also ends when ``ended`` is true.
    """

    def __init__(
        self, app: ASGIApp, *, stop: Callable[[], None], ended: Callable[[], bool]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="on",
                # Without an access log, the secret of the link is in no file.
                log_config=None,
                log_level="critical",
                access_log=False,
                # Nobody stands between: a header must not say otherwise.
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._stop = stop
        self._ended = ended

    async def on_tick(self, counter: int) -> bool:
        """Whether to end: also when nothing is read any more."""
        return await super().on_tick(counter) or self._ended()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End on signals, but not on interrupts that a shell has ignored for a background job."""
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        with super().capture_signals():
            if ignored:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on the first signal."""
        self._stop()
        super().handle_exit(sig, frame)
