"""``approvals``: what waits for the answer of a person."""

import click

from release_core.clock import now
from release_core.domain.release import ReleaseStatus
from release_machine.errors import UnreachableError
from release_machine.release.questions import questions, unread_words
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import open_console, show
from release_machine.text.printable import printable
from release_machine.views.approvals_view import Waiting, approvals_table, waiting_document
from release_machine.views.json_output import write

MOST_RELEASES = 1000


@click.command("approvals", cls=AwsCommand)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List what waits for the answer of a person.

    These are the approvals of running releases, and the manual approvals of CodePipeline that their
    pipelines wait for: since when, how many approvals are missing, who may not give them, until
    when, and what waits behind them. Pipelines that could not be read are named, with exit code 3.

    \b
    Examples:
      release-machine approvals
      release-machine approvals --json | jq -r '.[] | select(.kind == "approval") | .name'
    """
    session = open_session(context)
    running = session.ledger.latest(MOST_RELEASES, statuses=[ReleaseStatus.RUNNING])
    waiting: list[Waiting] = []
    unread: list[str] = []
    for each in running:
        release = None if each.pending else session.ledger.get_release(each.release_id)
        if release:
            found = questions(release, session.codepipeline)
            waiting += [(release, question) for question in found.questions]
            unread += found.unread
    if as_json:
        write([waiting_document(*each) for each in waiting])
    elif waiting:
        show(open_console(), approvals_table(printable(waiting), now=now()))
    elif not unread:
        click.echo("nothing waits for an answer")
    if unread:
        raise UnreachableError(
            unread_words(unread),
            "They may wait for an answer, too. Try again, or ask for the permission to read them.",
        )
