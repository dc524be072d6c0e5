"""LocalStack's side of the fork server: starts it, asks for children, learns when they end."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("fork_server.py")
# LocalStack's variables are not for functions. The marker finds all processes of a LocalStack. The
# server reads the record's path, and functions do not see it.
INHERITED = ("PATH", "PLATFORM_MARKER", "CALL_RECORD")


class ForkServerError(Exception):
    """The fork server ended before it could start a child.

    Its last output is in LocalStack's log.
    """


class ChildProcess:
    """A child of the fork server; it lives until it ends by itself or `kill` is called."""

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
            status = -9  # the server died, and its children were killed with it
        self._lines.close()
        self._connection.close()
        self._on_exit(status)

    def kill(self) -> None:
        """Kills the process and everything it started; safe to call twice.

        The exit is reported like any other.
        """
        try:
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:  # the process has already ended
            return


class ForkServer:
    """Starts the server when it is first needed, and again if it died."""

    def __init__(self, runtime: Path) -> None:
        """`runtime` is the venv that holds awslambdaric and what else AWS's runtime holds."""
        self._python = runtime / "bin/python"
        self._lock = threading.Lock()
        self._running: tuple[socket.socket, subprocess.Popen[bytes]] | None = None

    def start(self) -> None:
        """Starts the server if it does not run; returns at once, before the server is ready."""
        with self._lock:
            self._control()

    def _control(self) -> socket.socket:
        """The socket of the server, which is started if it does not run."""
        if self._running and self._running[1].poll() is None:
            return self._running[0]
        self._end()
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own script
                [self._python, "-I", SERVER],
                stdin=theirs.fileno(),
                env={name: os.environ[name] for name in INHERITED if name in os.environ},
                start_new_session=True,
            )
        self._running = ours, process
        return ours

    def spawn(
        self, request: dict[str, Any], *, output: int, on_exit: Callable[[int], None]
    ) -> ChildProcess:
        """Starts a child for `request` (see fork_server) that writes to the descriptor `output`.

        Another thread calls `on_exit` once, with the exit status (negative: the signal). Raises
        ForkServerError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(json.dumps(request).encode() + b"\n")
            try:
                with self._lock:
                    socket.send_fds(self._control(), [b"+"], [theirs.fileno(), output])
            except OSError as error:
                ours.close()
                raise ForkServerError("the fork server does not answer") from error
        return ChildProcess(ours, on_exit)

    def stop(self) -> None:
        """Ends the server and every child; returns when the server has ended."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._running:
            control, process = self._running
            control.close()
            process.wait()
            self._running = None
