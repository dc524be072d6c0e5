"""Reads the iCalendar text of a change calendar: is it open, and until when?

No clock and no I/O. The libraries are imported late: they take a third of a second, and most
platforms never read a calendar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TYPES = {"DEFAULT_OPEN": True, "DEFAULT_CLOSED": False}

# A calendar that stays as it is for longer than this has no next transition.
HORIZON = timedelta(days=366)


class UnsupportedCalendarError(ValueError):
    """The text is not that of a change calendar; the message says why."""


@dataclass(frozen=True)
class State:
    """Whether a calendar is open, and when that changes; None if that is not in sight."""

    is_open: bool
    changes_at: datetime | None


class ChangeCalendar:
    """The events of one calendar, and its state outside them."""

    def __init__(self, text: str) -> None:
        """Raises UnsupportedCalendarError."""
        calendar = _parsed(text)
        kind = str(calendar.get("X-CALENDAR-TYPE", ""))
        if kind not in TYPES:
            raise UnsupportedCalendarError(
                f"X-CALENDAR-TYPE must be one of {', '.join(TYPES)}, not {kind or 'absent'}"
            )
        self._opens_by_default = TYPES[kind]
        self._zone = _zone_of(calendar)
        self._calendar = calendar

    def state(self, at: datetime) -> State:
        """The state at this moment. Events that overlap or touch are one."""
        covered_until, next_start = at, None
        for start, end in self._events_from(at):
            if start > covered_until:
                next_start = start
                break
            covered_until = max(covered_until, end)
            if covered_until > at + HORIZON:
                return State(not self._opens_by_default, None)
        if covered_until > at:
            return State(not self._opens_by_default, covered_until)
        return State(self._opens_by_default, next_start)

    def _events_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Start and end of each event that has not ended at this moment, by their start."""
        from recurring_ical_events import of  # noqa: PLC0415 - see the module

        for event in of(self._calendar).after(at):
            start, end = self._moment(event.start), self._moment(event.end)
            if end > max(start, at):
                yield start, end

    def _moment(self, value: date) -> datetime:
        """A date is its midnight; a time without a zone is in the zone of the calendar."""
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        return value if value.tzinfo else value.replace(tzinfo=self._zone)


def state_of_all(calendars: Sequence[ChangeCalendar], at: datetime) -> State:
    """Open only if all calendars are; it changes when this answer does."""
    states = [calendar.state(at) for calendar in calendars]
    is_open, moment = all(state.is_open for state in states), at
    while moment <= at + HORIZON:
        changes = [state.changes_at for state in states if state.changes_at]
        if not changes or any(not (state.is_open or state.changes_at) for state in states):
            break  # nothing changes any more, or one calendar stays closed
        moment = min(changes)
        states = [calendar.state(moment) for calendar in calendars]
        if all(state.is_open for state in states) != is_open:
            return State(is_open, moment)
    return State(is_open, None)


def _parsed(text: str) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - see the module

    try:
        calendar = Calendar.from_ical(text)
    except ValueError as error:
        raise UnsupportedCalendarError(f"no iCalendar text: {error}") from error
    for component in calendar.walk():
        for name, reason in component.errors:
            raise UnsupportedCalendarError(f"{name} of a {component.name}: {reason}")
    for event in calendar.walk("VEVENT"):
        if "DTSTART" not in event:
            raise UnsupportedCalendarError("an event has no DTSTART")
    return calendar


def _zone_of(calendar: Any) -> tzinfo:
    name = str(calendar.get("X-WR-TIMEZONE", "")) or "UTC"
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnsupportedCalendarError(f"X-WR-TIMEZONE {name} is not a time zone") from error
