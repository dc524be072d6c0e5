"""An in-memory double of `boto3.client("events")` that records the entries it accepts."""

import json
from collections.abc import Mapping
from typing import Any

from release_core.aws.event_bus import SOURCE
from release_core.domain.announcements import (
    RELEASE_CANCELLED,
    RELEASE_FAILED,
    RELEASE_ORPHANED,
    RELEASE_SUCCEEDED,
)
from tests.fakes.event_schemas import check_event
from tests.fakes.service import Refused, service

MAX_ENTRIES = 10


class FakeEvents:
    """EventBridge in memory: `entries` has all accepted entries, in order.

    The next `failing` entries are rejected, and so is their repeat: the call succeeds and reports
    them as failed, as on AWS. The next `hiccups` are rejected once. An event of the release machine
    that is not as its schema says is an error of the test.
    """

    def __init__(
        self, *, failing: int = 0, hiccups: int = 0, check_parameters: bool = True
    ) -> None:
        self.failing = failing
        self.hiccups = hiccups
        self._to_repeat: list[dict[str, Any]] = []
        self._checks_parameters = check_parameters
        self.entries: list[dict[str, Any]] = []

    def of(self, *detail_types: str) -> list[dict[str, Any]]:
        """The entries of these types, in order."""
        return [each for each in self.entries if each["DetailType"] in detail_types]

    def details(self, *detail_types: str) -> list[dict[str, Any]]:
        """The details of the entries of these types, in order."""
        return [json.loads(each["Detail"]) for each in self.of(*detail_types)]

    @property
    def ends(self) -> list[dict[str, Any]]:
        """The entries that say that a release has ended."""
        return self.of(RELEASE_SUCCEEDED, RELEASE_FAILED, RELEASE_CANCELLED, RELEASE_ORPHANED)

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
        if self._is_rejected(entry):
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Unexpected service error"}
        if entry["Source"] == SOURCE:
            check_event(entry["DetailType"], entry["Detail"])
        self.entries.append(dict(entry))
        return {"EventId": f"11710aed-b79e-4468-a20b-{len(self.entries):012x}"}

    def _is_rejected(self, entry: dict[str, Any]) -> bool:
        if entry in self._to_repeat:
            self._to_repeat.remove(entry)
            return True
        if self.failing:
            self.failing -= 1
            self._to_repeat.append(entry)
            return True
        self.hiccups, is_rejected = max(0, self.hiccups - 1), self.hiccups > 0
        return is_rejected
