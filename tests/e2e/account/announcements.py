"""The events that the release machine puts on the bus."""

from typing import Any

from release_core.domain.announcements import (
    RELEASE_CANCELLED,
    RELEASE_FAILED,
    RELEASE_ORPHANED,
    RELEASE_SUCCEEDED,
)
from release_core.strict_json import write_json
from tests.e2e.account.account import Account
from tests.e2e.account.listener import Listener
from tests.fakes.event_schemas import check_event

ENDS = {RELEASE_SUCCEEDED, RELEASE_FAILED, RELEASE_CANCELLED, RELEASE_ORPHANED}


class Announcements:
    """Receives every event of the release machine from now on."""

    def __init__(self, account: Account) -> None:
        self._listener = Listener(account, {"source": ["release-machine"]})

    def of(self, release_id: str) -> list[dict[str, Any]]:
        """Return the events of a release that have arrived so far."""
        return [
            each for each in self._listener.all() if each["detail"].get("releaseId") == release_id
        ]

    def ends(self, release_id: str) -> list[dict[str, Any]]:
        """Return those that say that the release has ended."""
        return [each for each in self.of(release_id) if each["detail-type"] in ENDS]

    def check(self) -> None:
        """Check every event that has arrived against its schema."""
        for event in self._listener.all():
            check_event(event["detail-type"], write_json(event["detail"]))

    def stop(self) -> None:
        """Receive no more."""
        self._listener.stop()
