"""Signals, ended pipes and faults end the command in order, however many of them come."""

import os
import subprocess
import sys

import pytest

# A command that follows, with a read under way in a thread, and signals that never cease.
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
    """Call the entry with a command that ends so."""
    start = "import os, sys\nfrom release_machine import cli, entry"
    script = f"{start}\ndef fail():\n    {ends}\ncli.cli = fail\nentry.main()\n"
    return called(script, **environment)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_no_traceback_however_often_it_is_interrupted(name: str, code: int) -> None:
    """The first signal ends the looking; those after it break into nothing and are not told."""
    told = called(FOLLOWING.format(name=name))
    assert (told.returncode, told.stdout) == (code, "")
    assert told.stderr == "Stopped watching; the release continues\n"


def test_what_runs_aside_is_not_interrupted() -> None:
    """A shell that started the command with interrupts ignored keeps them ignored."""
    told = called(
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from release_machine import cli, entry;"
        "cli.cli = lambda: signal.raise_signal(signal.SIGINT);"
        "entry.main()"
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_a_fault_is_told_in_two_lines() -> None:
    """What nobody expected is named without a traceback, with an exit code that is no outcome."""
    told = ended("raise KeyError('Items')")
    assert told.returncode == 70
    first, second = told.stderr.splitlines()
    assert first == "A fault of this command: KeyError: 'Items'"
    assert "RELEASE_MACHINE_DEBUG=1" in second


def test_a_fault_can_be_looked_at() -> None:
    """With the variable that the two lines name, there is the traceback."""
    told = ended("raise KeyError('Items')", RELEASE_MACHINE_DEBUG="1")
    assert told.returncode == 70
    assert "Traceback" in told.stderr


def test_a_completion_that_fails_says_nothing() -> None:
    """Nothing appears on the line that somebody is typing."""
    told = ended("raise KeyError('Items')", _RELEASE_MACHINE_COMPLETE="bash_complete")
    assert (told.stdout, told.stderr) == ("", "")


def test_whoever_reads_may_stop() -> None:
    """An output that is read no more is an exit code of its own, not that of a failed release."""
    told = ended("raise BrokenPipeError")
    assert (told.returncode, told.stderr) == (141, "")


def test_a_full_disk_is_told() -> None:
    """An output that cannot be written is no traceback."""
    told = ended("sys.stdout = open('/dev/full', 'w'); sys.stdout.write('told'); sys.exit()")
    assert told.returncode == 70
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr


def test_signs_that_an_encoding_lacks_are_spelled_out() -> None:
    """A terminal without the signs still shows the rest."""
    told = ended("print('a → b')", PYTHONIOENCODING="latin-1")
    assert (told.returncode, told.stdout) == (0, "a \\u2192 b\n")
