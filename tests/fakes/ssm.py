"""An in-memory double of `boto3.client("ssm")` for change calendars."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from release_core.clock import Clock
from tests.fakes.service import Refused, service


class FakeSSM:
    """Change calendars in memory: all are open, unless a test closes or breaks them.

    ``closed_until`` is when they open; ``trouble`` refuses each call; ``calls`` has the names that
    were asked for, call by call.
    """

    def __init__(self, clock: Clock, *, check_parameters: bool = True) -> None:
        self.clock = clock
        self._checks_parameters = check_parameters
        self.closed_until: datetime | None = None
        self.trouble: Refused | None = None
        self.calls: list[list[str]] = []

    def get_calendar_state(self, **request: Any) -> dict[str, Any]:
        """GetCalendarState."""
        return service("ssm").call(
            "GetCalendarState", self._state, request, checks_parameters=self._checks_parameters
        )

    def _state(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append(list(request["CalendarNames"]))
        if self.trouble:
            raise self.trouble
        now = self.clock()
        answer = {"State": "OPEN", "AtTime": _iso(now)}
        if self.closed_until and now < self.closed_until:
            answer |= {"State": "CLOSED", "NextTransitionTime": _iso(self.closed_until)}
        return answer


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
