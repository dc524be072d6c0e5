"""The ticks of a time axis."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from release_machine.text.time_axis import part, ticks

BEGIN = datetime(2026, 11, 22, 22, 2, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (timedelta(seconds=4), ["22:02:40", "22:02:41", "22:02:42", "22:02:43", "22:02:44"]),
        (timedelta(seconds=70), ["22:02:45", "22:03:00", "22:03:15", "22:03:30", "22:03:45"]),
        (timedelta(minutes=12), ["22:04", "22:06", "22:08", "22:10", "22:12", "22:14"]),
        (timedelta(hours=3), ["22:30", "23:00", "23:30", "23 Nov", "00:30", "01:00"]),
        (timedelta(days=9), ["23 Nov", "25 Nov", "27 Nov", "29 Nov", "1 Dec"]),
    ],
)
def test_ticks_are_round(length: timedelta, labels: list[str]) -> None:
    """Ticks are at round times in UTC, and midnight has its day as label."""
    assert [tick.label for tick in ticks(BEGIN, BEGIN + length, most=6)] == labels


def test_ticks_are_in_utc() -> None:
    """Another time zone does not change the ticks, even with half an hour."""
    delhi = timezone(timedelta(hours=5, minutes=30))
    end = BEGIN + timedelta(hours=5)
    there = ticks(BEGIN.astimezone(delhi), end.astimezone(delhi), most=6)
    assert there == ticks(BEGIN, end, most=6)


@given(
    some.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC)),
    some.timedeltas(timedelta(), timedelta(days=365)),
    some.integers(2, 12),
)
def test_ticks_stay_on_the_axis(begin: datetime, length: timedelta, most: int) -> None:
    """For any length there are at most ``most`` ticks, in order, all on the axis."""
    found = [tick.at for tick in ticks(begin, begin + length, most=most)]
    assert len(found) <= most
    assert found == sorted(set(found))
    assert all(begin <= at <= begin + length for at in found)


def test_part_of_an_axis_without_length() -> None:
    """On an axis without length everything is at its begin."""
    assert part(BEGIN, BEGIN, BEGIN) == 0.0
    assert part(BEGIN + timedelta(hours=1), BEGIN, BEGIN + timedelta(minutes=1)) == 1.0
