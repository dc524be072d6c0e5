"""Times as people write them: a duration back from now, a day, or a time with its zone."""

import re
from datetime import UTC, date, datetime, time, timedelta

from release_core.clock import from_zoned_iso
from release_machine.errors import UsageError

_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?")
TIME_OR_AGO = "7d, 12h, 2026-11-22, or 2026-11-22T18:00:00Z."
# Ten years: the longest that CloudWatch keeps a log. Executions are known for one year.
_LONGEST_AGO = timedelta(days=3653)


def read_moment(name: str, text: str, now: datetime) -> datetime:
    """The time that a text means: so long ago, the beginning of a day in UTC, or a time.

    ``name`` is what the person calls it: an option, or the field of a form.

    Raises UsageError when it is none of these.
    """
    duration = _DURATION.fullmatch(text)
    try:
        if text and duration:
            days, hours, minutes = (int(part or 0) for part in duration.groups())
            return now - timedelta(days=days, hours=hours, minutes=minutes)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
        return from_zoned_iso(text)
    except (ValueError, OverflowError) as error:
        problem = str(error) if text and "T" in text else "is neither a time nor a duration"
        raise UsageError(
            f"{name} {text or 'without a value'} {problem}.",
            f"Write how long ago, a day in UTC, or a time with its zone: {TIME_OR_AGO}",
        ) from error


def refuse_too_early(option: str, text: str, ago: timedelta) -> None:
    """Raise UsageError for the begin of a span that is so long ``ago`` that nothing is known."""
    if ago > _LONGEST_AGO:
        raise UsageError(
            f"{option} {text} is more than {_LONGEST_AGO.days} days ago.",
            f"Use a later time, such as {option} 365d.",
        )
