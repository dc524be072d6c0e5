"""``list``: the latest releases."""

import click

from release_core.clock import now
from release_core.domain.release import ReleaseStatus
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import open_console, show
from release_machine.text.printable import printable
from release_machine.views.json_output import release_document, write
from release_machine.views.release_list import release_table


@click.command("list", cls=AwsCommand)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([*ReleaseStatus], case_sensitive=False),
    help="Only releases of this status; can be given more than once.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="The number of releases to list.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(
    context: click.Context, statuses: tuple[str, ...], *, limit: int, as_json: bool
) -> None:
    """List the latest releases.

    \b
    Examples:
      release-machine list
      release-machine list --status RUNNING
      release-machine list --status FAILED --status CANCELLED --limit 5
      release-machine list --json | jq -r '.[0].releaseId'
    """
    session = open_session(context)
    found = session.ledger.latest(limit, statuses=statuses)
    if as_json:
        write([release_document(release) for release in found])
    elif found:
        console, ledger = open_console(), session.ledger
        # What a running release waits for is on record with its pipelines.
        in_full = [
            each if each.closed or each.pending else ledger.get_release(each.release_id) or each
            for each in found
        ]
        show(console, release_table(printable(in_full), now=now(), width=console.width))
    else:
        click.echo(f"no release{' that is ' + ' or '.join(statuses) if statuses else ' yet'}")
