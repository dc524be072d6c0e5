"""The timeline of a release on a terminal: one bar per pipeline, on a time axis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.text import Text

from release_core.domain.release import Release
from release_machine.release.spans import HANDOVER, MarkKind, Schedule, Span, schedules
from release_machine.text.time_axis import part, ticks
from release_machine.text.wording import duration, look, time_in_title, zone_at

WIDEST_NAME = 40
WIDEST_BARS = 100
CELLS_PER_TICK = 14
RAN, CRITICAL, WAITED, HELD = "━", "█", "·", "╌"
_MARKS = {MarkKind.RETRY: "↻", MarkKind.NEW_EXECUTION: "⟳", MarkKind.STOP: "◼"}
_LEGEND = {
    RAN: "ran",
    CRITICAL: "ran, on the critical path",
    WAITED: "waited",
    HELD: "ready, but had to wait",
    **{sign: kind.value for kind, sign in _MARKS.items()},
}


def timeline(release: Release, *, at: datetime, width: int) -> RenderableType:
    """Draw each attempt whose times are known, the latest last, as of ``at``."""
    drawn: list[RenderableType] = []
    for schedule in schedules(release, at=at):
        if drawn:
            drawn.append(Text(""))
        drawn.append(_Drawing(schedule, width=width, several=release.attempt > 1).draw())
    return Group(*drawn)


class _Drawing:
    """The drawing of one attempt."""

    def __init__(self, schedule: Schedule, *, width: int, several: bool) -> None:
        self._schedule = schedule
        self._several = several
        widest = max((cell_len(span.pipeline) for span in schedule.spans), default=0)
        # A longer name stands whole above its bar.
        self._name_width = widest if widest <= min(WIDEST_NAME, width // 3) else 0
        times = [duration(span.began_at, span.ended_at) for span in schedule.spans]
        self._time_width = max([4, *map(len, times)])
        # Before the bar: the name with a gap, then the symbol with a space.
        self._before_bar = self._name_width + (2 if self._name_width else 0) + 2
        rest = width - self._before_bar - self._time_width - 2
        self._cells = max(10, min(WIDEST_BARS, rest))

    def draw(self) -> RenderableType:
        rows = [line for span in self._schedule.spans for line in self._rows(span)]
        return Group(self._title(), self._axis(), *rows, *self._legend())

    def _title(self) -> Text:
        begin, end = self._schedule.begin, self._schedule.end
        title = Text("TIMELINE", style="dim")
        if self._several:
            title.append(f" of attempt {self._schedule.attempt}")
        title.append(f"  {time_in_title(begin)}, {duration(begin, end)}")
        return title

    def _axis(self) -> Text:
        cells = [" "] * self._cells
        free_from = 0
        schedule = self._schedule
        # The axis keeps the offset of its begin, also when the clocks change.
        zone = zone_at(schedule.begin)
        most = max(2, self._cells // CELLS_PER_TICK)
        for tick in ticks(schedule.begin, schedule.end, most=most, zone=zone):
            start = self._cell(tick.at)
            if start >= free_from and start + len(tick.label) + 1 <= self._cells:
                cells[start : start + len(tick.label) + 1] = f"╷{tick.label}"
                free_from = start + len(tick.label) + 2
        return Text(f"{' ' * self._before_bar}{''.join(cells).rstrip()}", style="dim")

    def _rows(self, span: Span) -> Iterator[Text]:
        symbol, style = look(span.status)
        row = Text(no_wrap=True)
        if self._name_width:
            row.append(set_cell_size(span.pipeline, self._name_width)).append("  ")
        else:
            yield Text(span.pipeline, overflow="fold")
        row.append(f"{symbol} ", style=style)
        yield self._with_bar(row, span, style=style)

    def _with_bar(self, row: Text, span: Span, *, style: str) -> Text:
        if span.began_at is None or span.ended_at is None:
            kept = f"{span.status} in attempt {span.kept_from}" if span.kept_from else span.status
            return row.append(kept, style="dim")
        row.append_text(self._bar(span, span.began_at, span.ended_at, style=style))
        time = duration(span.began_at, span.ended_at)
        return row.append(f"  {time:>{self._time_width}}")

    def _bar(self, span: Span, began_at: datetime, ended_at: datetime, *, style: str) -> Text:
        bar = Text()
        begin = self._cell(began_at)
        end = max(begin + 1, self._cell(ended_at, upwards=True))
        ready = self._ready(span, began_at)
        bar.append(WAITED * ready, style="dim").append(HELD * (begin - ready), style="yellow")
        bar.append((CRITICAL if span.critical else RAN) * (end - begin), style=style)
        bar.append(" " * (self._cells - end))
        for mark in span.marks:
            place = min(max(begin, self._cell(mark.at)), end - 1)
            sign = Text(_MARKS[mark.kind], style="bold yellow")
            bar = Text.assemble(bar[:place], sign, bar[place + 1 :])
        return bar

    def _ready(self, span: Span, began_at: datetime) -> int:
        """The cell before which it waits for others."""
        ready = span.ready_at if span.ready_at and span.waited > HANDOVER else began_at
        return min(self._cell(ready), self._cell(began_at))

    def _cell(self, moment: datetime, *, upwards: bool = False) -> int:
        exact = part(moment, self._schedule.begin, self._schedule.end) * self._cells
        cell = -int(-exact // 1) if upwards else int(exact)
        return min(cell, self._cells if upwards else self._cells - 1)

    def _legend(self) -> Iterator[Text]:
        used = {_MARKS[mark.kind] for span in self._schedule.spans for mark in span.marks}
        for span in self._schedule.spans:
            if span.began_at is None:
                continue
            used.add(CRITICAL if span.critical else RAN)
            used |= {HELD} if span.waited > HANDOVER else set()
            used |= {WAITED} if self._ready(span, span.began_at) else set()
        words = [f"{sign} {meaning}" for sign, meaning in _LEGEND.items() if sign in used]
        if any(not span.status.ended and span.began_at for span in self._schedule.spans):
            words.append("bars of running pipelines end now")
        if words:
            yield Text("   ".join(words), style="dim")
