"""Periods in words."""

from datetime import timedelta

import pytest

from release_machine.text.periods import in_short, in_words


@pytest.mark.parametrize(
    ("period", "words", "short"),
    [
        (timedelta(), "0 s", "0 s"),
        (timedelta(seconds=40.4), "40 s", "40 s"),
        (timedelta(seconds=59.7), "1 min", "1 min"),
        (timedelta(minutes=12), "12 min", "12 min"),
        (timedelta(minutes=59, seconds=40), "1 h", "1.0 h"),
        (timedelta(hours=2, minutes=10), "2 h 10 min", "2.2 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 min", "2.0 days"),
        (timedelta(hours=47, minutes=56), "47 h 56 min", "47.9 h"),
        (timedelta(hours=48), "2 days", "2.0 days"),
        (timedelta(days=3, hours=4, minutes=40), "3 days 5 h", "3.2 days"),
        (timedelta(days=3, hours=23, minutes=40), "4 days", "4.0 days"),
        (timedelta(days=90), "90 days", "90.0 days"),
    ],
)
def test_a_period_in_words(period: timedelta, words: str, short: str) -> None:
    """By its largest units, rounded."""
    assert in_words(period) == words
    assert in_short(period) == short
