"""The command asks before it changes something on a terminal, and only there."""

import sys
from io import StringIO

import pytest

from release_machine.exit_codes import Terminated
from release_machine.terminal import asking
from tests.e2e.command.command_line import CTRL_C, CTRL_D, ENTER, on_terminal

QUESTION = "Stop release 1 of release-machine (account 1, us-east-1)? [y/N]"
# A command that asks, then changes something.
ASKS = """
from release_machine import cli, entry
from release_machine.terminal.asking import require_yes

def change():
    require_yes("Stop release 1 of release-machine (account 1, us-east-1)?", yes={yes})
    print("changed")

cli.cli = change
entry.main()
"""


@pytest.mark.parametrize(
    ("keys", "code", "last"),
    [
        ("y\n", 0, "changed"),
        ("YES\n", 0, "changed"),
        ("n\n", 1, "Nothing was changed."),
        ("no\n", 1, "Nothing was changed."),
        (ENTER, 1, "Nothing was changed."),
        (CTRL_D, 1, "Nothing was changed."),
        (CTRL_C, 130, "Interrupted. Nothing was changed."),
    ],
    ids=("y", "yes", "n", "no", "empty", "Ctrl-D", "Ctrl-C"),
)
def test_each_answer_on_a_terminal(keys: str, code: int, last: str) -> None:
    """Only yes means yes; the message stands on a line of its own."""
    with on_terminal("-c", ASKS.format(yes=False), program=sys.executable) as terminal:
        terminal.wait_for(QUESTION)
        terminal.press(keys)
        assert terminal.end() == code
        assert terminal.text.splitlines()[-1] == last
        assert ("changed" in terminal.text.splitlines()) is (code == 0)


def test_another_answer_is_asked_again() -> None:
    """What is neither yes nor no decides nothing."""
    with on_terminal("-c", ASKS.format(yes=False), program=sys.executable) as terminal:
        terminal.wait_for(QUESTION)
        terminal.press("maybe\n")
        terminal.wait_for("Answer y or n.")
        terminal.press("y\n")
        assert terminal.end() == 0
        assert terminal.text.count(QUESTION) == 2


def test_yes_does_not_ask() -> None:
    """With --yes a terminal shows no question."""
    with on_terminal("-c", ASKS.format(yes=True), program=sys.executable) as terminal:
        assert terminal.end() == 0
        assert terminal.text.split() == ["changed"]


class OnTerminal(StringIO):
    """A stream of a terminal."""

    def isatty(self) -> bool:
        return True


def without(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All streams are a terminal, except this one; the answer that could be read is no."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, (StringIO if name == stream else OnTerminal)("n\n"))


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_without_a_terminal_it_does_not_ask(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    """A pipe on either side is enough: scripts go on as they did."""
    without(stream, monkeypatch)
    assert asking.ask("Go on?")
    assert asking.ask("Go on?", on_stderr=True)
    assert not asking.will_ask(yes=False)


def test_a_question_is_never_written_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json the question is on standard error, which may be a file."""
    without("stderr", monkeypatch)
    assert asking.ask("Go on?", on_stderr=True)
    assert not asking.will_ask(yes=False, on_stderr=True)
    assert not asking.ask("Go on?")
    assert asking.will_ask(yes=False)


def test_terminated_while_asking(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM has its own exit code, and nothing was changed."""

    def readline() -> str:
        raise Terminated

    monkeypatch.setattr(asking, "is_terminal", lambda **_: True)
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"readline": staticmethod(readline)})())
    with pytest.raises(SystemExit) as ended:
        asking.ask("Go on?")
    assert ended.value.code == 143
    assert capsys.readouterr().err == "Interrupted. Nothing was changed.\n"
