"""An in-memory double of `boto3.client("events")` that records what is put."""

from typing import Any

from tests.fakes.service import Refused, answer, service

MAX_ENTRIES = 10


class FakeEvents:
    """EventBridge in memory: `entries` is all that was accepted, in order.

    The next `failing` entries are not accepted: the call succeeds and says so, as on AWS.
    """

    def __init__(self, *, failing: int = 0, check_parameters: bool = True) -> None:
        self.failing = failing
        self._checks_parameters = check_parameters
        self.entries: list[dict[str, Any]] = []

    def put_events(self, **request: Any) -> dict[str, Any]:
        """PutEvents."""
        if self._checks_parameters:
            service("events").check_parameters("PutEvents", request)
        if len(request["Entries"]) > MAX_ENTRIES:
            refusal = Refused(
                "ValidationException", "Member must have length less than or equal to 10"
            )
            raise service("events").error(refusal, "PutEvents")
        results = [self._put(entry) for entry in request["Entries"]]
        failed = sum("ErrorCode" in result for result in results)
        return answer({"FailedEntryCount": failed, "Entries": results})

    def _put(self, entry: dict[str, Any]) -> dict[str, str]:
        if self.failing:
            self.failing -= 1
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Unexpected service error"}
        self.entries.append(dict(entry))
        return {"EventId": f"11710aed-b79e-4468-a20b-{len(self.entries):012x}"}
