"""When a deployment window opens, from the cron expression and time zone of its rule.

The fields are seconds, minutes, hours, day of month, month, day of week (1 is Sunday) and, if
given, year, as Quartz reads them. Source: the CodePipeline user guide, "DeploymentWindow". What the
guide leaves open has no time here: other seconds than ``*`` and ``0``, an offset such as ``L-3``,
and abbreviations of time zones other than UTC.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_YEAR = 2199
_EVERY_MONTH_HAS = 28  # days
_SATURDAY, _SUNDAY = 7, 1

_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")
_NEAREST = re.compile(r"(\d+)W")
_LAST_OF_MONTH = re.compile(r"(\w+)L")
_NTH_OF_MONTH = re.compile(r"(\w+)#([1-5])")
_OFFSET = re.compile(r"UTC(?:([+-])(\d\d):(\d\d))?")


def next_opening(cron: str, time_zone: str, *, now: datetime) -> datetime | None:
    """The next minute in UTC in which the window is open; it may be the minute of ``now``.

    None if the window never opens again, or if the expression or the time zone cannot be read.
    """
    try:
        zone, window = _zone(time_zone), _read(cron)
    except (ValueError, LookupError, OSError):
        return None
    begin = now.astimezone(UTC).replace(second=0, microsecond=0)
    for day in window.days(begin.astimezone(zone).date()):
        coming = [minute for minute in window.minutes_of(day, zone) if minute >= begin]
        if coming:
            return min(coming)
    return None


@dataclass(frozen=True, kw_only=True)
class _Window:
    """The numbers that each field allows; a field of days that says ``?`` is None."""

    minutes: AbstractSet[int]
    hours: AbstractSet[int]
    day_of_month: str | None
    months: AbstractSet[int]
    day_of_week: str | None
    years: AbstractSet[int]

    def days(self, first: date) -> Iterator[date]:
        """The days on which the window opens, from this day on."""
        for year in range(first.year, _LAST_YEAR + 1):
            for month in sorted(self.months) if year in self.years else ():
                for day in sorted(self.days_of(year, month)):
                    if date(year, month, day) >= first:
                        yield date(year, month, day)

    def days_of(self, year: int, month: int) -> AbstractSet[int]:
        """The days of a month on which the window opens."""
        if self.day_of_month is not None:
            return _days_by_number(self.day_of_month, year, month)
        return _days_by_weekday(self.day_of_week or "", year, month)

    def minutes_of(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """The minutes in UTC in which the window is open on a day of its zone."""
        for hour in self.hours:
            for minute in self.minutes:
                # Where a clock is set back there are two such minutes, where it is set on, none.
                for fold in (0, 1):
                    local = datetime.combine(day, time(hour, minute, fold=fold), zone)
                    at = local.astimezone(UTC)
                    if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                        yield at


def _read(cron: str) -> _Window:
    """Read an expression; raises ValueError when it is unknown what AWS makes of it."""
    seconds, minutes, hours, by_number, months, by_weekday, *years = cron.upper().split()
    if seconds not in {"*", "0"} or len(years) > 1 or (by_number == "?") == (by_weekday == "?"):
        raise ValueError(cron)
    window = _Window(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        day_of_month=None if by_number == "?" else by_number,
        months=_numbers(months, 1, 12, names=_MONTHS),
        day_of_week=None if by_weekday == "?" else by_weekday,
        years=_numbers(years[0] if years else "*", 1970, _LAST_YEAR),
    )
    window.days_of(1970, 1)  # raises ValueError for a field of days that cannot be read
    return window


def _days_by_number(field: str, year: int, month: int) -> AbstractSet[int]:
    last = calendar.monthrange(year, month)[1]
    if field == "L":
        return {last}
    if field == "LW":
        return {_nearest_weekday(last, year, month)}
    if nearest := _NEAREST.fullmatch(field):
        return {_nearest_weekday(_number(nearest[1], 1, _EVERY_MONTH_HAS), year, month)}
    return {day for day in _numbers(field, 1, 31) if day <= last}


def _nearest_weekday(day: int, year: int, month: int) -> int:
    """The day itself, or the nearest day from Monday to Friday in the same month."""
    weekday = _weekday(day, year, month)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < calendar.monthrange(year, month)[1] else day - 2
    return day


def _days_by_weekday(field: str, year: int, month: int) -> AbstractSet[int]:
    nth = _NTH_OF_MONTH.fullmatch(field)
    last = _LAST_OF_MONTH.fullmatch(field)
    one = nth or last
    if one:
        wanted: AbstractSet[int] = {_number(one[1], 1, 7, names=_WEEKDAYS)}
    else:
        wanted = {_SATURDAY} if field == "L" else _numbers(field, 1, 7, names=_WEEKDAYS)
    days = range(1, calendar.monthrange(year, month)[1] + 1)
    matching = [day for day in days if _weekday(day, year, month) in wanted]
    if nth:
        count = int(nth[2])
        return set(matching[count - 1 : count])
    return {matching[-1]} if last else set(matching)


def _weekday(day: int, year: int, month: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _numbers(
    field: str, lowest: int, highest: int, *, names: Sequence[str] = ()
) -> AbstractSet[int]:
    """The numbers of a field: a list of numbers, ranges and increments."""
    found: set[int] = set()
    for text in field.split(","):
        part = _PART.fullmatch(text)
        if part is None or (part[1] == "*" and part[2]):
            raise ValueError(field)
        begin = lowest if part[1] == "*" else _number(part[1], lowest, highest, names=names)
        if part[2]:
            end = _number(part[2], lowest, highest, names=names)
        else:
            end = highest if part[1] == "*" or part[3] else begin
        # A range such as 22-2 goes on from the lowest number.
        count = (end - begin) % (highest - lowest + 1) + 1
        for number in range(begin, begin + count, int(part[3] or 1)):
            found.add((number - lowest) % (highest - lowest + 1) + lowest)
    return found


def _number(text: str, lowest: int, highest: int, *, names: Sequence[str] = ()) -> int:
    number = names.index(text) + lowest if text in names else int(text)
    if not lowest <= number <= highest:
        raise ValueError(text)
    return number


def _zone(name: str) -> tzinfo:
    """The zone of a name; raises an error for abbreviations, which may mean several zones."""
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset[1] or "+", int(offset[2] or 0), int(offset[3] or 0)
        return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1))
    if "/" not in name:
        raise ValueError(name)
    return ZoneInfo(name)
