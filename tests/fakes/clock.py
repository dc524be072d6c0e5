"""A clock that moves only when a test moves it."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """The time that a test sets; calling it returns an aware UTC datetime."""

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
        """Set the clock to an earlier or later time; raise ValueError for a time without a zone."""
        self._now = _in_utc(now)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment}")
    return moment.astimezone(UTC)
