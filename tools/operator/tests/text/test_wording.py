"""How times are written."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread

import pytest

import release_machine
from release_machine.text.wording import (
    brief_time,
    clock_time,
    day_in_title,
    day_of,
    limit,
    minute_of_day,
    second_of_day,
    time_in_title,
    times_in,
    with_clock_times,
    zone_at,
)

SOURCES = Path(release_machine.__file__).parent
# The report and the dashboard write times for browsers, always in UTC.
FOR_BROWSERS = ("report", "dashboard")
EVENING = datetime(2026, 11, 22, 23, 5, 7, tzinfo=UTC)


@pytest.fixture(params=["Europe/Berlin", "Asia/Kolkata", "Europe/London", "America/Sao_Paulo"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of this machine."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(45, "45 min"), (60, "1 h"), (90, "1 h 30 min"), (2880, "48 h"), (10_080, "7 days")],
)
def test_a_time_limit(minutes: int, text: str) -> None:
    """A limit has the units in which people think."""
    assert limit(timedelta(minutes=minutes)) == text


def test_times_in_utc(machine_zone: str) -> None:
    """Without a choice times are in UTC, whatever the zone of the machine is."""
    assert machine_zone
    assert clock_time(EVENING) == "2026-11-22T23:05:07Z"
    assert brief_time(EVENING) == "11-22 23:05Z"
    assert (minute_of_day(EVENING), second_of_day(EVENING)) == ("23:05Z", "23:05:07Z")
    assert day_of(EVENING) == "2026-11-22"
    assert day_in_title(EVENING) == "2026-11-22 UTC"
    assert time_in_title(EVENING) == "2026-11-22 23:05:07 UTC"


def test_times_in_the_zone_of_the_machine(machine_zone: str) -> None:
    """Each time has its offset, and can be read again as the same moment."""
    wanted = {
        "Europe/Berlin": ("2026-11-23T00:05:07+01:00", "11-23 00:05+01:00", "UTC+01:00"),
        "Asia/Kolkata": ("2026-11-23T04:35:07+05:30", "11-23 04:35+05:30", "UTC+05:30"),
        "Europe/London": ("2026-11-22T23:05:07Z", "11-22 23:05Z", "UTC"),
        "America/Sao_Paulo": ("2026-11-22T20:05:07-03:00", "11-22 20:05-03:00", "UTC-03:00"),
    }
    clock, brief, zone = wanted[machine_zone]
    with times_in(None):
        assert clock_time(EVENING) == clock
        assert brief_time(EVENING) == brief
        assert day_in_title(EVENING) == f"{clock[:10]} {zone}"
        assert time_in_title(EVENING) == f"{clock[:10]} {clock[11:19]} {zone}"
        assert EVENING.astimezone(zone_at(EVENING)).isoformat()[:19] == clock[:19]
    assert datetime.fromisoformat(clock) == EVENING
    assert clock_time(EVENING) == "2026-11-22T23:05:07Z"


@pytest.mark.parametrize("machine_zone", ["Europe/Berlin"], indirect=True)
def test_the_hour_that_comes_twice(machine_zone: str) -> None:
    """When the clocks change, the offset tells which of the two hours it is."""
    assert machine_zone
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with times_in(None):
        assert minute_of_day(first) == "02:30+02:00"
        assert minute_of_day(first + timedelta(hours=1)) == "02:30+01:00"


@pytest.mark.parametrize("machine_zone", ["Europe/Berlin"], indirect=True)
def test_the_last_year(machine_zone: str) -> None:
    """A manifest may have a time for which the zone has no year: then it is in UTC."""
    assert machine_zone
    with times_in(None):
        end = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
        assert clock_time(end) == "9999-12-31T23:30:00Z"


def test_a_new_thread_begins_with_utc() -> None:
    """What one thread chooses changes no text of another."""
    texts: list[str] = []
    with times_in(None):
        other = Thread(target=lambda: texts.append(clock_time(EVENING)))
        other.start()
        other.join()
    assert texts == ["2026-11-22T23:05:07Z"]


def test_only_this_module_writes_times() -> None:
    """Another format would have no zone, or the wrong one."""
    formats = re.compile(r"strftime|%[HMSYFdm]\b|timespec=")
    writes = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if formats.search(path.read_text(encoding="utf-8"))
        and path.relative_to(SOURCES).parts[0] not in FOR_BROWSERS
    }
    # The key of an object in the bucket, and the labels below a title that has the zone.
    assert writes == {"actions/submit.py", "text/time_axis.py", "text/wording.py"}


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("frozen until 2026-11-22T23:05:07.645Z by", "frozen until 2026-11-23T04:35:07+05:30 by"),
        ("until 2026-11-22 23:05:07 UTC, freeze", "until 2026-11-23T04:35:07+05:30, freeze"),
        ("until 2026-13-40T23:05:07Z", "until 2026-13-40T23:05:07Z"),
        ("one-20261122T230507Z.json of v2026-11-22", "one-20261122T230507Z.json of v2026-11-22"),
    ],
)
def test_times_in_recorded_texts(recorded: str, told: str) -> None:
    """A reason or problem has times of UTC; on a terminal they are in the zone of all others."""
    with times_in(timezone(timedelta(hours=5, minutes=30))):
        assert with_clock_times(recorded) == told
