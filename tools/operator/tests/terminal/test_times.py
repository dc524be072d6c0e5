"""In which zone a command writes times."""

import io
import re
import sys
import time
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from release_machine.terminal.aws_command import AwsCommand
from release_machine.terminal.output import tell
from release_machine.text.wording import clock_time
from tools.operator.tests.conftest import BEGIN


@click.command("now", cls=AwsCommand)
@click.option("--json", "form", is_flag=True, callback=lambda *_: "a form")
def told(*, form: str) -> None:
    """Write a time."""
    assert form
    click.echo(clock_time(BEGIN))
    tell("told")


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine is in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "2026-11-22T11:00:00+01:00"),
        (["--utc"], "2026-11-22T10:00:00Z"),
        (["--json"], "2026-11-22T10:00:00Z"),
    ],
)
def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, options: list[str], text: str) -> None:
    """A terminal has the zone of the machine, unless the user or a program wants UTC."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    told.main(options, standalone_mode=False)
    shown, line = terminal.getvalue().splitlines()
    assert shown == text
    assert re.fullmatch(rf"[0-9:]{{8}}{re.escape(text[19:])} told", line)


@pytest.mark.parametrize("options", [[], ["--utc"], ["--json"]])
def test_in_a_pipe(options: list[str]) -> None:
    """A pipe has UTC, so that logs of several machines agree."""
    shown, line = CliRunner().invoke(told, options).stdout.splitlines()
    assert shown == "2026-11-22T10:00:00Z"
    assert re.fullmatch("[0-9-]{10}T[0-9:]{8}Z told", line)


def test_the_help_has_the_option() -> None:
    """Every command that calls AWS has the option."""
    assert "--utc" in CliRunner().invoke(told, ["--help"]).stdout
