"""``list``: the latest releases."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import click

from release_core.clock import now
from release_core.domain.holds import is_covered
from release_core.domain.release import Release, ReleaseStatus
from release_core.ledger.history import Search
from release_machine.actions.pipeline_names import WHICH_THERE_ARE, unknown_names
from release_machine.deployment.session import Session
from release_machine.errors import UsageError
from release_machine.release.requested_release import requested_release
from release_machine.release.searching import OUTCOMES, has_outcome, is_asked_for_by
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_scopes
from release_machine.terminal.filters import as_typed
from release_machine.terminal.moments import read_moment
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
    wanted = _in_span(Search(statuses=statuses), since, until)
    session = open_session(context)
    names = _names(session, pipelines)
    found = session.ledger.search(
        replace(
            wanted,
            fits=lambda release: (
                (not outcomes or has_outcome(release, outcomes))
                and (who is None or is_asked_for_by(release, who))
            ),
            pipelines=names,
            pipelines_of=lambda pending: pending.waits_for or _requested(session, pending),
        ),
        limit,
    )
    problems = _problems(session, pipelines, found)
    if problems and not found:
        raise UsageError("\n".join(problems), WHICH_THERE_ARE)
    for each in problems:
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
        drawn = release_table(printable(in_full), now=now(), width=console.width, pipelines=names)
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


def _in_span(wanted: Search, since: str | None, until: str | None) -> Search:
    """The search in a span of time; raises UsageError for a span without any time in it."""
    at = now()
    if since is not None:
        wanted = replace(wanted, since=read_moment("--since", since, at))
    if until is not None:
        wanted = replace(wanted, until=read_moment("--until", until, at))
    if wanted.until < wanted.since:
        raise UsageError(f"--until {until} is before --since {since}.", "Give a later --until.")
    return wanted


def _names(session: Session, patterns: Sequence[str]) -> Collection[str]:
    """The names of the known pipelines that match; raises UsageError when there is none."""
    if not patterns:
        return ()
    if not any("*" in each for each in patterns):
        return patterns
    known = {each.lock.pipeline for each in session.ledger.uses()} | {*patterns}
    found = {
        name for name in known for each in patterns if "*" not in name if is_covered(name, each)
    }
    if not found:
        raise UsageError(
            f"No release has run a pipeline that matches {' or '.join(patterns)}.",
            WHICH_THERE_ARE,
        )
    return sorted(found)


def _problems(session: Session, patterns: Sequence[str], found: Sequence[Release]) -> list[str]:
    """A problem for each name that no release has run; the name of an approval is none."""
    unknown = unknown_names(session, (each for each in patterns if "*" not in each))
    named = {name for each in found for name in _names_in(session, each)} if unknown else set()
    return [problem for name, problem in unknown.items() if name not in named]


def _names_in(session: Session, release: Release) -> Collection[str]:
    if release.pending:
        return release.waits_for or _requested(session, release)
    return release.pipelines


def _requested(session: Session, pending: Release) -> Sequence[str]:
    return requested_release(
        pending.execution_arn, sfn=session.sfn, s3=session.s3, ledger=session.ledger
    ).pipelines
