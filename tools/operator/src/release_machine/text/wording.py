"""How times, durations, statuses and ids are written in every view."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.text import Text

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


def clock_time(moment: datetime) -> str:
    """A time in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
