"""How times, durations, statuses and ids are written in every view.

Only this module turns a moment into text for people. The text has its offset from UTC, so that it
is clear also in the hour that comes twice, and can be given back as an option.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from rich.text import Text

# A time of UTC within a text, as the release machine writes it in reasons and problems.
_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,6})?(?:Z| UTC)\b")
# None is the zone of this machine.
_zone: ContextVar[tzinfo | None] = ContextVar("zone", default=UTC)

# The symbol and the style of each status.
_LOOKS = {
    "WAITING": ("·", "dim"),
    "STARTING": ("▸", "cyan"),
    "RUNNING": ("▶", "cyan"),
    "SUCCEEDED": ("✔", "green"),
    "FAILED": ("✘", "bold red"),
    "STOPPED": ("■", "yellow"),
    "SUPERSEDED": ("✘", "yellow"),
    "CANCELLED": ("■", "yellow"),
    "TIMED_OUT": ("✘", "bold red"),
    "SKIPPED": ("-", "dim"),
    "REJECTED": ("✘", "bold red"),
}


@contextmanager
def times_in(zone: tzinfo | None) -> Iterator[None]:
    """Write times in this zone; None is the zone of this machine. Without this it is UTC.

    A new thread begins with UTC.
    """
    before = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(before)


def clock_time(moment: datetime) -> str:
    """Day and time to the second: 2026-11-22T10:00:00Z, or 2026-11-22T11:00:00+01:00."""
    return f"{_shown(moment):%Y-%m-%dT%H:%M:%S}{_offset(moment)}"


def with_clock_times(text: str) -> str:
    """The text with each time of UTC in it written as ``clock_time``."""
    return _TIME.sub(_clock_time_of, text)


def _clock_time_of(found: re.Match[str]) -> str:
    try:
        return clock_time(datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00"))
    except ValueError:  # there is no such day or hour: it is not a time
        return found[0]


def brief_time(moment: datetime) -> str:
    """Day and time without year and seconds: 11-22 10:00Z, or 11-22 11:00+01:00."""
    return f"{_shown(moment):%m-%d %H:%M}{_offset(moment)}"


def log_time(moment: datetime) -> str:
    """Day and time without the year, to the millisecond: 11-22 10:00:00.250Z."""
    shown = _shown(moment)
    return f"{shown:%m-%d %H:%M:%S}.{shown.microsecond // 1000:03}{_offset(moment)}"


def second_of_day(moment: datetime) -> str:
    """The time of day to the second: 10:00:00Z, or 11:00:00+01:00."""
    return f"{bare_second(moment)}{_offset(moment)}"


def minute_of_day(moment: datetime) -> str:
    """The time of day to the minute: 10:00Z, or 11:00+01:00."""
    return f"{_shown(moment):%H:%M}{_offset(moment)}"


def bare_second(moment: datetime) -> str:
    """The time of day to the second, below a title that has its zone: 10:00:00."""
    return f"{_shown(moment):%H:%M:%S}"


def day_of(moment: datetime) -> str:
    """The day: 2026-11-22."""
    return f"{_shown(moment):%Y-%m-%d}"


def day_in_title(moment: datetime) -> str:
    """The day for a title above times of day: 2026-11-22 UTC, or 2026-11-22 UTC+01:00."""
    return f"{day_of(moment)} {_zone_in_title(moment)}"


def time_in_title(moment: datetime) -> str:
    """Day and time for a title above times of day: 2026-11-22 11:00:00 UTC+01:00."""
    return f"{day_of(moment)} {bare_second(moment)} {_zone_in_title(moment)}"


def zone_at(moment: datetime) -> timezone:
    """The offset at that moment of the zone in which times are written."""
    return timezone(_shown(moment).utcoffset() or timedelta())


def _zone_in_title(moment: datetime) -> str:
    offset = _offset(moment)
    return "UTC" if offset == "Z" else f"UTC{offset}"


def _offset(moment: datetime) -> str:
    offset = _shown(moment).isoformat(timespec="seconds")[19:]
    return "Z" if offset == "+00:00" else offset


def _shown(moment: datetime) -> datetime:
    try:
        return moment.astimezone(_zone.get())
    except OverflowError:
        # That zone has no such year; a manifest may have any time of UTC.
        return moment.astimezone(UTC)


def duration(begin: datetime | None, end: datetime | None) -> str:
    """A duration as 0:07, 12:30 or 1:02:03; empty when begin or end is unknown."""
    if begin is None or end is None:
        return ""
    return lasting(end - begin)


def lasting(period: timedelta) -> str:
    """A period as a duration; a negative period is 0:00."""
    seconds = max(0, int(period.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def roughly(period: timedelta) -> str:
    """An estimate, rounded: about 40 s, about 12 min, about 1 h 20 min."""
    seconds = round(period.total_seconds())
    if seconds < 60:
        return f"about {max(1, seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if minutes and hours < 10 else f"about {hours} h"


def limit(period: timedelta) -> str:
    """A time limit: 45 min, 1 h 30 min, 48 h, 7 days."""
    hours, minutes = divmod(int(period.total_seconds() // 60), 60)
    if minutes:
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"{hours} h" if hours % 24 or hours <= 48 else f"{hours // 24} days"


def left(remaining: timedelta, *, written: Callable[[timedelta], str] = lasting) -> str:
    """How much of a time limit is left."""
    if remaining <= timedelta():
        return "no time left"
    if remaining.days > 1:
        return f"{remaining.days} days left"
    return f"{written(remaining)} left"


def look(status: str) -> tuple[str, str]:
    """The symbol and the style of a status."""
    return _LOOKS.get(status, ("?", ""))


def colored_status(status: str) -> Text:
    """A status with its symbol, in its colour."""
    symbol, style = look(status)
    return Text(f"{symbol} {status}", style=style)


def short(execution_id: str | None) -> str:
    """The first part of an execution id, enough to recognise it."""
    return execution_id.split("-")[0][:8] if execution_id else ""
