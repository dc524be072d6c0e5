"""``freezes``: what is frozen."""

import click

from release_core.clock import now
from release_machine.release.holds import frozen
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import open_console, show
from release_machine.text.printable import printable
from release_machine.views.freezes_view import freezes_list
from release_machine.views.json_output import document, write


@click.command("freezes", cls=AwsCommand)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List what is frozen: until when, by whom and why.

    \b
    Examples:
      release-machine freezes
      release-machine freezes --json | jq -r '.[].scope'
    """
    present = frozen(open_session(context).ledger.get_freezes(), now=now())
    if as_json:
        write([document(each) for each in present])
    elif present:
        show(open_console(), freezes_list(printable(present)))
    else:
        click.echo("nothing is frozen")
