"""Times that options name."""

from datetime import UTC, datetime, timedelta

import pytest

from release_machine.errors import UsageError
from release_machine.text.moments import read_moment

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("1d12h", NOW - timedelta(hours=36)),
        ("90m", NOW - timedelta(minutes=90)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T12:00:00+02:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_time(text: str, expected: datetime) -> None:
    """A duration is counted back from now, and a day begins at midnight in UTC."""
    assert read_moment("--since", text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "--since without a value is neither a time nor a duration"),
        ("soon", "--since soon is neither a time nor a duration"),
        ("2026-13-01", "--since 2026-13-01 is neither a time nor a duration"),
        ("9999d99999h", "--since 9999d99999h"),
        ("2026-11-01T12:00", "--since 2026-11-01T12:00 must have a time zone"),
        ("2026-11-01T99:00Z", "--since 2026-11-01T99:00Z must be a time with its zone"),
    ],
)
def test_no_time(text: str, says: str) -> None:
    """The message says what is wrong and what can be written."""
    at = datetime(20, 1, 1, tzinfo=UTC) if text.startswith("9999d") else NOW
    with pytest.raises(UsageError) as refused:
        read_moment("--since", text, at)
    assert refused.value.problem.startswith(says)
    assert "7d, 12h, 2026-11-22, or 2026-11-22T18:00:00Z" in refused.value.next_step
