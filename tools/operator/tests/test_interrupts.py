"""Signals end the command in order, however many of them come."""

import subprocess
import sys

import pytest

# A command that follows, with a read under way in a thread, and signals that never cease.
FOLLOWING = """
import os, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from operator_cli import cli, following

def follow():
    for_ever = threading.Event()
    ThreadPoolExecutor(1).submit(for_ever.wait)
    def go_on():
        while True:
            os.kill(os.getpid(), signal.{name})
            threading.Event().wait(0.005)
    with following.going_on("the release goes on"):
        threading.Thread(target=go_on, daemon=True).start()
        for_ever.wait()

cli.cli = follow
cli.main()
"""


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [("SIGINT", 130, "Stopped looking; the release goes on\n"), ("SIGTERM", 143, "")],
)
def test_no_traceback_however_often_it_is_interrupted(name: str, code: int, told: str) -> None:
    """The first signal ends the looking; those after it break into nothing and are not told."""
    ended = subprocess.run(
        [sys.executable, "-c", FOLLOWING.format(name=name)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", told)


def test_what_runs_aside_is_not_interrupted() -> None:
    """A shell that started the command with interrupts ignored keeps them ignored."""
    asked = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "from operator_cli import cli; cli.cli = lambda: signal.raise_signal(signal.SIGINT);"
        "cli.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
