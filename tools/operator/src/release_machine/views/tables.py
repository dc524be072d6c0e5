"""The header and the earlier attempts of a release, drawn with rich."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from release_core.domain.release import Release
from release_machine.release.approvals import approvals_of, for_people, signer
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
from release_machine.text.wording import (
    clock_time,
    colored_status,
    duration,
    left,
    minute_of_day,
    short,
)
from release_machine.views.about import about
from release_machine.views.rows import Column, Row, Rows

BAR_CELLS, FEWEST_BAR_CELLS = 30, 8
CELLS_OF_WHY = 26


class OrShorter:
    """A text in one line, or a shorter one where it does not fit."""

    def __init__(self, whole: str, shorter: str) -> None:
        self._whole = whole
        self._shorter = shorter

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it; rich calls this."""
        fits = cell_len(self._whole) <= options.max_width
        yield Text(self._whole if fits else self._shorter, overflow="fold")


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

    ``brief`` leaves out all facts but a halt. A release that is not opened ``waits_for``
    these; the releases ``behind`` wait for its pipelines.
    """
    took = duration(release.began_at, release.closed_at or now)
    status = waits_briefly(release, now) if release.pending else colored_status(release.status)
    head = _Heading(
        Text.assemble(("Release ", "bold"), (release.label, "bold")),
        Text.assemble(status, f"  {took}"),
    )
    bar = (
        () if release.closed or release.pending else (_Bar(release, now=now, remaining=remaining),)
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("pipelines", counted(release.of_codepipeline.values())),
        ("approvals", counted(approvals_of(release).values())),
        ("execution", OrShorter(release.execution_arn, release.execution_arn.rpartition(":")[2])),
        ("handed in" if release.pending else "opened", clock_time(release.opened_at)),
        ("by", _by(release)),
        ("release id", release.requested_id),
        ("file", release.dropped.key if release.dropped else None),
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
        ("why", for_people(release.why or "")),
        ("notes", release.notes),
    ):
        if value and (name == "halted" or not brief):
            facts.add_row(name, value)
    return Group(head, *about(release), *bar, facts, Text(""))


class _Heading:
    """The name of a release and its status, in one line if they fit."""

    def __init__(self, name: Text, status: Text) -> None:
        self._name = name
        self._status = status

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it; rich calls this."""
        line = Text.assemble(self._name, "  ", self._status)
        if line.cell_len <= options.max_width:
            yield line
        else:
            self._name.overflow = "fold"
            yield from (self._name, self._status)


class _Bar:
    """The progress of a release, with a bar as long as the words beside it let it be."""

    def __init__(self, release: Release, *, now: datetime, remaining: timedelta | None) -> None:
        # When nothing is left to do, the end is now.
        until = f" ({minute_of_day(now + remaining)})" if remaining else ""
        self._words = f"  {progress(release, remaining)}{until}"
        self._part = release.ended_count / max(1, release.pipeline_count)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it; rich calls this."""
        room = options.max_width - cell_len(self._words)
        cells = max(FEWEST_BAR_CELLS, min(BAR_CELLS, room))
        done = int(cells * self._part)
        yield Text.assemble(("█" * done, "green"), ("░" * (cells - done), "dim"), self._words)


def attempts_table(release: Release) -> RenderableType:
    """Draw how the earlier attempts of the release and its pipelines ended."""
    columns = [
        Column(title="ATTEMPT"),
        Column(title="PIPELINE", folds=True),
        Column(title="STATUS"),
        Column(title="EXECUTION"),
    ]
    rows = []
    for pipeline_name, past in past_attempts(release):
        # More lines of the reason are about pipelines, which have rows of their own.
        why = (past.why or "").partition("\n")[0].removesuffix(":")
        execution = short((past.execution or "").rpartition(":")[2])
        cells = [
            Text(str(past.number)),
            Text(pipeline_name),
            colored_status(past.status),
            Text(execution),
        ]
        rows.append(Row(cells=cells, facts=[Text(for_people(why))] if why else []))
    return Rows(columns, rows, facts="WHY", room=CELLS_OF_WHY)


def _by(release: Release) -> str:
    requester = signer(release.requester) if release.requester else None
    return " through ".join(part for part in (requester, release.channel) if part)


def _attempt(release: Release) -> str | None:
    if release.attempt == 1:
        return None
    who = resumer(release)
    since = f", since {clock_time(release.resumed_at)}" if release.resumed_at else ""
    return f"{release.attempt}{since}" + (f", by {signer(who)}" if who else "")


def _until(moment: datetime | None, now: datetime, *, over: bool) -> str | None:
    if not moment:
        return None
    return clock_time(moment) if over else f"{clock_time(moment)}, {left(moment - now)}"
