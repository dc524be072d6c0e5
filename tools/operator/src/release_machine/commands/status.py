"""``status``: what is live in each pipeline, and what goes on there."""

from dataclasses import replace

import click

from release_machine.actions.pipeline_names import WHICH_THERE_ARE
from release_machine.errors import UnreachableError, UsageError
from release_machine.release.estate import Estate, EstatePipeline, Standing
from release_machine.release.questions import unread_words
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_scopes
from release_machine.terminal.filters import as_typed
from release_machine.terminal.output import open_console, show
from release_machine.terminal.release_argument import pipeline_names
from release_machine.text.printable import printable, visible
from release_machine.views.json_output import write
from release_machine.views.status_view import estate_document, status_table


@click.command("status", cls=AwsCommand)
@click.argument(
    "scopes",
    metavar="[PIPELINE]...",
    nargs=-1,
    callback=read_scopes,
    shell_complete=pipeline_names,
)
@click.option(
    "--only",
    "standings",
    multiple=True,
    type=click.Choice([*Standing], case_sensitive=False),
    help="Only pipelines that run, wait, are held or failed last; can be given more than once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_context
def command(
    context: click.Context, scopes: tuple[str, ...], *, standings: tuple[str, ...], as_json: bool
) -> None:
    """Show what is live in pipelines, what runs, waits, is held or failed.

    For each pipeline: what is live, since when and by whom; what runs now, in a release or outside;
    the releases that wait for it, in their order; what holds it; and how it failed last, if nothing
    has succeeded since. PIPELINE is a name or a pattern; without it, all pipelines are shown that
    the ledger knows or that the deployment may release. What you may not read is named.

    \b
    Examples:
      release-machine status
      release-machine status 'shop-*' payments
      release-machine status --only failed --only held
      release-machine status --json | jq -r '.pipelines[] | select(.live) | .live.releaseId'
    """
    estate = open_session(context).estate.pipelines(scopes)
    if estate.unknown:
        raise _unknown(estate)
    shown = replace(
        estate, pipelines=tuple(each for each in estate.pipelines if _is_wanted(each, standings))
    )
    if as_json:
        write(estate_document(shown))
    elif shown.pipelines:
        console = open_console()
        show(console, status_table(printable(shown), width=console.width))
    else:
        filters = as_typed({"--only": standings}, arguments=scopes)
        every = "leave one out, or see all with: release-machine status"
        click.echo(f"no pipeline with {filters}; {every}" if filters else "no pipeline yet")
    for each in estate.unread:
        click.echo(visible(each), err=True)
    unread = [f"{each.name} ({each.unread})" for each in shown.pipelines if each.unread]
    if unread:
        raise UnreachableError(
            unread_words(unread), "Try again, or ask for the permission to read them."
        )


def _is_wanted(pipeline: EstatePipeline, standings: tuple[str, ...]) -> bool:
    # What could not be read may stand in any way.
    return (
        not standings
        or pipeline.unread is not None
        or any(each.value in standings for each in pipeline.standings)
    )


def _unknown(estate: Estate) -> UsageError:
    names = ", ".join(
        f"{name} (did you mean {nearest}?)" if nearest else name
        for name, nearest in estate.unknown.items()
    )
    return UsageError(
        f"There is no such pipeline: {names}.",
        WHICH_THERE_ARE,
    )
