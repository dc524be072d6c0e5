"""Decides whether change calendars hold pipelines: a pure function of what they say."""

from collections.abc import Sequence
from datetime import datetime

from release_core.decide.timing import (
    CLOSED_PAUSE,
    SOONEST_OPENING,
    UNREADABLE_LOOKS,
    UNREADABLE_PAUSE,
)
from release_core.domain.calendars import CalendarState
from release_core.domain.holds import Hold, HoldKind


def hold_by_calendars(
    names: Sequence[str], state: CalendarState, now: datetime, *, looks: int = 0
) -> Hold | None:
    """Why these calendars keep a pipeline from being started now, or None if they are open.

    Its task has come for so many ``looks``.
    """
    if state.is_open:
        return None
    if state.trouble:
        until = now + (UNREADABLE_PAUSE if looks < UNREADABLE_LOOKS else CLOSED_PAUSE)
        why = f"cannot be read, which counts as closed: {state.trouble}"
    elif state.changes_at:
        # Race: our clock is ahead of that of SSM, so that the time to open has come only for us.
        until, why = max(state.changes_at, now + SOONEST_OPENING), "closed"
    else:
        until, why = now + CLOSED_PAUSE, "closed, and the calendar names no time at which it opens"
    scope = ", ".join(name.rpartition("/")[2] for name in names)
    return Hold(kind=HoldKind.CALENDAR, until=until, why=why, scope=scope)
