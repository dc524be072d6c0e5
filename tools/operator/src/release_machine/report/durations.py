"""Durations, in formats that do not look like a time of day."""

from datetime import datetime, timedelta

from release_core.domain.release import Pipeline


def spelled(begin: datetime | None, end: datetime | None) -> str:
    """For a sentence: 12 min 43 s, 1 h 5 min; empty when begin or end is unknown."""
    if begin is None or end is None:
        return ""
    numbers = zip(_parts(end - begin), ("h", "min", "s"), strict=True)
    return " ".join(f"{number} {unit}" for number, unit in numbers if number) or "less than 1 s"


def brief(begin: datetime | None, end: datetime | None) -> str:
    """For a chart or a table: 12m 43s, 1h 05m; empty when begin or end is unknown."""
    return "" if begin is None or end is None else in_brief(end - begin)


def in_brief(period: timedelta) -> str:
    """A period with its two largest units; below a second it is <1s."""
    hours, minutes, seconds = _parts(period)
    if hours:
        return f"{hours}h\N{NO-BREAK SPACE}{minutes:02}m"
    if minutes:
        return f"{minutes}m\N{NO-BREAK SPACE}{seconds:02}s"
    return f"{seconds}s" if seconds else "<1s"


def ran(pipeline: Pipeline, at: datetime) -> tuple[datetime | None, datetime | None]:
    """When a pipeline began and ended; while it runs, until the time of the look."""
    return pipeline.started_at, pipeline.ended_at or (None if pipeline.status.ended else at)


def _parts(period: timedelta) -> tuple[int, int, int]:
    minutes, seconds = divmod(max(0, int(period.total_seconds())), 60)
    return (*divmod(minutes, 60), seconds)
