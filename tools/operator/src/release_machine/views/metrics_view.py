"""DORA's metrics drawn with rich: all pipelines together, each pipeline, and each week."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_machine.dora.definitions import (
    CHANGE_FAIL_RATE,
    COUNTED,
    FREQUENCY,
    LEAD_TIME,
    NOT_COUNTED,
    RECOVERY_TIME,
    RECOVERY_TIME_IN_SHORT,
    REWORK_RATE,
)
from release_machine.dora.deployments import Cause, CommitSource, Window
from release_machine.dora.figures import Dora, Figures, LeadTime, Rate, Recovery, Spread, Week
from release_machine.text.periods import in_short, in_words
from release_machine.text.printable import printable
from release_machine.text.wording import clock_time
from release_machine.views.columns import columns_that_fit
from release_machine.views.rows import Column, Row, Rows

WEEK = 7  # days
WIDTH_FOR_LONG_BARS = 80
WIDTH_FOR_LONG_NAMES = 120
NOTHING = "-"  # there is nothing to measure
UNKNOWN = "unknown"  # there is something, and it is not known
_NEVER_LEFT_OUT = 2
_BAR_CELLS = 20
_NARROW_BAR_CELLS = 10
_GAP = 2
_WHY = {
    Cause.NOT_SUCCEEDED: "did not succeed",
    Cause.ROLLED_BACK: "rolled back",
    Cause.HOTFIX: "followed by a hotfix",
}
_FROM = {CommitSource.COMMIT: "by commit", CommitSource.S3: "by S3's LastModified"}


def metrics_view(dora: Dora, *, width: int) -> RenderableType:
    """Draw the metrics of the window; names are shortened to fit."""
    dora = printable(dora)
    window = dora.window
    title = Text(f"Metrics of {in_words(window.length)}", style="bold")
    when = Text(f"{clock_time(window.since)} to {clock_time(window.until)}", style="dim")
    parts: list[RenderableType] = [title, when, Text(""), _summary(dora, width=width)]
    if dora.pipelines:
        parts += [Text(""), _by_pipeline(dora, width=width)]
        parts += [Text(""), _by_week(dora.all.weeks, width=width)]
    if notes := list(_notes(dora.all)):
        parts += [Text(""), *(Text(note, overflow="fold") for note in notes)]
    counted = (Text(note, style="dim", overflow="fold") for note in (COUNTED, NOT_COUNTED))
    return Group(*parts, Text(""), *counted)


def _summary(dora: Dora, *, width: int) -> Table:
    found = dora.all
    table = Table.grid(padding=(0, _GAP))
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold", style="bold")
    table.add_column(overflow="fold")
    deployed = f"{found.live} succeeded, in {_count(found.releases, 'release')}"
    table.add_row(FREQUENCY, _frequency(found, dora.window), deployed if found.live else "")
    table.add_row(LEAD_TIME, _median(found.lead_time), _of_lead_time(found.lead_time))
    table.add_row(CHANGE_FAIL_RATE, _share(found.change_fail_rate), _of_failures(found))
    recovery = RECOVERY_TIME if width >= WIDTH_FOR_LONG_NAMES else RECOVERY_TIME_IN_SHORT
    table.add_row(recovery, _recovery(found.recovery), _of_recovery(found.recovery))
    table.add_row(REWORK_RATE, _share(found.rework_rate), _of(found.rework_rate))
    return table


def _frequency(found: Figures, window: Window) -> str:
    """In a unit that is not longer than the window, and in which there is one or more."""
    if not found.live:
        return "none"
    for unit, days in (("a day", 1), ("a week", WEEK)):
        if window.days >= days and (number := days * found.per_day) >= 1:
            return f"{number:.1f} {unit}"
    return f"{found.live} in {in_words(window.length)}"


def _of_lead_time(lead_time: LeadTime) -> str:
    if not lead_time.known.of:
        return ""
    sources = ", ".join(f"{count} {_FROM[each]}" for each, count in lead_time.by_source.items())
    known = f"known for {lead_time.known.count} of {lead_time.known.of}"
    of_sources = f" ({sources})" if sources else ""
    return "; ".join(filter(None, (_within(lead_time.spread), f"{known}{of_sources}")))


def _of_failures(found: Figures) -> str:
    causes = ", ".join(f"{count} {_WHY[cause]}" for cause, count in found.failed_by.items())
    return ": ".join(filter(None, (_of(found.change_fail_rate), causes)))


def _of_recovery(recovery: Recovery) -> str:
    still = f"{recovery.open} not repaired yet" if recovery.open else ""
    return "; ".join(filter(None, (_within(recovery.spread), still)))


def _within(spread: Spread | None) -> str:
    return f"9 of 10 within {in_words(spread.p90)}" if spread else ""


def _of(rate: Rate) -> str:
    return f"{rate.count} of {_count(rate.of, 'deployment')}" if rate.of else ""


def _median(lead_time: LeadTime) -> str:
    if lead_time.spread:
        return f"median {in_words(lead_time.spread.median)}"
    return UNKNOWN if lead_time.known.of else NOTHING


def _recovery(recovery: Recovery) -> str:
    if recovery.spread:
        return f"median {in_words(recovery.spread.median)}"
    return UNKNOWN if recovery.open else NOTHING


def _share(rate: Rate) -> str:
    return NOTHING if rate.share is None else f"{rate.share:.0%}"


def _by_pipeline(dora: Dora, *, width: int) -> Rows:
    """A row for each pipeline; where there is no room, the last columns are left out."""
    weekly = dora.window.days >= WEEK
    named = [dict(_cells(each, weekly=weekly)) for each in dora.pipelines]
    rows = [
        [Text(each) for each in (found.pipeline or "", *cells.values())]
        for found, cells in zip(dora.pipelines, named, strict=True)
    ]
    columns = [Column(title="PIPELINE", folds=True)]
    columns += [Column(title=name, right=True) for name in named[0]]
    shown = columns_that_fit(columns, rows, width=width, kept=_NEVER_LEFT_OUT)
    return Rows(columns[:shown], [Row(cells=each[:shown]) for each in rows], facts="", room=width)


def _cells(found: Figures, *, weekly: bool) -> Iterator[tuple[str, str]]:
    """The numbers of a pipeline by their titles, the most important ones first."""
    lead_time, recovery, failed = found.lead_time, found.recovery, found.change_fail_rate
    yield "LIVE", str(found.live)
    yield "LEAD TIME", _brief(lead_time.spread, unknown=lead_time.known.of > 0)
    yield "FAILED", f"{failed.count}/{failed.of}"
    yield "RECOVERY", _brief(recovery.spread, unknown=recovery.open > 0)
    yield "REWORK", _share(found.rework_rate)
    yield "OPEN", str(recovery.open or NOTHING)
    yield "RATE", _share(failed)
    yield "9 OF 10", _most(lead_time.spread)
    yield "KNOWN", f"{lead_time.known.count}/{lead_time.known.of}"
    if weekly:
        yield "A WEEK", f"{WEEK * found.per_day:.1f}"
    yield "ROLLBACKS", str(found.rollbacks)


def _brief(spread: Spread | None, *, unknown: bool) -> str:
    if spread:
        return in_short(spread.median)
    return UNKNOWN if unknown else NOTHING


def _most(spread: Spread | None) -> str:
    return in_short(spread.p90) if spread else NOTHING


def _by_week(weeks: Sequence[Week], *, width: int) -> Table:
    cells = _BAR_CELLS if width >= WIDTH_FOR_LONG_BARS else _NARROW_BAR_CELLS
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("WEEK (UTC)", no_wrap=True)
    table.add_column("LIVE", no_wrap=True)
    for name in ("FAILED", "LEAD TIME", "RECOVERY"):
        table.add_column(name, no_wrap=True, justify="right")
    most = max(each.live for each in weeks)
    for each in weeks:
        bar = "█" * round(cells * each.live / most) if most else ""
        table.add_row(
            str(each.window.since.date()),  # the weeks are those of UTC
            Text.assemble((bar, "green"), f"{' ' if bar else ''}{each.live}"),
            f"{each.failed}/{each.deployments}",
            _or_nothing(each.lead_time),
            _or_nothing(each.recovery_time),
        )
    return table


def _or_nothing(period: timedelta | None) -> str:
    return NOTHING if period is None else in_short(period)


def _notes(found: Figures) -> Iterator[str]:
    if found.rollbacks:
        yield f"{_count(found.rollbacks, 'rollback')} of a pipeline succeeded."
    if found.harmless:
        yield f"{_count(found.harmless, 'run')} changed nothing, and did not count."
    if found.unknown:
        yield (
            f"{_count(found.unknown, 'run')} did not succeed, and it is not known whether anything "
            "changed: not counted."
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else f'{noun}s'}"
