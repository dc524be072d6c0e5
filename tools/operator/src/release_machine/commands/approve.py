"""``approve``: approve what waits in a release."""

import click

from release_machine.actions.answer import answer
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_words
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import name_argument, named, release_argument


@click.command("approve", cls=AwsCommand)
@release_argument
@name_argument
@click.option(
    "--comment", callback=read_words, help="What you say about it, for the release's record."
)
@click.pass_context
def command(
    context: click.Context, release_id: str, name: str | None, *, comment: str | None
) -> None:
    """Approve what waits in a release.

    NAME is an approval of the release, or PIPELINE/STAGE/ACTION of a manual approval of
    CodePipeline, as views show it. If that one does not wait, nothing is answered. PIPELINE alone
    is whatever its pipeline waits for; without NAME it is the only one that waits. An approval of
    the release can be approved before it is asked.

    \b
    Examples:
      release-machine approve 2026.11.22-1
      release-machine approve 2026.11.22-1 go-live --comment "checked the prices"
      release-machine approve 2026.11.22-1 payments/Approve/Ask
    """
    session = open_session(context)
    release_id = named(session, release_id, changes=True)
    tell(answer(session, release_id, name, decision="approve", comment=comment))
