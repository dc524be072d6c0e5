"""``logs``: the logs of the functions."""

import re
import time
from datetime import timedelta

import click

from release_core.clock import now
from release_machine.deployment.function_logs import readable
from release_machine.errors import UsageError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.text.printable import visible

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.command("logs", cls=AwsCommand)
@click.option("--since", default="10m", show_default=True, help="How far back: 90s, 10m, 2h, 1d.")
@click.option("--follow", is_flag=True, help="Show new lines until Ctrl-C.")
@click.pass_context
def command(context: click.Context, *, since: str, follow: bool) -> None:
    """Show the logs of the functions.

    \b
    Examples:
      release-machine logs
      release-machine logs --since 2h
      release-machine logs --follow
    """
    begin = now() - _period(since)
    reader = open_session(context).logs
    for line in reader.tail(begin, wait=time.sleep) if follow else reader.read(begin):
        text = readable(line)
        if text is not None:
            click.echo(visible(text))


def _period(text: str) -> timedelta:
    given = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if given is None:
        raise UsageError(f"--since {text} is not a period.", "Write it like 90s, 10m, 2h or 1d.")
    return timedelta(**{_UNITS[given[2]]: int(given[1])})
