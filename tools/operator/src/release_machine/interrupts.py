"""Handing something to the release machine: what an interrupt tells of whether that was done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from release_machine.exit_codes import code_of

# Before they come to it, nothing has begun.
COMMANDS_THAT_HAND_IN = frozenset({"submit", "retry", "rollback"})


@contextmanager
def handing_in() -> Iterator[None]:
    """Say when interrupted that it may have begun, until something inside knows better."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        what = "It may have been handed in, or not; see with: release-machine list"
        end_interrupted(what, by=interrupt)


def end_interrupted(what: str, *, by: KeyboardInterrupt) -> NoReturn:
    """Say what the interrupt has come amid, and exit."""
    click.echo(f"Interrupted. {what}", err=True)
    sys.exit(code_of(by))
