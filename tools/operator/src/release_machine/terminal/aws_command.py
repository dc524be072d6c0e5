"""A command that calls AWS: its session, and its errors."""

import sys
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any, TypeVar

import click
from botocore.config import Config
from click.core import ParameterSource

from release_core.ledger.history import HistoryReader
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.deployment.target_options import chosen_target
from release_machine.text.wording import times_in

T = TypeVar("T")

_UTC = "release_machine.utc"
# The user has pressed Tab and waits.
QUICK = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


class AwsCommand(click.Command):
    """A command that turns expected problems with AWS into an OperatorError.

    On a terminal it writes times in the zone of this machine. With ``--utc`` or ``--json``, and in
    a pipe, it writes them in UTC, so that scripts and logs do not depend on the machine.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.append(_utc_option())

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; raises OperatorError for problems that the user can solve."""
        with explained(), times_in(_zone(ctx)):
            return super().invoke(ctx)


def _utc_option() -> click.Option:
    def remember(context: click.Context, _parameter: click.Parameter, value: object) -> None:
        context.meta[_UTC] = value

    return click.Option(
        ["--utc"],
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Write times in UTC, not in the zone of this machine.",
    )


def _zone(context: click.Context) -> tzinfo | None:
    is_local = sys.stdout.isatty() and not context.meta.get(_UTC) and not _is_json(context)
    return None if is_local else UTC


def _is_json(context: click.Context) -> bool:
    return any(
        "--json" in each.opts
        and context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
        for each in context.command.params
    )


def open_session(context: click.Context) -> Session:
    """The session of the chosen deployment; raises UsageError when the choice is not clear."""
    return Session(chosen_target(context))


def read_quickly(context: click.Context, read: Callable[[HistoryReader], T]) -> T:
    """What is read from the ledger; raises OperatorError when it cannot be read quickly."""
    with explained():
        return read(Session(chosen_target(context), config=QUICK).ledger)
