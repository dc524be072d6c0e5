"""Outcomes as they are announced on the bus."""

from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.account.hearing import Hearing


class Announcements:
    """Hears every event of the release machine from now on."""

    def __init__(self, account: Account) -> None:
        self._hearing = Hearing(account, {"source": ["release-machine"]})

    def of(self, release_id: str) -> list[dict[str, Any]]:
        """The events heard so far that tell of a release."""
        return [
            each for each in self._hearing.all() if each["detail"].get("releaseId") == release_id
        ]

    def stop(self) -> None:
        """Hear no more."""
        self._hearing.stop()
