"""Deletes the records of releases that were closed long ago."""

from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.clock import Clock
from release_core.domain.release import Release
from release_core.errors import Unfinished
from release_core.immutable import Immutable
from release_core.ledger.items import PIPELINE_PREFIX
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of

log = log_of(__name__)

# One sweep ends long before its function times out: it begins no release after so much work, which
# is counted in items and calls, or after this time. The next hour continues.
MOST_WORK = 5_000
LONGEST_SWEEP = timedelta(minutes=2)
# What a release takes beside its items: two reads, the mark, and the last two deletions. A rejected
# manifest has no other items.
CALLS_PER_RELEASE = 5


class Expiry(Immutable):
    """Deletes closed releases after ``retention``; without it, they are kept for ever.

    A release stays while it is the last success or the latest run of one of its pipelines, because
    a rollback of what is live needs its record.
    """

    ledger: Ledger
    clock: Clock
    retention: timedelta | None

    def sweep(self) -> None:
        """Delete the oldest releases whose time is over, until ``MOST_WORK`` or ``LONGEST_SWEEP``.

        Raises the first error, after all of these releases were tried.
        """
        if self.retention is None:
            return
        began_at = self.clock()
        # A retry that waits for pipelines resumes its release when it is its turn.
        waiting = {each.release_id for each in self.ledger.pending()}
        errors: list[Exception] = []
        work = 0
        for release in self.ledger.closed_before(began_at - self.retention):
            if work >= MOST_WORK or self.clock() - began_at >= LONGEST_SWEEP:
                break
            if release.release_id in waiting:
                continue
            with about(release_id=release.release_id):
                try:
                    work += self._expire(release)
                except (Unfinished, ClientError, BotoCoreError) as error:
                    log.warning("not deleted yet: %s", error)
                    errors.append(error)
        if errors:
            raise errors[0]

    def _expire(self, release: Release) -> int:
        """Delete a release that nothing needs; return how much work that was.

        A release that stays counts as none. It is among the oldest again in the next hour, and many
        of them would leave no work for those after them.
        """
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
        return len(items) + CALLS_PER_RELEASE
