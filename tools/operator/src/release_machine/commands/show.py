"""``show``: one release, running or closed."""

import shlex
from collections.abc import Sequence

import click

from release_core.clock import now
from release_core.domain.release import Release, ReleaseStatus
from release_machine import report
from release_machine.actions.find import known_release, pending
from release_machine.deployment.session import Session
from release_machine.release.busy import Behind, Reason
from release_machine.release.failure_links import with_links
from release_machine.release.model import Snapshot
from release_machine.release.remedies import after_rejected, watch_command
from release_machine.release.situation import with_ways_out
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import next_steps
from release_machine.terminal.output import open_console, show, write_file
from release_machine.terminal.release_argument import named, release_argument
from release_machine.text.printable import printable
from release_machine.views.audit_view import audit_hint, audit_table
from release_machine.views.bill_of_materials import materials_table
from release_machine.views.json_output import bom_document, document, release_document, write
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.tables import attempts_table, release_header
from release_machine.views.timeline import timeline


@click.command("show", cls=AwsCommand)
@release_argument
@click.option("--bom", is_flag=True, help="Only the revisions that each pipeline shipped.")
@click.option("--audit", is_flag=True, help="Also every change, with person and time.")
@click.option(
    "--html", metavar="FILE", type=click.Path(), help="Write a report as a web page; - prints it."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    release_id: str,
    *,
    bom: bool,
    audit: bool,
    html: str | None,
    as_json: bool,
) -> None:
    """Show one release: its pipelines, timeline, failures and audit.

    RELEASE is the id of a release; for a rejected manifest, the name or ARN of its execution.

    \b
    Examples:
      release-machine show 2026.11.22-1
      release-machine show 2026.11.22-1 --bom
      release-machine show 2026.11.22-1 --audit
      release-machine show 2026.11.22-1 --html release.html
      release-machine show 2026.11.22-1 --html - | gzip > release.html.gz
      release-machine show 2026.11.22-1 --json | jq '.pipelines[] | select(.failure)'
    """
    session = open_session(context)
    found = known_release(session, named(session, release_id))
    if html:
        _write_report(session, found, html)
    elif bom and as_json:
        write(bom_document(found))
    elif bom:
        console = open_console()
        show(console, materials_table(printable(found), width=console.width))
    elif as_json:
        waiting = _waiting(session, found)
        waits_for, behind = _queue(session, found, waiting)
        in_full = release_document(_in_full(session, found))
        queue = {"waitsFor": document(waits_for), "behind": document(behind)}
        write({**in_full, **queue, "next": _next_steps(session, found, waiting)})
    else:
        _draw(session, found, audit=audit)


def _in_full(session: Session, found: Release) -> Release:
    return with_links(session.ledger.with_executions(found), region=session.console_region)


def _waiting(session: Session, found: Release) -> list[Release]:
    """The release, or its next attempt, if it waits to be opened."""
    if found.pending:
        return [found]
    return pending(session, found.release_id) if found.closed else []


def _queue(
    session: Session, found: Release, waiting: Sequence[Release]
) -> tuple[list[Reason], list[Behind]]:
    """What the release, or its next attempt, waits for; and the releases that wait for it."""
    if not found.closed and not found.pending:
        return [], session.busy.behind(found)
    return [reason for each in waiting for reason in session.busy.reasons(each, each.waits_for)], []


def _next_steps(session: Session, found: Release, waiting: Sequence[Release]) -> list[str]:
    if found.status is ReleaseStatus.REJECTED:
        return after_rejected(found).split("\n")
    if found.status not in (ReleaseStatus.FAILED, ReleaseStatus.CANCELLED):
        return []
    if waiting:
        return [f"its next attempt waits; follow it with: {watch_command(found.release_id)}"]
    return next_steps(session, found)


def _write_report(session: Session, found: Release, path: str) -> None:
    seen = Snapshot(
        at=now(),
        release=session.ledger.with_executions(found),
        activity=with_ways_out(found, session.activity.get_all(found.pipelines.values())),
    )
    page = report.html(seen, console_region=session.console_region)
    if path == "-":
        # As bytes: the page says that it is UTF-8, whatever the terminal is.
        click.echo(page.encode(), nl=False)
        return
    write_file(path, page)
    click.echo(f"wrote {path}")


def _draw(session: Session, found: Release, *, audit: bool) -> None:
    console = open_console()
    activity = printable(with_ways_out(found, session.activity.get_all(found.pipelines.values())))
    shown = printable(_in_full(session, found))
    waiting = _waiting(session, found)
    waits_for, behind = _queue(session, found, waiting)
    parts = [
        release_header(shown, now=now(), waits_for=printable(waits_for), behind=printable(behind))
    ]
    if shown.pipelines:
        parts += [pipeline_table(shown, now=now(), activity=activity, width=console.width), ""]
        parts += [timeline(shown, at=now(), width=console.width), ""]
    if shown.attempts:
        parts += [attempts_table(shown), ""]
    command = f"release-machine show {shlex.quote(shown.label)} --audit"
    history = audit_table(shown, width=console.width) if audit else audit_hint(shown, command)
    show(console, *parts, history)
    steps = printable(_next_steps(session, found, waiting))
    if steps:
        click.echo("\n".join(("", "NEXT", *steps)))
