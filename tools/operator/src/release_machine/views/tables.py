"""The header and the earlier attempts of a release, drawn with rich."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.release import Release
from release_machine.release.approvals import approvals_of
from release_machine.release.busy import Behind, Reason
from release_machine.release.holds import overridden
from release_machine.release.phrases import (
    counted,
    halted,
    progress,
    restores,
    rolled_back_by,
    waits_briefly,
)
from release_machine.release.record import past_attempts, resumer
from release_machine.release.situation import slots
from release_machine.text.wording import clock_time, colored_status, duration, left, short
from release_machine.views.about import about

BAR_CELLS = 30


def release_header(
    release: Release,
    *,
    now: datetime,
    remaining: timedelta | None = None,
    brief: bool = False,
    waits_for: Sequence[Reason] = (),
    behind: Sequence[Behind] = (),
) -> RenderableType:
    """Draw the facts of a release, and its progress while it runs.

    ``brief`` leaves out the facts that do not change. A release that is not opened ``waits_for``
    these; the releases ``behind`` wait for its pipelines.
    """
    took = duration(release.began_at, release.closed_at or now)
    title = Text.assemble(
        ("Release ", "bold"),
        (release.label, "bold"),
        "  ",
        waits_briefly(release, now) if release.pending else colored_status(release.status),
        f"  {took}",
    )
    bar = (
        () if release.closed or release.pending else (_bar(release, now=now, remaining=remaining),)
    )
    if brief:
        return Group(title, *about(release), *bar, Text(""))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("notes", release.notes),
        ("pipelines", counted(release.of_codepipeline.values())),
        ("approvals", counted(approvals_of(release).values())),
        ("execution", release.execution_arn),
        ("handed in" if release.pending else "opened", clock_time(release.opened_at)),
        ("by", " through ".join(part for part in (release.requester, release.channel) if part)),
        ("attempt", _attempt(release)),
        ("rolls back", release.rollback_of),
        ("goes back to", restores(release)),
        ("rolled back by", rolled_back_by(release)),
        ("not before", _until(release.not_before, now, over=release.closed)),
        ("pending", "; ".join(map(str, waits_for))),
        ("next", "\n".join(map(str, behind))),
        ("deadline", _until(release.deadline, now, over=release.closed)),
        ("slots", slots(release) if release.max_concurrency and not release.closed else None),
        ("override", overridden(release)),
        ("halted", halted(release)),
        ("why", release.why),
    ):
        if value:
            facts.add_row(name, value)
    return Group(title, *about(release), *bar, facts, Text(""))


def _bar(release: Release, *, now: datetime, remaining: timedelta | None) -> Text:
    done = BAR_CELLS * release.ended_count // max(1, release.pipeline_count)
    until = f" ({now + remaining:%H:%M}Z)" if remaining is not None else ""
    return Text.assemble(
        ("█" * done, "green"),
        ("░" * (BAR_CELLS - done), "dim"),
        f"  {progress(release, remaining)}{until}",
    )


def attempts_table(release: Release) -> Table:
    """Draw how the earlier attempts of the release and its pipelines ended."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("ATTEMPT", "PIPELINE", "STATUS", "EXECUTION"):
        table.add_column(name, no_wrap=True)
    table.add_column("WHY", overflow="fold")
    for pipeline_name, past in past_attempts(release):
        # More lines of the reason are about pipelines, which have rows of their own.
        why = (past.why or "").partition("\n")[0].removesuffix(":")
        execution = short((past.execution or "").rpartition(":")[2])
        table.add_row(str(past.number), pipeline_name, colored_status(past.status), execution, why)
    return table


def _attempt(release: Release) -> str | None:
    if release.attempt == 1:
        return None
    who = resumer(release)
    since = f", since {clock_time(release.resumed_at)}" if release.resumed_at else ""
    return f"{release.attempt}{since}" + (f", by {who}" if who else "")


def _until(moment: datetime | None, now: datetime, *, over: bool) -> str | None:
    if not moment:
        return None
    return clock_time(moment) if over else f"{clock_time(moment)}, {left(moment - now)}"
