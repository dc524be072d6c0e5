"""Handing something to the release machine: what a Ctrl-C says about whether that was done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from operator_cli.exit_codes import INTERRUPTED

# Before they come to it, nothing has begun.
COMMANDS_THAT_HAND_IN = frozenset({"submit", "retry", "rollback"})


@contextmanager
def handing_in() -> Iterator[None]:
    """Say on Ctrl-C that it may have begun, until something inside knows better."""
    try:
        yield
    except KeyboardInterrupt:
        end_interrupted("It may have been handed in, or not; see with: release-machine list")


def end_interrupted(what: str) -> NoReturn:
    """Say what a Ctrl-C has come amid, and exit."""
    click.echo(f"Interrupted. {what}", err=True)
    sys.exit(INTERRUPTED)
