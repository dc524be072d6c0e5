"""The events that the release machine puts on the bus."""

from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.account.listener import Listener


class Announcements:
    """Receives every event of the release machine from now on."""

    def __init__(self, account: Account) -> None:
        self._listener = Listener(account, {"source": ["release-machine"]})

    def of(self, release_id: str) -> list[dict[str, Any]]:
        """Return the events of a release that have arrived so far."""
        return [
            each for each in self._listener.all() if each["detail"].get("releaseId") == release_id
        ]

    def stop(self) -> None:
        """Receive no more."""
        self._listener.stop()
