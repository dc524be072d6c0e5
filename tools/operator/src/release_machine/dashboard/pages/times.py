"""Times on the dashboard: in UTC, until the script writes those of class ``at`` in local time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from release_machine.report.markup import Markup, element

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_UNITS = ((_DAY, "day"), (_HOUR, "h"), (_MINUTE, "min"))


def clock(at: datetime | None) -> Markup | None:
    """The time of day, to the second."""
    return None if at is None else _time(at, f"{at.astimezone(UTC):%H:%M:%S}", "at clock")


def moment(at: datetime | None) -> Markup | None:
    """The day and the time, to the minute."""
    if at is None:
        return None
    here = at.astimezone(UTC)
    return _time(at, f"{here.day} {here:%b}, {here:%H:%M}", "at")


def ago(at: datetime | None, now: datetime) -> Markup | None:
    """How long ago it was, in its largest unit."""
    return None if at is None else _time(at, f"{age(now - at)} ago", "age")


def until(at: datetime | None, now: datetime) -> Markup | None:
    """How long it is until then, in its largest unit."""
    return None if at is None else _time(at, f"in {age(at - now)}", "age")


def age(period: timedelta) -> str:
    """A period in its largest unit, rounded down: 3 days, 5 h, 12 min, under a minute."""
    for unit, name in _UNITS:
        if count := period // unit if period >= unit else 0:
            plural = "s" if name == "day" and count > 1 else ""
            return f"{count}\N{NO-BREAK SPACE}{name}{plural}"
    return "under a minute"


def _time(at: datetime, text: str, kind: str) -> Markup:
    here = at.astimezone(UTC)
    return element(
        "time",
        text,
        datetime=f"{here:%Y-%m-%dT%H:%M:%SZ}",
        title=f"{here:%Y-%m-%d %H:%M:%S} UTC",
        class_=kind,
    )
