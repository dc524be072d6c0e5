"""``freeze``: start nothing new for a while."""

import click

from release_core.clock import now
from release_machine.actions.freeze import freeze, read_until
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_scope, read_words
from release_machine.terminal.output import tell


@click.command("freeze", cls=AwsCommand)
@click.option(
    "--pipelines",
    "scope",
    metavar="PATTERN",
    default="*",
    show_default=True,
    callback=read_scope,
    help="The pipelines: a name, or a pattern such as shop-*.",
)
@click.option("--until", required=True, metavar="TIME", help="2026-11-22T18:00:00Z, or 2h, 1d12h.")
@click.option(
    "--reason", required=True, callback=read_words, help="Why; everybody who is held sees it."
)
@click.pass_context
def command(context: click.Context, *, scope: str, until: str, reason: str) -> None:
    """Freeze pipelines: no new starts until a time.

    After the command has ended, no release starts an execution of these pipelines. What runs goes
    on. What is held starts by itself when the freeze ends. Rollbacks and cancel are never held. The
    starts that were under way when the freeze came are named. The same PATTERN with a later end
    replaces the freeze. To end it earlier, lift it with unfreeze PATTERN.

    \b
    Examples:
      release-machine freeze --until 2h --reason "incident 4711"
      release-machine freeze --pipelines 'shop-*' --until 2026-11-30T06:00:00Z --reason "big sale"
    """
    end = read_until(until, now())
    for line in freeze(open_session(context).api, scope, until=end, reason=reason):
        tell(line)
