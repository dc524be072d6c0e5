"""An in-memory double of `boto3.client("events")` that records the entries it accepts."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.service import Refused, service

MAX_ENTRIES = 10


class FakeEvents:
    """EventBridge in memory: `entries` has all accepted entries, in order.

    The next `failing` entries are rejected: the call succeeds and reports them as failed, as on
    AWS.
    """

    def __init__(self, *, failing: int = 0, check_parameters: bool = True) -> None:
        self.failing = failing
        self._checks_parameters = check_parameters
        self.entries: list[dict[str, Any]] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        """PutEvents."""
        return service("events").call(
            "PutEvents", self._put_all, request, checks_parameters=self._checks_parameters
        )

    def _put_all(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if len(request["Entries"]) > MAX_ENTRIES:
            message = "Member must have length less than or equal to 10"
            raise Refused("ValidationException", message)
        results = [self._put(entry) for entry in request["Entries"]]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        if self.failing:
            self.failing -= 1
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Unexpected service error"}
        self.entries.append(dict(entry))
        return {"EventId": f"11710aed-b79e-4468-a20b-{len(self.entries):012x}"}
