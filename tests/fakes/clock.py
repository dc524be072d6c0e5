"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """The time as a test says it is; call it for an aware UTC datetime."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)) -> None:
        self._now = _in_utc(now)

    def __call__(self) -> datetime:
        """Return the current time, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Let time pass and return the new time; raise ValueError for a step back."""
        if by < timedelta(0):
            raise ValueError(f"time does not run backwards: {by}")
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        """Put the clock to a time, earlier or later; raise ValueError when it has no zone."""
        self._now = _in_utc(now)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment}")
    return moment.astimezone(UTC)
