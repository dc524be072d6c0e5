"""GetCalendarState: its request, its answer and its errors."""

from datetime import UTC, datetime

import pytest

from calendars import calendar_text
from localstack_change_calendar.operation import CalendarApiError, Document, get_calendar_state

NOW = datetime(2026, 12, 23, 12, 0, 0, 250_000, tzinfo=UTC)
CLOSED = calendar_text("DTSTART:20261223T110000Z\nDURATION:PT2H")
DOCUMENTS = {
    "open": Document("ChangeCalendar", calendar_text()),
    "closed": Document("ChangeCalendar", CLOSED),
    "broken": Document("ChangeCalendar", "hello"),
    "runbook": Document("Automation", "{}"),
}


def ask(*names: str, at_time: str | None = None) -> dict[str, str]:
    """The answer for these calendars."""
    return get_calendar_state(names, at_time, find=DOCUMENTS.get, now=NOW)


def test_the_answer_has_times_in_utc_and_whole_seconds() -> None:
    """Without AtTime it is about now; without a transition in sight it names none."""
    now = "2026-12-23T12:00:00Z"
    assert ask("open") == {"State": "OPEN", "AtTime": now}
    closed = {"State": "CLOSED", "AtTime": now, "NextTransitionTime": "2026-12-23T13:00:00Z"}
    assert ask("closed") == closed
    assert ask("open", "closed") == closed


@pytest.mark.parametrize(
    "at_time", ["2026-12-23T04:30:00-0700", "2026-12-23T11:30:00Z", "2026-12-23T11:30:00"]
)
def test_a_time_may_be_asked_for(at_time: str) -> None:
    """AtTime is an ISO 8601 time; without a zone it is in UTC."""
    answer = ask("closed", at_time=at_time)
    assert (answer["State"], answer["AtTime"]) == ("CLOSED", "2026-12-23T11:30:00Z")


@pytest.mark.parametrize(
    ("names", "at_time", "code"),
    [
        (["open", "nowhere"], None, "InvalidDocument"),
        (["runbook"], None, "InvalidDocumentType"),
        (["open", "broken"], None, "UnsupportedCalendarException"),
        ([], None, "ValidationException"),
        (["open"], "tomorrow", "ValidationException"),
    ],
)
def test_errors(names: list[str], at_time: str | None, code: str) -> None:
    """One calendar that cannot be read is enough for an error."""
    with pytest.raises(CalendarApiError) as raised:
        ask(*names, at_time=at_time)
    assert (raised.value.code, raised.value.status) == (code, 400)
