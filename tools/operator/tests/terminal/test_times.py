"""In which zone a command writes times."""

import io
import sys
import time
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from release_machine.terminal.aws_command import AwsCommand
from release_machine.text.wording import clock_time
from tools.operator.tests.conftest import BEGIN


@click.command("now", cls=AwsCommand)
@click.option("--json", "as_json", is_flag=True)
def told(*, as_json: bool) -> None:
    """Write a time."""
    assert as_json in {True, False}
    click.echo(clock_time(BEGIN))


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
        ([], "2026-11-22T11:00:00+01:00\n"),
        (["--utc"], "2026-11-22T10:00:00Z\n"),
        (["--json"], "2026-11-22T10:00:00Z\n"),
    ],
)
def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, options: list[str], text: str) -> None:
    """A terminal has the zone of the machine, unless the user or a program wants UTC."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    told.main(options, standalone_mode=False)
    assert terminal.getvalue() == text


@pytest.mark.parametrize("options", [[], ["--utc"], ["--json"]])
def test_in_a_pipe(options: list[str]) -> None:
    """A pipe has UTC, so that logs of several machines agree."""
    assert CliRunner().invoke(told, options).stdout == "2026-11-22T10:00:00Z\n"


def test_the_help_has_the_option() -> None:
    """Every command that calls AWS has the option."""
    assert "--utc" in CliRunner().invoke(told, ["--help"]).stdout
