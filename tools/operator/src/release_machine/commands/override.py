"""``override``: let one release start its frozen pipelines."""

import click

from release_machine.actions.freeze import override
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_words
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import named, release_argument


@click.command("override", cls=AwsCommand)
@release_argument
@click.option("--reason", required=True, callback=read_words, help="Why, for the release's record.")
@click.pass_context
def command(context: click.Context, release_id: str, *, reason: str) -> None:
    """Let one release start its frozen pipelines.

    This attempt of the release starts its pipelines although they are frozen or a change calendar
    is closed. Other releases stay held.

    \b
    Examples:
      release-machine override 2026.11.22-1 --reason "fixes incident 4711"
    """
    session = open_session(context)
    release_id = named(session, release_id, changes=True)
    tell(override(session.api, release_id, reason=reason))
