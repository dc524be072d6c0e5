"""Times as the ledger keeps them: ISO 8601, UTC, milliseconds."""

from collections.abc import Callable
from datetime import UTC, datetime

type Clock = Callable[[], datetime]


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """A moment as ``2026-11-22T10:00:00.000Z``; such texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The moment an ISO 8601 text names, in UTC; a text without a zone is UTC.

    Raises ValueError when the text is no such time, OverflowError when it is none in UTC.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def from_zoned_iso(text: str) -> datetime:
    """The moment an ISO 8601 text names together with its zone, in that zone.

    Raises ValueError, which says what is wrong, when the text is no such time or none in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("must say its time zone, as in 2026-11-22T18:00:00Z")
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is no time in UTC: its year there is not from 1 to 9999") from error
    return moment
