"""Signals, closed pipes and faults end the command properly."""

import os
import subprocess
import sys

import pytest

# A command that follows, with a read in a thread, and signals that are sent again and again.
FOLLOWING = """
import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from release_machine import cli, entry
from release_machine.terminal import following

def follow():
    for_ever = threading.Event()
    ThreadPoolExecutor(1).submit(for_ever.wait)
    def go_on():
        while True:
            os.kill(os.getpid(), signal.{name})
            threading.Event().wait(0.005)
    with following.watching("the release continues"):
        threading.Thread(target=go_on, daemon=True).start()
        for_ever.wait()

cli.cli = follow
entry.main()
"""


def called(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call Python with a script."""
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )


def ended(ends: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the entry with a command that ends in this way."""
    start = "import os, sys\nfrom release_machine import cli, entry"
    script = f"{start}\ndef fail():\n    {ends}\ncli.cli = fail\nentry.main()\n"
    return called(script, **environment)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_repeated_signals(name: str, code: int) -> None:
    """The first signal stops watching; later signals are ignored."""
    told = called(FOLLOWING.format(name=name))
    assert (told.returncode, told.stdout) == (code, "")
    assert told.stderr == "Stopped watching; the release continues\n"


def test_a_background_job_is_not_interrupted() -> None:
    """A shell that started the command with interrupts ignored keeps them ignored."""
    told = called(
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from release_machine import cli, entry;"
        "cli.cli = lambda: signal.raise_signal(signal.SIGINT);"
        "entry.main()"
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_fault_is_reported_in_two_lines() -> None:
    """An unexpected error has no traceback, and its own exit code."""
    told = ended("raise KeyError('Items')")
    assert told.returncode == 70
    first, second = told.stderr.splitlines()
    assert first == "A fault of this command: KeyError: 'Items'"
    assert "RELEASE_MACHINE_DEBUG=1" in second


def test_a_fault_with_traceback() -> None:
    """With the variable that the message names there is a traceback."""
    told = ended("raise KeyError('Items')", RELEASE_MACHINE_DEBUG="1")
    assert told.returncode == 70
    assert "Traceback" in told.stderr


def test_a_failed_completion_prints_nothing() -> None:
    """Nothing appears on the line that the user is typing."""
    told = ended("raise KeyError('Items')", _RELEASE_MACHINE_COMPLETE="bash_complete")
    assert (told.stdout, told.stderr) == ("", "")


def test_the_reader_of_the_output_has_stopped() -> None:
    """A closed pipe has its own exit code, not that of a failed release."""
    told = ended("raise BrokenPipeError")
    assert (told.returncode, told.stderr) == (141, "")


def test_a_full_disk() -> None:
    """Output that cannot be written is reported without a traceback."""
    told = ended("sys.stdout = open('/dev/full', 'w'); sys.stdout.write('told'); sys.exit()")
    assert told.returncode == 70
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr


def test_characters_that_an_encoding_lacks() -> None:
    """They are escaped, and the rest is shown."""
    told = ended("print('a → b')", PYTHONIOENCODING="latin-1")
    assert (told.returncode, told.stdout) == (0, "a \\u2192 b\n")
