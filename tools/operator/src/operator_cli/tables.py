"""Releases drawn with rich: their headers, lists and histories."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from operator_cli.model import AuditEntry, Release
from operator_cli.situation import slots
from operator_cli.wording import (
    clock_time,
    colored_status,
    duration,
    halted,
    left,
    progress,
    short,
    tally,
)

BAR_CELLS = 30


def release_header(
    release: Release,
    *,
    now: datetime,
    remaining: timedelta | None = None,
    brief: bool = False,
) -> RenderableType:
    """Draw who, what and how long, above the pipelines; while it runs, how far it has come.

    When ``brief``, only what changes.
    """
    took = duration(release.began_at, release.closed_at or now)
    title = Text.assemble(
        ("Release ", "bold"),
        (release.label, "bold"),
        "  ",
        colored_status(release.status),
        f"  {took}",
    )
    bar = () if release.closed else (_bar(release, now=now, remaining=remaining),)
    if brief:
        return Group(title, *bar, Text(""))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("pipelines", tally(release)),
        ("execution", release.execution_arn),
        ("opened", clock_time(release.opened_at) if release.opened_at else None),
        ("by", " through ".join(part for part in (release.requester, release.channel) if part)),
        ("attempt", _attempt(release)),
        ("rolls back", release.rollback_of),
        ("rolled back by", _rolled_back_by(release)),
        ("deadline", _deadline(release, now)),
        ("slots", slots(release) if release.max_concurrency and not release.closed else None),
        ("halted", halted(release)),
        ("why", release.why),
    ):
        if value:
            facts.add_row(name, value)
    return Group(title, *bar, facts, Text(""))


def _bar(release: Release, *, now: datetime, remaining: timedelta | None) -> Text:
    done = BAR_CELLS * release.ended_count // max(1, release.pipeline_count)
    until = f" ({now + remaining:%H:%M}Z)" if remaining is not None else ""
    return Text.assemble(
        ("█" * done, "green"),
        ("░" * (BAR_CELLS - done), "dim"),
        f"  {progress(release, remaining)}{until}",
    )


def release_table(releases: Iterable[Release], *, now: datetime) -> Table:
    """Draw the latest releases, one row each."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("RELEASE", min_width=12, overflow="fold")
    for name in ("STATUS", "OPENED"):
        table.add_column(name, no_wrap=True)
    table.add_column("TIME", no_wrap=True, justify="right")
    table.add_column("PIPELINES", no_wrap=True, justify="right")
    table.add_column("DOOR", no_wrap=True)
    table.add_column("BY", overflow="fold")
    for release in releases:
        table.add_row(
            release.label,
            colored_status(release.status),
            clock_time(release.opened_at) if release.opened_at else "",
            duration(release.began_at, release.closed_at or now),
            str(release.pipeline_count or ""),
            release.channel or "",
            # Of an ARN what tells people apart; `show` and --json have it whole.
            re.split("[:/]", release.requester or "")[-1],
        )
    return table


def audit_table(release: Release) -> Table:
    """Draw what was done to the release and its pipelines, the earliest first."""
    entries: list[tuple[str, AuditEntry]] = [("", entry) for entry in release.audit]
    for pipeline in release.pipelines:
        entries += [(pipeline.name, entry) for entry in pipeline.audit]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("AUDIT", "PIPELINE", "WHAT", "WHO"):
        table.add_column(name, overflow="fold", no_wrap=name in {"AUDIT", "PIPELINE"})
    for pipeline_name, entry in sorted(entries, key=lambda pair: pair[1].at):
        moved = entry.before != entry.after
        turned = " → ".join(part for part in (entry.before, entry.after) if part and moved)
        what = f"{entry.what}: {turned}" if turned else entry.what
        table.add_row(clock_time(entry.at), pipeline_name, what, entry.who)
    return table


def attempts_table(release: Release) -> Table:
    """Draw how the earlier attempts of the release and of its pipelines ended."""
    rows = [("", each) for each in release.attempts]
    for pipeline in release.pipelines:
        rows += [(pipeline.name, each) for each in pipeline.attempts]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("ATTEMPT", "PIPELINE", "STATUS", "EXECUTION"):
        table.add_column(name, no_wrap=True)
    table.add_column("WHY", overflow="fold")
    for pipeline_name, past in sorted(rows, key=lambda row: row[1].number):
        # The header's reason goes on with a line for each pipeline, which has a row of its own.
        why = (past.why or "").partition("\n")[0].removesuffix(":")
        execution = short((past.execution or "").rpartition(":")[2])
        table.add_row(str(past.number), pipeline_name, colored_status(past.status), execution, why)
    return table


def _rolled_back_by(release: Release) -> str | None:
    if release.rolled_back_by or not release.rolls_back_as:
        return release.rolled_back_by
    return f"{release.rolls_back_as}, which is not opened"


def _attempt(release: Release) -> str | None:
    if release.attempt == 1:
        return None
    resumed = [entry.who for entry in release.audit if entry.what == "resumed"]
    since = f", since {clock_time(release.resumed_at)}" if release.resumed_at else ""
    return f"{release.attempt}{since}" + (f", by {resumed[-1]}" if resumed else "")


def _deadline(release: Release, now: datetime) -> str | None:
    if not release.deadline:
        return None
    rest = "" if release.closed else f", {left(release.deadline - now)}"
    return f"{clock_time(release.deadline)}{rest}"
