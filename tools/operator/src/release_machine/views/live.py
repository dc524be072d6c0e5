"""The live view on a terminal: drawn in place, the clock running, the cursor always restored."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.text import Text

from release_machine.follow.events import Event, LookFailed
from release_machine.release.model import Snapshot
from release_machine.release.ways_out import DETAILS, Detail
from release_machine.text.printable import printable
from release_machine.text.wording import roughly
from release_machine.views.pipeline_rows import needs_a_look, pipeline_table
from release_machine.views.tables import release_header

# On a lower terminal the facts that do not change give way to the pipelines.
HEIGHT_FOR_FACTS = 20


class LiveView:
    """Draws the latest look again several times a second, so that the durations run."""

    def __init__(self, console: Console, *, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._failed: LookFailed | None = None
        self._found_for: tuple[Snapshot, ConsoleDimensions, LookFailed | None] | None = None
        self._layout: tuple[int, Detail] | None = None
        # On a screen of its own neither a resize nor the echo of Ctrl-C leaves anything behind.
        self._live = Live(
            console=console, get_renderable=self.draw, refresh_per_second=4, screen=True
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
        """Restore the cursor and leave the last state, whole, on the screen."""
        self._live.stop()
        if self._snapshot is not None:
            self._console.print(self._drawn(self._snapshot, room=None))

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Take the latest look; the next refresh draws it."""
        self._snapshot = printable(snapshot)
        failed = [event for event in events if isinstance(event, LookFailed)]
        self._failed = printable(failed[-1]) if failed else None

    def draw(self) -> RenderableType:
        """Draw the present state, cut to the height of the terminal."""
        if self._snapshot is None:
            return Text("Looking for the release ...", style="dim")
        snapshot = self._snapshot
        # Looking for what fits takes several pictures: between two looks it is looked for once.
        found_for = (snapshot, self._console.size, self._failed)
        if self._layout is not None and found_for == self._found_for:
            room, detail = self._layout
            drawn = self._drawn(snapshot, room=room, detail=detail)
            if self._fits(drawn):
                return drawn
        self._found_for, self._layout = found_for, self._find_layout(snapshot)
        room, detail = self._layout
        return self._drawn(snapshot, room=room, detail=detail)

    def _find_layout(self, snapshot: Snapshot) -> tuple[int, Detail]:
        """As many rows as there is room for; what is below them is the shorter for what runs."""
        needed = sum(map(needs_a_look, snapshot.release.pipelines.values()))
        for detail in DETAILS:
            room = self._find_room(snapshot, detail)
            if room >= needed:
                break
        return room, detail

    def _find_room(self, snapshot: Snapshot, detail: Detail) -> int:
        # A row may bring lines of its own, and the last one hidden takes a line away with it.
        fewest, most = 1, min(self._console.height, len(snapshot.release.pipelines))
        if self._fits(self._drawn(snapshot, room=most, detail=detail)):
            return most
        while fewest < most:
            middle = (fewest + most + 1) // 2
            if self._fits(self._drawn(snapshot, room=middle, detail=detail)):
                fewest = middle
            else:
                most = middle - 1
        return fewest

    def _fits(self, drawn: RenderableType) -> bool:
        return len(self._console.render_lines(drawn)) <= self._console.height

    def _left(self, snapshot: Snapshot, now: datetime) -> timedelta | None:
        """What was left at the look, less the time since."""
        known = snapshot.estimate.left
        return None if known is None else max(timedelta(), known - (now - snapshot.at))

    def _drawn(
        self, snapshot: Snapshot, *, room: int | None, detail: Detail = "full"
    ) -> RenderableType:
        now = self._clock()
        brief = room is not None and self._console.height < HEIGHT_FOR_FACTS
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
                room=room,
                detail=detail,
            ),
        ]
        if snapshot.estimate.unknown and not brief:
            parts.append(Text(f"no estimate: {snapshot.estimate.unknown}", style="dim"))
        if self._failed:
            parts.append(Text(_note(self._failed, snapshot, now=now), style="yellow"))
        return Group(*parts)


def _note(failed: LookFailed, snapshot: Snapshot, *, now: datetime) -> str:
    """Why what is shown is old, how old it is, and what to do."""
    return (
        f"{failed.problem} The release goes on; looking again. Last seen "
        f"{snapshot.at:%H:%M:%SZ} ({roughly(now - snapshot.at)} ago). {failed.next_step}"
    )
