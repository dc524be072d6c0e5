"""Deletes the records of releases that were closed long ago."""

from dataclasses import dataclass
from datetime import timedelta

from release_core.clock import Clock
from release_core.domain.release import Release
from release_core.ledger.items import PIPELINE_PREFIX
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of

log = log_of(__name__)

# Items that one sweep deletes, so that it ends long before its function times out.
MOST_ITEMS = 5_000


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """Deletes closed releases after ``retention``; without it, they are kept for ever.

    A release stays while it is the last success or the latest run of one of its pipelines, because
    a rollback of what is live needs its record.
    """

    ledger: Ledger
    clock: Clock
    retention: timedelta | None

    def sweep(self) -> None:
        """Delete the oldest releases whose time is over, up to ``MOST_ITEMS`` items.

        Raises LedgerBusy when another function writes to one of them.
        """
        if self.retention is None:
            return
        # A retry that waits for pipelines resumes its release when it is its turn.
        waiting = {each.release_id for each in self.ledger.pending()}
        deleted = 0
        for release in self.ledger.closed_before(self.clock() - self.retention):
            if deleted >= MOST_ITEMS:
                return
            if release.release_id not in waiting:
                with about(release_id=release.release_id):
                    deleted += self._expire(release)

    def _expire(self, release: Release) -> int:
        """Delete a release that nothing needs; return the number of its items."""
        items = self.ledger.expirations.items_of(release.release_id)
        names = [
            each["item"].removeprefix(PIPELINE_PREFIX)
            for each in items
            if each["item"].startswith(PIPELINE_PREFIX)
        ]
        needed = self.ledger.latest_releases(names)
        if any(release.release_id in releases for releases in needed.values()):
            return 0
        expiring = self.ledger.expirations.mark(release)
        if expiring is None:
            return 0
        self.ledger.expirations.delete(expiring, items)
        log.info("deleted an expired release")
        return len(items)
