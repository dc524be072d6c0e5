"""LocalStack's side of the fork server: start it, ask it for children, hear of their ends."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("fork_server.py")


class ForkServerError(Exception):
    """The fork server ended before it could start a child.

    What it said is in the platform's log.
    """


class ChildProcess:
    """A child of the fork server; lives until it ends by itself or `kill` is called."""

    def __init__(self, connection: socket.socket, on_exit: Callable[[int], None]) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self.pid = self._number()
        self._on_exit = on_exit
        threading.Thread(target=self._wait, name=f"lambda-exit-{self.pid}", daemon=True).start()

    def _number(self) -> int:
        line = self._lines.readline()
        if not line:
            raise ForkServerError("the fork server has ended")
        return int(line)

    def _wait(self) -> None:
        try:
            status = self._number()
        except (ForkServerError, OSError):
            status = -9  # the server died, and its children with it
        self._lines.close()
        self._connection.close()
        self._on_exit(status)

    def kill(self) -> None:
        """Kills the process and all that it started; the exit is reported as any other.

        Harmless twice.
        """
        try:
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:  # it has ended already
            return


class ForkServer:
    """Starts the server with the first need of it, and again should it have died."""

    def __init__(self, runtime: Path) -> None:
        """`runtime` is the venv that holds awslambdaric and what else AWS's runtime holds."""
        self._python = runtime / "bin/python"
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server if it does not run; returns at once, while it still imports."""
        with self._lock:
            self._ensure_running()

    def _ensure_running(self) -> socket.socket:
        if self._control and self._process and self._process.poll() is None:
            return self._control
        self._end()
        ours, theirs = socket.socketpair()
        with theirs:
            # Isolated and with an almost empty environment: what LocalStack was started with is not
            # the functions'.
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                [self._python, "-I", SERVER],
                stdin=theirs.fileno(),
                env={"PATH": os.environ.get("PATH", os.defpath), **marker()},
                start_new_session=True,
            )
        self._control = ours
        return ours

    def spawn(
        self, request: dict[str, Any], *, output: int, on_exit: Callable[[int], None]
    ) -> ChildProcess:
        """Starts a child for `request` (see fork_server) that writes to the descriptor `output`.

        `on_exit` is called once, from another thread, with the exit status (negative: the signal).
        Raises ForkServerError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(json.dumps(request).encode() + b"\n")
            try:
                with self._lock:
                    socket.send_fds(self._ensure_running(), [b"+"], [theirs.fileno(), output])
            except OSError as error:
                ours.close()
                raise ForkServerError("the fork server does not answer") from error
        return ChildProcess(ours, on_exit)

    def stop(self) -> None:
        """Ends the server and every child; returns when the server has ended."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            self._process.wait()
            self._process = None


def marker() -> dict[str, str]:
    """The variable by which whoever started LocalStack recognises its processes, if it set one."""
    name = "PLATFORM_MARKER"
    return {name: os.environ[name]} if name in os.environ else {}
