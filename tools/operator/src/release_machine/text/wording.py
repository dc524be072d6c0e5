"""How times, durations and ids are written, the same in every view."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.text import Text

SYMBOLS = {
    "WAITING": "·",
    "STARTING": "▸",
    "RUNNING": "▶",
    "SUCCEEDED": "✔",
    "FAILED": "✘",
    "STOPPED": "■",
    "SUPERSEDED": "✘",
    "CANCELLED": "■",
    "TIMED_OUT": "✘",
    "SKIPPED": "-",
    "REJECTED": "✘",
}
STYLES = {
    "WAITING": "dim",
    "STARTING": "cyan",
    "RUNNING": "cyan",
    "SUCCEEDED": "green",
    "FAILED": "bold red",
    "STOPPED": "yellow",
    "SUPERSEDED": "yellow",
    "CANCELLED": "yellow",
    "TIMED_OUT": "bold red",
    "SKIPPED": "dim",
    "REJECTED": "bold red",
}


def clock_time(moment: datetime) -> str:
    """Write a time in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(begin: datetime | None, end: datetime | None) -> str:
    """Write how long it took: 0:07, 12:30, 1:02:03; nothing when an end is unknown."""
    if begin is None or end is None:
        return ""
    return lasting(end - begin)


def lasting(period: timedelta) -> str:
    """Write a period as a duration; one below zero is none."""
    seconds = max(0, int(period.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def roughly(period: timedelta) -> str:
    """Write an estimate no more exactly than it deserves: about 40 s, 12 min, 1 h 20 min."""
    seconds = round(period.total_seconds())
    if seconds < 60:
        return f"about {max(1, seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if minutes and hours < 10 else f"about {hours} h"


def left(remaining: timedelta, *, written: Callable[[timedelta], str] = lasting) -> str:
    """Write how much of a limit is left."""
    if remaining <= timedelta():
        return "its time is up"
    if remaining.days > 1:
        return f"{remaining.days} days left"
    return f"{written(remaining)} left"


def colored_status(status: str) -> Text:
    """Write a status with its sign, in its colour."""
    return Text(f"{SYMBOLS.get(status, '?')} {status}", style=STYLES.get(status, ""))


def short(execution_id: str | None) -> str:
    """Write the first part of an execution id, enough to read_request it."""
    return execution_id.split("-")[0][:8] if execution_id else ""
