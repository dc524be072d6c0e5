"""Asks a person before something is changed."""

import sys
from collections.abc import Callable

import click

from release_machine.interrupts import end_interrupted
from release_machine.text.printable import in_one_line

NOTHING_CHANGED = "Nothing was changed."
_REFUSED = 1
_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no", ""})


def is_terminal(*, on_stderr: bool = False) -> bool:
    """Whether a person can be asked: who types the answer sees the question.

    Of a question ``on_stderr`` standard output has the answer for programs. If that is a pipe, a
    program has called the command.
    """
    streams = [sys.stdin, sys.stdout, *([sys.stderr] if on_stderr else [])]
    return all(each.isatty() for each in streams)


def will_ask(*, yes: bool, on_stderr: bool = False) -> bool:
    """Whether a person is asked, so that what would happen is shown first."""
    return not yes and is_terminal(on_stderr=on_stderr)


def yes_option(function: Callable[..., object]) -> Callable[..., object]:
    """Add the option ``yes``: the command does not ask."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(function)


def ask(question: str, *, on_stderr: bool = False) -> bool:
    """Whether a person agrees; without a terminal this does not ask, and the answer is yes.

    An empty answer and Ctrl-D mean no. Ctrl-C ends the command.
    """
    can_ask = is_terminal(on_stderr=on_stderr)
    return _agrees(question, on_stderr=on_stderr) if can_ask else True


def require_yes(question: str, *, yes: bool = False, on_stderr: bool = False) -> None:
    """Ask, unless ``yes``; exit with code 1 when the person does not agree."""
    if yes or ask(question, on_stderr=on_stderr):
        return
    click.echo(NOTHING_CHANGED, err=on_stderr)
    sys.exit(_REFUSED)


def _agrees(question: str, *, on_stderr: bool) -> bool:
    click.echo(err=on_stderr)  # a question stands apart from what was shown
    while True:
        click.echo(f"{in_one_line(question)} [y/N] ", nl=False, err=on_stderr)
        try:
            typed = sys.stdin.readline()
        except KeyboardInterrupt as interrupt:
            click.echo(err=on_stderr)
            end_interrupted(NOTHING_CHANGED, by=interrupt)
        if not typed.endswith("\n"):
            # The input has ended: the cursor is still behind the question.
            click.echo(err=on_stderr)
        answer = typed.strip().lower()
        if answer in _YES | _NO:
            return answer in _YES
        click.echo("Answer y or n.", err=on_stderr)
