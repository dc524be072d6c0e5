"""What the change calendars of a deployment say."""

from datetime import datetime

from release_core.immutable import Immutable


class CalendarState(Immutable):
    """Whether all change calendars are open.

    ``changes_at`` is when that changes, if it is known. ``trouble`` says why the calendars cannot
    be read; they count as closed then. With ``throttled`` it says only that they were asked too
    often, which passes within seconds.
    """

    is_open: bool
    changes_at: datetime | None = None
    trouble: str | None = None
    throttled: bool = False
