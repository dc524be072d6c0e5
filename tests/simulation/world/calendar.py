"""The change calendar of a scenario: its state depends on nothing but the time."""

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.service import Refused
from tests.fakes.ssm import FakeSSM
from tests.simulation.scenarios import BEGINNING, Scenario

NAME = "calendar"
_TROUBLE = Refused("InternalServerError", "An error occurred on the server side.", status=500)


class ScenarioCalendar(FakeSSM):
    """SSM with one calendar, which is closed and cannot be read in the minutes of a scenario."""

    def __init__(self, scenario: Scenario, clock: FakeClock) -> None:
        super().__init__(clock, check_parameters=False)
        self._scenario = scenario

    def get_calendar_state(self, **request: Any) -> dict[str, Any]:
        """GetCalendarState, at the time of the call."""
        now = self.clock()
        closed, unreadable = self._scenario.closed, self._scenario.unreadable
        self.closed_until = _end(closed) if _within(closed, now) else None
        self.trouble = _TROUBLE if _within(unreadable, now) else None
        self.calls = []  # the state of the world does not depend on them
        return super().get_calendar_state(**request)


def is_closed(scenario: Scenario, now: datetime) -> bool:
    """Whether the calendar is closed, or cannot be read, which counts as closed."""
    return _within(scenario.closed, now) or _within(scenario.unreadable, now)


def opens_at(scenario: Scenario) -> datetime:
    """When the calendar is open and can be read from then on."""
    return max(_end(scenario.closed), _end(scenario.unreadable))


def _within(minutes: tuple[int, ...], now: datetime) -> bool:
    return bool(minutes) and BEGINNING + timedelta(minutes=minutes[0]) <= now < _end(minutes)


def _end(minutes: tuple[int, ...]) -> datetime:
    return BEGINNING + timedelta(minutes=minutes[1] if minutes else 0)
