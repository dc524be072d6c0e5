"""Releases drawn with rich: what the live view and the status command share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from operator_cli.model import RUNNING, SUCCEEDED, WAITING, Activity, AuditEntry, Pipeline, Release
from operator_cli.wording import STYLES, SYMBOLS, clock_time, duration, short, tally


def release_header(release: Release, *, now: datetime) -> RenderableType:
    """Draw who, what and how long, above the pipelines."""
    took = duration(release.opened_at, release.closed_at or now)
    title = Text.assemble(
        ("Release ", "bold"),
        (release.label, "bold"),
        "  ",
        _status(release.status),
        f"  {took}  ",
        (tally(release), "dim"),
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("execution", release.execution_arn),
        ("opened", clock_time(release.opened_at) if release.opened_at else None),
        ("by", " through ".join(part for part in (release.requester, release.channel) if part)),
        ("why", release.why),
    ):
        if value:
            facts.add_row(name, value)
    return Group(title, facts, Text(""))


def pipeline_table(
    pipelines: Sequence[Pipeline],
    *,
    now: datetime,
    activity: Mapping[str, Activity],
    room: int | None = None,
) -> RenderableType:
    """Draw one row per pipeline in the manifest's order.

    With room for fewer rows, those that ended well or wait are counted instead of drawn.
    """
    shown = _that_fit(pipelines, room=room)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("PIPELINE", no_wrap=True)
    table.add_column("STATUS", no_wrap=True)
    table.add_column("TIME", no_wrap=True, justify="right")
    table.add_column("EXECUTION", no_wrap=True)
    table.add_column("NOW", overflow="fold")
    for pipeline in shown:
        table.add_row(
            pipeline.name,
            _status(pipeline.status),
            duration(pipeline.started_at, pipeline.ended_at or now),
            short(pipeline.execution_id),
            _now(pipeline, activity.get(pipeline.name)),
        )
    hidden = len(pipelines) - len(shown)
    return Group(table, Text(f"and {hidden} more", style="dim")) if hidden else table


def release_table(releases: Iterable[Release], *, now: datetime) -> Table:
    """Draw the latest releases, one row each."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("RELEASE", "STATUS", "OPENED"):
        table.add_column(name, no_wrap=name != "RELEASE", overflow="fold")
    table.add_column("TIME", no_wrap=True, justify="right")
    table.add_column("PIPELINES", justify="right")
    table.add_column("DOOR")
    table.add_column("BY", overflow="fold")
    for release in releases:
        table.add_row(
            release.label,
            _status(release.status),
            clock_time(release.opened_at) if release.opened_at else "",
            duration(release.opened_at, release.closed_at or now),
            str(release.pipeline_count or ""),
            release.channel or "",
            release.requester or "",
        )
    return table


def audit_table(release: Release) -> Table:
    """Draw what was done to the release and its pipelines, the earliest first."""
    entries: list[tuple[str, AuditEntry]] = [("", entry) for entry in release.audit]
    for pipeline in release.pipelines:
        entries += [(pipeline.name, entry) for entry in pipeline.audit]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("AUDIT", "PIPELINE", "WHAT", "WHO"):
        table.add_column(name, overflow="fold", no_wrap=name == "AUDIT")
    for pipeline_name, entry in sorted(entries, key=lambda pair: pair[1].at):
        turned = " → ".join(part for part in (entry.before, entry.after) if part)
        what = f"{entry.what}: {turned}" if turned else entry.what
        table.add_row(clock_time(entry.at), pipeline_name, what, entry.who)
    return table


def _that_fit(pipelines: Sequence[Pipeline], *, room: int | None) -> Sequence[Pipeline]:
    if room is None or len(pipelines) <= room:
        return pipelines
    quiet = {WAITING: 1, SUCCEEDED: 2}
    by_need = sorted(pipelines, key=lambda pipeline: quiet.get(pipeline.status, 0))
    kept = {pipeline.name for pipeline in by_need[: max(1, room)]}
    return [pipeline for pipeline in pipelines if pipeline.name in kept]


def _status(status: str) -> Text:
    return Text(f"{SYMBOLS.get(status, '?')} {status}", style=STYLES.get(status, ""))


def _now(pipeline: Pipeline, activity: Activity | None) -> Text:
    if pipeline.failure is not None:
        failure = pipeline.failure
        told = Text(f"{failure.place}: " if failure.place else "")
        told.append(failure.reason, style="red")
        if failure.link:
            told.append(f"\n{failure.link}", style="underline")
        return told
    if activity is None or pipeline.status != RUNNING:
        return Text("")
    told = Text(activity.place)
    if activity.waits_for:
        told.append(f"  waits for {activity.waits_for}", style="bold yellow")
    if activity.way_out:
        told.append(f"\n{activity.way_out}", style="dim")
    return told
