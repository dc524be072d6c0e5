"""The live view on a terminal: redrawn in place, with running clocks."""

from bisect import bisect_left
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.text import Text

from release_machine.follow.events import ConnectedAgain, Event, LookFailed
from release_machine.release.model import Snapshot
from release_machine.release.phrases import sentence
from release_machine.release.ways_out import DETAILS, Detail
from release_machine.text.printable import printable
from release_machine.text.wording import duration, roughly, second_of_day
from release_machine.views.pipeline_rows import needs_a_look, pipeline_table
from release_machine.views.tables import release_header

# A lower terminal shows pipelines in place of the facts that do not change.
HEIGHT_FOR_FACTS = 20
SHOWS_IT_IS_BACK_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """The number of rows, the detail of the commands, and whether known facts are left out."""

    room: int
    detail: Detail
    brief: bool


class LiveView:
    """Draws the latest look several times a second, so that durations grow."""

    def __init__(self, console: Console, *, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._failed: LookFailed | None = None
        self._back: ConnectedAgain | None = None
        self._found_for: tuple[Snapshot, ConsoleDimensions, LookFailed | None] | None = None
        self._layout: _Layout | None = None
        # On the alternate screen a resize or the echo of Ctrl-C leaves nothing behind.
        self._live = Live(
            console=console,
            # The thread that draws writes times in the same zone.
            get_renderable=partial(copy_context().run, self.draw),
            refresh_per_second=4,
            screen=True,
        )

    def __enter__(self) -> Self:
        """Begin drawing."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the cursor and print the last state in full."""
        self._live.stop()
        if self._snapshot is not None:
            self._console.print(self._drawn(self._snapshot, layout=None))

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Take the latest look; the next refresh draws it."""
        self._snapshot = printable(snapshot)
        failed = [event for event in events if isinstance(event, LookFailed)]
        self._failed = printable(failed[-1]) if failed else None
        back = [event for event in events if isinstance(event, ConnectedAgain)]
        self._back = None if failed else back[-1] if back else self._back

    def draw(self) -> RenderableType:
        """Draw the current state, limited to the height of the terminal."""
        if self._snapshot is None:
            return Text("Looking for the release ...", style="dim")
        snapshot = self._snapshot
        # To find what fits takes several drawings, so it is done once for each look.
        found_for = (snapshot, self._console.size, self._failed)
        if self._layout is not None and found_for == self._found_for:
            drawn = self._drawn(snapshot, layout=self._layout)
            if self._fits(drawn):
                return drawn
        self._found_for, self._layout = found_for, self._find_layout(snapshot)
        return self._drawn(snapshot, layout=self._layout)

    def _find_layout(self, snapshot: Snapshot) -> _Layout:
        """What is left out: running pipelines come first, then commands, then what is known."""
        needed = sum(map(needs_a_look, snapshot.release.pipelines.values()))
        forms: list[tuple[bool, Detail]] = [(True, detail) for detail in DETAILS]
        if self._console.height >= HEIGHT_FOR_FACTS:
            forms.insert(0, (False, DETAILS[0]))
        for brief, detail in forms:
            layout = self._find_room(snapshot, _Layout(room=0, detail=detail, brief=brief))
            if layout.room >= needed:
                break
        return layout

    def _find_room(self, snapshot: Snapshot, layout: _Layout) -> _Layout:
        # A row may add lines, and the last hidden row removes the line that counts hidden rows.
        most = min(self._console.height, len(snapshot.release.pipelines))

        def is_too_much(room: int) -> bool:
            return not self._fits(self._drawn(snapshot, layout=replace(layout, room=room)))

        if not is_too_much(most):
            return replace(layout, room=most)
        return replace(layout, room=max(1, bisect_left(range(1, most), x=True, key=is_too_much)))

    def _fits(self, drawn: RenderableType) -> bool:
        return len(self._console.render_lines(drawn)) <= self._console.height

    def _left(self, snapshot: Snapshot, now: datetime) -> timedelta | None:
        """The time left at the last look, less the time since."""
        known = snapshot.estimate.left
        return None if known is None else max(timedelta(), known - (now - snapshot.at))

    def _drawn(self, snapshot: Snapshot, *, layout: _Layout | None) -> RenderableType:
        now = self._clock()
        brief = layout is not None and layout.brief
        parts = [
            release_header(
                snapshot.release,
                now=now,
                remaining=self._left(snapshot, now),
                brief=brief,
            ),
            pipeline_table(
                snapshot.release,
                now=now,
                activity=snapshot.activity,
                width=self._console.width,
                usual=snapshot.estimate.usual,
                room=layout.room if layout else None,
                detail=layout.detail if layout else "full",
            ),
        ]
        if snapshot.estimate.unknown and not brief:
            parts.append(Text(f"no estimate: {snapshot.estimate.unknown}", style="dim"))
        if self._failed:
            parts.append(Text(_note(self._failed, snapshot, now=now), style="yellow"))
        if self._back and layout is not None and now - self._back.at < SHOWS_IT_IS_BACK_FOR:
            gone = duration(self._back.since, self._back.at)
            parts.append(Text(f"Connected again after {gone}.", style="green"))
        return Group(*parts)


def _note(failed: LookFailed, snapshot: Snapshot, *, now: datetime) -> str:
    """Why the view is old, how old it is, and what to do."""
    return (
        f"{sentence(failed.problem)} The release continues; trying again. Last seen "
        f"{second_of_day(snapshot.at)} ({roughly(now - snapshot.at)} ago). {failed.next_step}"
    )
