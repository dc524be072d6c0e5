"""Announces each change of a calendar's state: at its time, or when its text was changed."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from localstack_change_calendar.calendar_text import State


class Calendar(NamedTuple):
    """Where a calendar is: account, Region, and the name of its document."""

    account: str
    region: str
    name: str


class Timer(Protocol):
    """What a timer can do once it runs."""

    def cancel(self) -> None:
        """End it before its time."""


class Watcher:
    """Knows the last state of each calendar that exists; thread-safe.

    ``state_of`` returns a calendar's state, or None if it cannot be read. ``announce`` sends an
    event. ``call_later`` calls after some seconds.
    """

    def __init__(
        self,
        *,
        state_of: Callable[[Calendar, datetime], State | None],
        announce: Callable[[Calendar, State, datetime], None],
        clock: Callable[[], datetime],
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._state_of, self._announce = state_of, announce
        self._clock, self._call_later = clock, call_later
        self._lock = threading.Lock()
        self._open: dict[Calendar, bool] = {}
        self._timers: dict[Calendar, Timer] = {}

    def look(self, calendar: Calendar) -> None:
        """Look at the calendar now, and again when its state changes next."""
        with self._lock:
            now = self._clock()
            state = self._state_of(calendar, now)
            if timer := self._timers.pop(calendar, None):
                timer.cancel()
            before = self._open.pop(calendar, None)
            if state is None:
                return
            self._open[calendar] = state.is_open
            if state.changes_at:
                seconds = max(0.0, (state.changes_at - now).total_seconds())
                self._timers[calendar] = self._call_later(seconds, lambda: self.look(calendar))
        if before not in {None, state.is_open}:
            self._announce(calendar, state, now)

    def stop(self) -> None:
        """Look at no calendar any more."""
        with self._lock:
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
