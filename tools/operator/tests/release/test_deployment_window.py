"""When deployment windows open, from cron expressions as the CodePipeline user guide has them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_core.clock import from_iso
from release_machine.release.deployment_window import next_opening

MONDAY_EVENING = datetime(2026, 11, 30, 21, 50, 30, tzinfo=UTC)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@pytest.mark.parametrize(
    ("cron", "zone", "opens"),
    [
        ("* * 9-17 ? * MON-FRI *", "UTC", "2026-12-01T09:00Z"),
        ("0 0 9-17 ? * mon-fri *", "Europe/Berlin", "2026-12-01T08:00Z"),
        ("* * 9-17 ? * 1,7", "America/New_York", "2026-12-05T14:00Z"),
        ("* 30 22 ? * 2", "UTC+05:30", "2026-12-07T17:00Z"),
        ("* 0 22 * * ?", "UTC-03:00", "2026-12-01T01:00Z"),
        ("* * 22-2 ? * *", "UTC", "2026-11-30T22:00Z"),
        ("* */15 * * * ?", "UTC", "2026-11-30T22:00Z"),
        ("* 5/20 * * * ?", "UTC", "2026-11-30T22:05Z"),
        ("* 0 0 */10 NOV-DEC ?", "UTC", "2026-12-01T00:00Z"),
        ("* 0 3 31 * ?", "UTC", "2026-12-31T03:00Z"),
        ("* 0 3 29 2 ?", "UTC", "2028-02-29T03:00Z"),
        ("* 0 3 1 1 ? 2099", "UTC", "2099-01-01T03:00Z"),
        ("* 0 3 L 2 ?", "UTC", "2027-02-28T03:00Z"),
        ("* 0 3 LW 1 ?", "UTC", "2027-01-29T03:00Z"),  # the 31st is a Sunday
        ("* 0 3 15W 12 ?", "UTC", "2026-12-15T03:00Z"),  # a Tuesday
        ("* 0 3 15W 5 ?", "UTC", "2027-05-14T03:00Z"),  # the 15th is a Saturday
        ("* 0 3 15W 8 ?", "UTC", "2027-08-16T03:00Z"),  # the 15th is a Sunday
        ("* 0 3 1W 5 ?", "UTC", "2027-05-03T03:00Z"),  # the 1st is a Saturday
        ("* 0 3 ? * L", "UTC", "2026-12-05T03:00Z"),
        ("* 0 3 ? * 6L", "UTC", "2026-12-25T03:00Z"),
        ("* 0 3 ? * FRI#3", "UTC", "2026-12-18T03:00Z"),
        ("* 0 3 ? * 6#5", "UTC", "2027-01-29T03:00Z"),  # December has four Fridays
    ],
)
def test_the_next_opening(cron: str, zone: str, opens: str) -> None:
    """Each field, in its documented ways, in the time zone of the rule."""
    assert next_opening(cron, zone, now=MONDAY_EVENING) == from_iso(opens)


def test_an_open_window() -> None:
    """The minute that has begun counts."""
    opening = next_opening("* * 20-22 ? * MON", "UTC", now=MONDAY_EVENING)
    assert opening == MONDAY_EVENING.replace(second=0)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2027-03-27T12:00Z", "2027-03-29T00:30Z"),  # 02:30 of the 28th does not exist
        ("2027-10-31T00:10Z", "2027-10-31T00:30Z"),
        ("2027-10-31T00:31Z", "2027-10-31T01:30Z"),  # the same hour once more
    ],
)
def test_the_clock_changes(now: str, opens: str) -> None:
    """A window opens when a clock in its time zone shows it: not at all, or twice."""
    found = next_opening("* 30 2 * * ?", "Europe/Berlin", now=from_iso(now))
    assert found == from_iso(opens)


@pytest.mark.parametrize("cron", ["* 0 3 30 2 ?", "* 0 3 * * ? 2020-2025"])
def test_a_window_that_never_opens(cron: str) -> None:
    """There is no time if the window does not open again."""
    assert next_opening(cron, "UTC", now=MONDAY_EVENING) is None


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* 9-17 ? * MON-FRI",
        "* * 9-17 ? * MON-FRI * *",
        "* * 9-17 * * MON-FRI",  # a day of the month and a day of the week
        "* * 9-17 ? * ?",
        "30 * 9-17 ? * MON",
        "* 60 9 ? * MON",
        "* */0 9 ? * MON",
        "* *-5 9 ? * MON",
        "* 0 3 L-3 * ?",  # the third last day, or three days before the last day?
        "* 0 3 31W * ?",
        "* 0 3 1,15W * ?",
        "* 0 3 ? * 0",
        "* 0 3 ? * 6#6",
        "* 0 3 ? * MON,6L",
        "* 0 3 ? JANUARY MON",
        "#{variables.Window}",
    ],
)
def test_an_expression_that_cannot_be_read(cron: str) -> None:
    """There is no time, and never a wrong one, for what the user guide does not define."""
    assert next_opening(cron, "UTC", now=MONDAY_EVENING) is None


@pytest.mark.parametrize(
    "zone",
    ["PST", "EST", "CST", "UTC+5", "UTC+99:00", "Mars/Base", "/etc/localtime", "America/", ""],
)
def test_a_time_zone_that_cannot_be_read(zone: str) -> None:
    """An abbreviation may mean several zones, so there is no time for it."""
    assert next_opening("* * 9-17 ? * *", zone, now=MONDAY_EVENING) is None


@settings(max_examples=40)
@given(
    now=st.datetimes(
        min_value=datetime(2026, 1, 1), max_value=datetime(2029, 1, 1), timezones=st.just(UTC)
    ),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=3),
    days=st.sets(st.integers(1, 7), min_size=1),
    named=st.booleans(),
)
def test_the_clock_on_the_wall(
    *, now: datetime, zone: str, minutes: set[int], hours: set[int], days: set[int], named: bool
) -> None:
    """The opening is the first minute in which a clock of the zone shows what the fields allow."""
    shown = [WEEKDAYS[day - 1] if named else str(day) for day in days]
    fields = [",".join(map(str, minutes)), ",".join(map(str, hours)), ",".join(shown)]
    opening = next_opening("* {} {} ? * {}".format(*fields), zone, now=now)
    wall = ZoneInfo(zone)
    minute = now.replace(second=0, microsecond=0)
    while True:
        local = minute.astimezone(wall)
        weekday = WEEKDAYS.index(f"{local:%a}".upper()) + 1
        if local.minute in minutes and local.hour in hours and weekday in days:
            break
        minute += timedelta(minutes=1)
    assert opening == minute
