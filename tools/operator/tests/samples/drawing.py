"""Drawings and lines as text."""

import io
from datetime import datetime

from rich.console import Console, RenderableType

from release_machine.follow.events import Event
from release_machine.follow.loop import changes
from release_machine.release.model import Snapshot
from release_machine.views.live import LiveView
from release_machine.views.plain import PlainView


def drawn(*parts: RenderableType, width: int = 100) -> str:
    """Draw without colours and without trailing spaces."""
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(*parts, sep="\n")
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def live(
    seen: Snapshot, *events: Event, now: datetime, width: int = 100, height: int = 60
) -> RenderableType:
    """The live view on a terminal of that size."""
    console = Console(file=io.StringIO(), width=width, height=height)
    view = LiveView(console, clock=lambda: now)
    view.show(seen, list(events))
    return view.draw()


def lines(seen: Snapshot) -> str:
    """The lines of the first look in a pipe."""
    out = io.StringIO()
    PlainView(out).show(seen, changes(None, seen))
    return out.getvalue()
