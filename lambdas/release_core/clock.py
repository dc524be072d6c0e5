"""Times as the ledger keeps them: ISO 8601 in UTC, to the millisecond."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

ZONED_TIME = "a time with its zone, such as 2026-11-22T18:00:00Z"


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """The time as ``2026-11-22T10:00:00.000Z``; these texts sort in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The time in an ISO 8601 text, in UTC; a text without a time zone is read as UTC.

    Raises ValueError when the text is not a time, OverflowError when UTC has no such year.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def from_zoned_iso(text: str) -> datetime:
    """The time in an ISO 8601 text that has a time zone, in that zone.

    Raises ValueError, with a message for users, when the text is not a time, has no time zone, or
    when UTC has no such year.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"must be {ZONED_TIME}") from error
    if moment.tzinfo is None:
        raise ValueError("must have a time zone, such as the Z in 2026-11-22T18:00:00Z")
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be in the years 1 to 9999 in UTC") from error
    return moment
