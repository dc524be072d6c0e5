"""``list``: the latest releases."""

import click

from release_core.clock import now
from release_core.domain.release import ReleaseStatus
from release_machine.actions.pipeline_names import WHICH_THERE_ARE
from release_machine.actions.search import find_releases
from release_machine.errors import UsageError
from release_machine.release.searching import OUTCOMES, Filters
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_scopes
from release_machine.terminal.filters import as_typed
from release_machine.terminal.output import open_console, show
from release_machine.terminal.release_argument import pipeline_names
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
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(OUTCOMES, case_sensitive=False),
    help="Only releases whose latest attempt ended so; while a retry runs, the attempt before it.",
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    metavar="PATTERN",
    callback=read_scopes,
    shell_complete=pipeline_names,
    help="Only releases with such a pipeline, as 'shop-*'; shows its status in each.",
)
@click.option(
    "--requester",
    "--by",
    "who",
    metavar="WHO",
    help="Only releases that this person, ARN or pattern asked for or retried.",
)
@click.option("--since", metavar="TIME", help="Only what was opened since: 7d, 12h, 2026-11-22.")
@click.option("--until", metavar="TIME", help="Only what was opened before: 1d, 2026-11-22T18:00Z.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="The number of releases to list.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(  # noqa: PLR0913 # one for each option
    context: click.Context,
    statuses: tuple[str, ...],
    *,
    outcomes: tuple[str, ...],
    pipelines: tuple[str, ...],
    who: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the latest releases, of a pipeline, a person or a span of time.

    A rejected manifest is listed by a short id that show takes, with the release id in it, the file
    or door through which it came, and why it was rejected.

    \b
    Examples:
      release-machine list
      release-machine list --status RUNNING
      release-machine list --pipeline shop-orders --outcome FAILED --since 30d
      release-machine list --requester alice --since 2026-11-01 --until 2026-12-01
      release-machine list --json | jq -r '.[0].releaseId'
    """
    session = open_session(context)
    wanted = Filters(
        statuses=statuses,
        outcomes=outcomes,
        pipelines=pipelines,
        requester=who,
        since=since,
        until=until,
    )
    search = find_releases(session, wanted, limit, at=now(), called=lambda name: f"--{name}")
    found = search.releases
    if search.unknown and not found:
        raise UsageError("\n".join(search.unknown), WHICH_THERE_ARE)
    for each in search.unknown:
        click.echo(each, err=True)
    if as_json:
        write([release_document(release) for release in found])
    elif found:
        console, ledger = open_console(), session.ledger
        # What a running release waits for is on record with its pipelines.
        in_full = [
            each if each.closed or each.pending else ledger.get_release(each.release_id) or each
            for each in found
        ]
        drawn = release_table(
            printable(in_full), now=now(), width=console.width, pipelines=search.pipelines
        )
        show(console, drawn)
    else:
        filters = as_typed(
            {
                "--status": statuses,
                "--outcome": outcomes,
                "--pipeline": pipelines,
                "--requester": who,
                "--since": since,
                "--until": until,
            }
        )
        latest = "leave one out, or see the latest with: release-machine list"
        click.echo(f"no release with {filters}; {latest}" if filters else "no release yet")
