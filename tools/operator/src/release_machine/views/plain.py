"""Events as lines, for pipes, logs and CI."""

from datetime import datetime, timedelta
from typing import TextIO

from release_core.clock import Clock, now
from release_machine.follow.events import ConnectedAgain, Event, LookFailed, ReleaseWaits
from release_machine.release.model import Snapshot
from release_machine.release.phrases import progress
from release_machine.text.printable import in_one_line
from release_machine.text.wording import clock_time
from release_machine.views.event_facts import described, waiting

LONGEST_SILENCE = timedelta(minutes=5)


class PlainView:
    """Writes each event as one line that begins with the time in UTC when it was seen."""

    def __init__(self, out: TextIO, *, clock: Clock = now) -> None:
        self._out = out
        self._clock = clock
        self._said_at: datetime | None = None
        self._waits: ReleaseWaits | None = None

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write the events since the last look."""
        at = snapshot.at if snapshot else self._clock()
        width = max(map(len, snapshot.release.pipelines if snapshot else ()), default=0)
        for event in events:
            line, _ = described(event, name_width=width)
            self._write(event.at if isinstance(event, LookFailed | ConnectedAgain) else at, line)
            if isinstance(event, ReleaseWaits):
                self._waits = event
        standing = _standing(snapshot) if snapshot else self._waits and waiting(self._waits)
        # CI platforms cancel a job without output for about ten minutes.
        if standing and self._said_at and at - self._said_at >= LONGEST_SILENCE:
            self._write(at, standing)
        self._out.flush()

    def _write(self, at: datetime, text: str) -> None:
        self._out.write(f"{clock_time(at)} {in_one_line(text)}\n")
        self._said_at = at


def _standing(snapshot: Snapshot) -> str:
    """The status of a release when nothing has changed for long."""
    release = snapshot.release
    waits = [
        f"{name} waits for {doing.waits_for}"
        for name, doing in snapshot.activity.items()
        if doing.waits_for
    ]
    ended = progress(release, snapshot.estimate.left)
    return "; ".join([f"release {release.release_id}: {release.status}, {ended}", *waits])
