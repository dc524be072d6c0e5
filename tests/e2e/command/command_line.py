"""Calls the release-machine command as people do: in a pipe, or on a terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.account.waiting import wait_until

COMMAND = str(Path(sys.executable).with_name("release-machine"))
# A session's first process that asks for a terminal gets it.
_ON_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
# What these keys send.
CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\n"


def run_command(
    *arguments: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the command in a pipe and wait until it has ended."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        input=stdin,
        env={**os.environ, **environment},
    )


class Call:
    """A call of the command that is still running."""

    def __init__(self, process: subprocess.Popen[bytes], reads: int) -> None:
        self._process = process
        self._reads = reads
        self._bytes = b""

    @property
    def written(self) -> str:
        """The output so far, with control sequences."""
        while select.select([self._reads], [], [], 0)[0]:
            try:
                read = os.read(self._reads, 65_536)
            except OSError:  # Linux: the other end of the terminal is closed
                break
            if not read:
                break
            self._bytes += read
        return self._bytes.decode(errors="replace")

    @property
    def text(self) -> str:
        """The output so far, without control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.written)

    def wait_for(self, text: str) -> None:
        """Wait until the output contains a text."""
        wait_until(f"the command writes {text!r}", lambda: text in self.text)

    def end(self) -> int:
        """Wait until the command has ended; return its exit code."""

        def ended() -> bool:
            # The command waits when its output is not read.
            return bool(self.written) and self._process.poll() is not None

        wait_until("the command ends", ended, 300)
        return self._process.wait()


class Terminal(Call):
    """A call on a terminal of 100 columns."""

    def press(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._reads, keys.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.press(CTRL_C)


@contextmanager
def in_pipe(*arguments: str) -> Iterator[Call]:
    """Call the command in a pipe and kill it at the end of the block."""
    reads, writes = os.pipe()
    process = subprocess.Popen([COMMAND, *arguments], stdout=writes)
    os.close(writes)
    with _ended(process, reads):
        yield Call(process, reads)


@contextmanager
def on_terminal(*arguments: str, program: str = COMMAND) -> Iterator[Terminal]:
    """Call the command, or another program, on a terminal; kill it at the end of the block."""
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_TERMINAL, program, *arguments],
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(keyboard)
    with _ended(process, screen):
        yield Terminal(process, screen)


@contextmanager
def _ended(process: subprocess.Popen[bytes], reads: int) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        os.close(reads)
