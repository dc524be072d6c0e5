"""The release-machine command as people call it: in a pipe, or on a terminal of its own."""

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
# A terminal belongs to the first process of a session that asks for it.
_ON_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
_INTERRUPT = b"\x03"  # what the Ctrl-C key sends


def run_command(
    *arguments: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the command in a pipe and wait for its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        input=stdin,
        env={**os.environ, **environment},
    )


class Call:
    """A call of the command that goes on; ``written`` is all that it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], reads: int) -> None:
        self._process = process
        self._reads = reads
        self._bytes = b""

    @property
    def written(self) -> str:
        """What was written so far, with all its control sequences."""
        while select.select([self._reads], [], [], 0)[0]:
            try:
                read = os.read(self._reads, 65_536)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not read:
                break
            self._bytes += read
        return self._bytes.decode(errors="replace")

    @property
    def text(self) -> str:
        """What was written so far, without control sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.written)

    def wait_for(self, text: str) -> None:
        """Wait until a text was written."""
        wait_until(f"the command writes {text!r}", lambda: text in self.text)

    def end(self) -> int:
        """Wait until the command has ended; answers its exit code."""

        def ended() -> bool:
            # Whoever does not read what is written keeps the writer waiting.
            return bool(self.written) and self._process.poll() is not None

        wait_until("the command ends", ended, 60)
        return self._process.wait()


class Terminal(Call):
    """A call on a terminal of 100 columns."""

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._reads, _INTERRUPT)


@contextmanager
def in_pipe(*arguments: str) -> Iterator[Call]:
    """Call the command in a pipe; it is ended when the block is left."""
    reads, writes = os.pipe()
    process = subprocess.Popen([COMMAND, *arguments], stdout=writes)
    os.close(writes)
    with _ended(process, reads):
        yield Call(process, reads)


@contextmanager
def on_terminal(*arguments: str) -> Iterator[Terminal]:
    """Call the command on a terminal; it is ended when the block is left."""
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", _ON_TERMINAL, COMMAND, *arguments],
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
