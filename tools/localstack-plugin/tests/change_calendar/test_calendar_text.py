"""The state of a change calendar, from its iCalendar text."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendars import BERLIN_ZONE, calendar_text
from localstack_change_calendar.calendar_text import (
    ChangeCalendar,
    State,
    UnsupportedCalendarError,
    state_of_all,
)

NOON = datetime(2026, 12, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def state(*events: str, kind: str = "DEFAULT_OPEN", at: datetime = NOON, **more: Any) -> State:
    """The state of a calendar with these events."""
    return ChangeCalendar(calendar_text(*events, kind=kind, **more)).state(at)


@pytest.mark.parametrize(("kind", "is_open"), [("DEFAULT_OPEN", True), ("DEFAULT_CLOSED", False)])
def test_a_calendar_without_events_stays_as_it_is(kind: str, is_open: bool) -> None:
    """It is in its default state, and no change is in sight."""
    assert state(kind=kind) == State(is_open, None)


@pytest.mark.parametrize(("kind", "inside"), [("DEFAULT_OPEN", False), ("DEFAULT_CLOSED", True)])
def test_an_event_turns_the_state_until_its_end(kind: str, inside: bool) -> None:
    """The start of an event belongs to it, and its end does not."""
    event = "DTSTART:20261223T120000Z\nDTEND:20261223T130000Z"
    assert state(event, kind=kind, at=NOON - HOUR) == State(not inside, NOON)
    assert state(event, kind=kind, at=NOON) == State(inside, NOON + HOUR)
    assert state(event, kind=kind, at=NOON + HOUR) == State(not inside, None)


def test_events_that_overlap_or_touch_are_one() -> None:
    """The state changes only when the last of them has ended."""
    events = (
        "DTSTART:20261223T113000Z\nDTEND:20261223T123000Z",
        "DTSTART:20261223T121500Z\nDURATION:PT45M",
        "DTSTART:20261223T130000Z\nDTEND:20261223T140000Z",
        "DTSTART:20261223T150000Z\nDTEND:20261223T160000Z",
    )
    assert state(*events) == State(False, NOON + 2 * HOUR)


def test_an_event_without_length_changes_nothing() -> None:
    """Its start is no transition."""
    assert state("DTSTART:20261223T130000Z\nDTEND:20261223T130000Z") == State(True, None)


@pytest.mark.parametrize(
    ("rules", "day", "closed"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=FR", 18, True),
        ("RRULE:FREQ=WEEKLY;BYDAY=FR", 25, True),
        ("RRULE:FREQ=WEEKLY;BYDAY=FR", 26, False),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261220T000000Z", 25, False),
        ("RRULE:FREQ=WEEKLY;COUNT=1", 18, False),
        ("RRULE:FREQ=WEEKLY\nEXDATE:20261218T090000Z", 18, False),
        ("RRULE:FREQ=WEEKLY\nEXDATE:20261218T090000Z", 25, True),
        ("RDATE:20261220T090000Z", 20, True),
    ],
)
def test_recurring_events(rules: str, day: int, closed: bool) -> None:
    """An event recurs by its rule, with its exceptions and further dates."""
    event = f"DTSTART:20261211T090000Z\nDTEND:20261211T100000Z\n{rules}"
    at = datetime(2026, 12, day, 9, 30, tzinfo=UTC)
    assert state(event, at=at).is_open is not closed


def test_one_occurrence_may_be_moved() -> None:
    """An event with a RECURRENCE-ID replaces that occurrence."""
    series = "UID:series\nDTSTART:20261223T090000Z\nDTEND:20261223T100000Z\nRRULE:FREQ=DAILY"
    moved = (
        "UID:series\nRECURRENCE-ID:20261224T090000Z\n"
        "DTSTART:20261224T150000Z\nDTEND:20261224T160000Z"
    )
    assert state(series, moved).changes_at == datetime(2026, 12, 24, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "more", "hour"),
    [
        ("DTSTART;TZID=America/New_York:20261223T170000", {}, 22),
        ("DTSTART;TZID=Office:20261223T170000", {"zones": BERLIN_ZONE}, 16),
        ("DTSTART:20261223T170000", {}, 17),
        ("DTSTART:20261223T170000", {"zone": "Europe/Berlin"}, 16),
    ],
)
def test_times_are_in_their_zones(start: str, more: dict[str, Any], hour: int) -> None:
    """A zone is an IANA name or a VTIMEZONE; else it is the calendar's, or UTC."""
    changes_at = state(f"{start}\nDURATION:PT1H", **more).changes_at
    assert changes_at == datetime(2026, 12, 23, hour, tzinfo=UTC)


@pytest.mark.parametrize(("month", "day", "utc_hour"), [(3, 28, 21), (3, 29, 20)])
def test_a_recurring_event_keeps_its_local_time(month: int, day: int, utc_hour: int) -> None:
    """22:00 in Berlin is another time of UTC once summer time has begun."""
    event = "DTSTART;TZID=Europe/Berlin:20260301T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    at = datetime(2026, month, day, 12, tzinfo=UTC)
    changes_at = datetime(2026, month, day, utc_hour, tzinfo=UTC)
    assert state(event, at=at) == State(True, changes_at)


def test_an_event_of_days_begins_and_ends_at_midnight() -> None:
    """Midnight is that of the calendar's zone; without an end the event lasts a day."""
    berlin = datetime(2026, 12, 23, 23, tzinfo=UTC)
    event = "DTSTART;VALUE=DATE:20261224"
    assert state(event, zone="Europe/Berlin") == State(True, berlin)
    assert state(event, zone="Europe/Berlin", at=berlin) == State(False, berlin + 24 * HOUR)
    assert state(event) == State(True, berlin + HOUR)


def test_a_calendar_that_is_always_closed_has_no_transition() -> None:
    """Events that touch for ever are not followed for ever."""
    event = "DTSTART:20261201T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY"
    assert state(event) == State(False, None)


def test_several_calendars_are_open_only_together() -> None:
    """The answer is that of all, and so is the time of its change."""
    noon = ChangeCalendar(calendar_text("DTSTART:20261223T120000Z\nDURATION:PT2H"))
    later = ChangeCalendar(calendar_text("DTSTART:20261223T133000Z\nDURATION:PT2H"))
    opening = calendar_text("DTSTART:20261223T110000Z\nDURATION:PT12H", kind="DEFAULT_CLOSED")
    calendars = [noon, later, ChangeCalendar(opening)]
    assert state_of_all(calendars, NOON - 2 * HOUR) == State(False, NOON - HOUR)
    assert state_of_all(calendars, NOON - HOUR) == State(True, NOON)
    assert state_of_all(calendars, NOON) == State(False, NOON + 3.5 * HOUR)
    assert state_of_all(calendars, NOON + 4 * HOUR) == State(True, NOON + 11 * HOUR)
    assert state_of_all(calendars, NOON + 11 * HOUR) == State(False, None)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        '{"schemaVersion": "1.0"}',
        "BEGIN:VCALENDAR\nEND:VCALENDAR",
        calendar_text(kind="OPEN"),
        calendar_text("SUMMARY:no start"),
        calendar_text("DTSTART:2026"),
        calendar_text("DTSTART:20261223T170000Z\nRRULE:FREQ=NEVER"),
        calendar_text("DTSTART:20261223T170000Z", zone="Mars/Base"),
    ],
)
def test_other_text_is_not_supported(text: str) -> None:
    """What is no calendar, or has an event that cannot be read, has no state."""
    with pytest.raises(UnsupportedCalendarError):
        ChangeCalendar(text)
