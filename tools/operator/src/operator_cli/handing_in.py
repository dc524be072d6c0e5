"""Handing something to the release machine: what a Ctrl-C says about whether that was done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from operator_cli.exit_codes import INTERRUPTED


@contextmanager
def before_it() -> Iterator[None]:
    """Say on Ctrl-C that nothing has begun."""
    with _saying("Nothing was handed in or started."):
        yield


@contextmanager
def amid_it() -> Iterator[None]:
    """Say on Ctrl-C that it may have begun, and where that can be seen."""
    with _saying("It may have been handed in, or not; see with: release-machine list"):
        yield


@contextmanager
def _saying(what: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Interrupted. {what}", err=True)
        sys.exit(INTERRUPTED)
