"""``reject``: reject what waits in a release."""

import click

from release_machine.actions.answer import answer
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_words
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import name_argument, named, release_argument


@click.command("reject", cls=AwsCommand)
@release_argument
@name_argument
@click.option("--reason", required=True, callback=read_words, help="Why, for the release's record.")
@click.pass_context
def command(context: click.Context, release_id: str, name: str | None, *, reason: str) -> None:
    """Reject what waits in a release.

    NAME is as for approve. A rejection is final for this attempt of the release and counts as a
    failure: onFailure of the manifest says what happens then. A retry asks again.

    \b
    Examples:
      release-machine reject 2026.11.22-1 --reason "prices are wrong"
      release-machine reject 2026.11.22-1 go-live --reason "not today"
      release-machine reject 2026.11.22-1 payments/Approve/Ask --reason "not today"
    """
    session = open_session(context)
    release_id = named(session, release_id, changes=True)
    tell(answer(session, release_id, name, decision="reject", comment=reason))
