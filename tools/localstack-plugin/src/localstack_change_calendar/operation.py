"""GetCalendarState: finds the calendars' documents and answers as AWS does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from localstack_change_calendar.calendar_text import (
    ChangeCalendar,
    State,
    UnsupportedCalendarError,
    state_of_all,
)

CALENDAR = "ChangeCalendar"


class CalendarApiError(Exception):
    """An error of the API: AWS's code, a message and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Document:
    """An SSM document: its type, and the text of its default version."""

    kind: str
    text: str


type Find = Callable[[str], Document | None]


def get_calendar_state(
    names: Sequence[str], at_time: str | None, *, find: Find, now: datetime
) -> dict[str, str]:
    """The answer for these names or ARNs. Raises CalendarApiError."""
    at = _moment(at_time) if at_time else now
    state = state_of(names, at, find=find)
    answer = {"State": "OPEN" if state.is_open else "CLOSED", "AtTime": iso(at)}
    if state.changes_at:
        answer["NextTransitionTime"] = iso(state.changes_at)
    return answer


def state_of(names: Sequence[str], at: datetime, *, find: Find) -> State:
    """The state of these calendars together. Raises CalendarApiError."""
    if not names:
        raise CalendarApiError("ValidationException", "CalendarNames must not be empty.")
    try:
        return state_of_all([ChangeCalendar(_text_of(name, find)) for name in names], at)
    except UnsupportedCalendarError as error:
        raise CalendarApiError("UnsupportedCalendarException", str(error)) from error


def iso(moment: datetime) -> str:
    """The moment as AWS writes it: in UTC, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text_of(name: str, find: Find) -> str:
    document = find(name)
    if document is None:
        raise CalendarApiError("InvalidDocument", f"Document {name} does not exist.")
    if document.kind != CALENDAR:
        message = f"Document {name} has the type {document.kind}, not {CALENDAR}."
        raise CalendarApiError("InvalidDocumentType", message)
    return document.text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"AtTime must be an ISO 8601 time, not {text}."
        raise CalendarApiError("ValidationException", message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
