"""How times are written."""

from datetime import timedelta

import pytest

from release_machine.text.wording import limit


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(45, "45 min"), (60, "1 h"), (90, "1 h 30 min"), (2880, "48 h"), (10_080, "7 days")],
)
def test_a_time_limit(minutes: int, text: str) -> None:
    """A limit has the units in which people think."""
    assert limit(timedelta(minutes=minutes)) == text
