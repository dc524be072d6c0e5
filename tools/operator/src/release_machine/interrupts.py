"""Interrupts of commands that start something: what was started by then."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from release_machine.exit_codes import code_of

# Each of them starts nothing before it enters starting().
STARTING_COMMANDS = frozenset({"submit", "retry", "rollback"})


@contextmanager
def starting() -> Iterator[None]:
    """Exit on an interrupt with the warning that something may have been started."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        unknown = "The release may have been started; check with: release-machine list"
        end_interrupted(unknown, by=interrupt)


def end_interrupted(what: str, *, by: KeyboardInterrupt) -> NoReturn:
    """Tell what the interrupt means for the release, and exit."""
    click.echo(f"Interrupted. {what}", err=True)
    sys.exit(code_of(by))
