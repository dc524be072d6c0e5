"""Durations, in formats that do not look like a time of day.

Both formats round alike: a duration is the difference of its begin and end to the whole second, as
the page shows them. So a reader who subtracts two times gets the duration beside them.
"""

from datetime import datetime, timedelta

from release_core.domain.release import Pipeline

_DAY = timedelta(days=1)


def spelled(begin: datetime | None, end: datetime | None) -> str:
    """For a sentence that is read aloud: 12 min 43 s; empty when begin or end is unknown."""
    if begin is None or end is None:
        return ""
    numbers = zip(_parts(_between(begin, end)), ("d", "h", "min", "s"), strict=True)
    return " ".join(f"{number} {unit}" for number, unit in numbers if number) or "less than 1 s"


def brief(begin: datetime | None, end: datetime | None) -> str:
    """For everything that is shown: 12m 43s, 1h 05m 12s; empty when begin or end is unknown."""
    return "" if begin is None or end is None else in_brief(_between(begin, end))


def in_brief(period: timedelta) -> str:
    """A period to the second, from a day on to the minute; below a second it is <1s."""
    days, hours, minutes, seconds = _parts(period)
    if days:
        found = [f"{days}d", f"{hours}h", f"{minutes:02}m"]
    elif hours:
        found = [f"{hours}h", f"{minutes:02}m", f"{seconds:02}s"]
    elif minutes:
        found = [f"{minutes}m", f"{seconds:02}s"]
    else:
        found = [f"{seconds}s" if seconds else "<1s"]
    return "\N{NO-BREAK SPACE}".join(found)


def ran(pipeline: Pipeline, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When a pipeline began and ended; while it runs, until the time of the look."""
    return pipeline.started_at, pipeline.ended_at or (None if pipeline.status.ended else at)


def _between(begin: datetime, end: datetime) -> timedelta:
    return end.replace(microsecond=0) - begin.replace(microsecond=0)


def _parts(period: timedelta) -> tuple[int, int, int, int]:
    """Days, hours, minutes and seconds; from a day on without the seconds."""
    minutes, seconds = divmod(max(0, int(period.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes, 0 if period >= _DAY else seconds
