"""Periods of minutes to months in words, for metrics."""

from datetime import timedelta

_DAYS = 2  # from here on, hours alone say little


def in_words(period: timedelta) -> str:
    """A period by its two largest units: 40 s, 12 min, 2 h 10 min, 3 days 4 h."""
    seconds = round(period.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24 * _DAYS:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours + (minutes >= 30), 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def in_short(period: timedelta) -> str:
    """A period by its largest unit: 40 s, 12 min, 2.2 h, 3.2 days."""
    # Rounded first: 47.96 h are 2.0 days, and not 48.0 h.
    if round(period / timedelta(minutes=1)) < 60:
        return in_words(period)
    hours = period / timedelta(hours=1)
    if round(hours, 1) < 24 * _DAYS:
        return f"{hours:.1f} h"
    return f"{hours / 24:.1f} days"
