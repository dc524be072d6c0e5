"""``unfreeze``: lift a freeze before its end."""

import click

from release_core.clock import now
from release_machine.actions.freeze import only_scope, unfreeze
from release_machine.release.holds import frozen
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_scope
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import frozen_scopes


@click.command("unfreeze", cls=AwsCommand)
@click.argument(
    "scope", metavar="[PATTERN]", required=False, callback=read_scope, shell_complete=frozen_scopes
)
@click.pass_context
def command(context: click.Context, scope: str | None) -> None:
    """Lift a freeze before its end.

    PATTERN is the value that freeze had for --pipelines, such as '*' for all pipelines. It may be
    left out if there is only one freeze. What the freeze held starts now, in turn. Other freezes
    that may cover the same pipelines are named.

    \b
    Examples:
      release-machine unfreeze
      release-machine unfreeze 'shop-*'
    """
    session = open_session(context)
    if scope is None:
        present = frozen(session.ledger.get_freezes(), now=now())
        if not present:
            tell("nothing is frozen")
            return
        scope = only_scope(present)
    for line in unfreeze(session.api, scope):
        tell(line)
