"""The ticks of a time axis and their labels, with one offset from UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(1, 2, 5, 10, 15, 30),
        *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
        *(3600 * hours for hours in (1, 2, 3, 6, 12)),
        *(86_400 * days for days in (1, 2, 7, 14, 28, 91, 182, 364)),
    )
)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A round time and its label."""

    at: datetime
    label: str


def ticks(begin: datetime, end: datetime, *, most: int, zone: tzinfo = UTC) -> tuple[Tick, ...]:
    """At most ``most`` times from begin to end that are round in a zone of a fixed offset."""
    begin, end = begin.astimezone(zone), end.astimezone(zone)
    epoch = datetime(1970, 1, 1, tzinfo=zone)
    for step in _STEPS:
        first = epoch - ((epoch - begin) // step) * step
        count = (end - first) // step + 1
        if count <= most:
            return tuple(_tick(first + number * step, step) for number in range(count))
    return ()


def part(moment: datetime, begin: datetime, end: datetime) -> float:
    """The position of a moment on the axis, from 0 at its begin to 1 at its end."""
    length = (end - begin).total_seconds()
    return min(1.0, max(0.0, (moment - begin).total_seconds() / length)) if length > 0 else 0.0


def _tick(at: datetime, step: timedelta) -> Tick:
    if step >= _DAY or at == at.replace(hour=0, minute=0, second=0):
        return Tick(at, f"{at.day} {at:%b}")
    return Tick(at, f"{at:%H:%M:%S}" if step < _MINUTE else f"{at:%H:%M}")
