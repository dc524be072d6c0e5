"""A command that calls AWS: its session, and its errors."""

from collections.abc import Callable
from typing import TypeVar

import click
from botocore.config import Config

from release_core.ledger.history import HistoryReader
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.deployment.target_options import chosen_target

T = TypeVar("T")

# The user has pressed Tab and waits.
QUICK = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


class AwsCommand(click.Command):
    """A command that turns expected problems with AWS into an OperatorError."""

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; raises OperatorError for problems that the user can solve."""
        with explained():
            return super().invoke(ctx)


def open_session(context: click.Context) -> Session:
    """The session of the chosen deployment; raises UsageError when the choice is not clear."""
    return Session(chosen_target(context))


def read_quickly(context: click.Context, read: Callable[[HistoryReader], T]) -> T:
    """What is read from the ledger; raises OperatorError when it cannot be read quickly."""
    with explained():
        return read(Session(chosen_target(context), config=QUICK).ledger)
