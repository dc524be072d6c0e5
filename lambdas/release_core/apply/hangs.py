"""Measures whether releases hang: the oldest wait, and how many are past their deadline."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_core.clock import Clock, to_iso
from release_core.decide.hangs import OpenWait, is_past_deadline, open_wait
from release_core.domain.release import Release
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How long the ``oldest_wait`` of all releases lasts, and how many are ``past_deadline``."""

    oldest_wait: timedelta
    past_deadline: int


@dataclass(frozen=True, kw_only=True)
class Hangs:
    """Measures all releases that run, in the ledger."""

    ledger: Ledger
    clock: Clock

    def measure(self, *, since: datetime) -> Measured:
        """Read every release that was opened ``since`` then and runs, or waits to be opened.

        Log the oldest wait, and each release that is past its deadline. Raises ClientError.
        """
        now = self.clock()
        running = [*self.ledger.pending(), *self._running(since)]
        waits = [wait for each in running if (wait := open_wait(each, now))]
        late = [each for each in running if is_past_deadline(each, now)]
        for each in late:
            log.warning("the release is past its deadline", extra={"release_id": each.release_id})
        oldest = min(waits, key=lambda wait: wait.since, default=None)
        if oldest:
            _describe(oldest)
        age = now - oldest.since if oldest else timedelta()
        return Measured(oldest_wait=max(age, timedelta()), past_deadline=len(late))

    def _running(self, since: datetime) -> list[Release]:
        found = (
            self.ledger.get_release(header.release_id)
            for header in self.ledger.unannounced(since=since)
            if not header.closed
        )
        return [release for release in found if release]


def _describe(wait: OpenWait) -> None:
    facts = {"release_id": wait.release_id, "pipeline": wait.pipeline}
    known = {name: value for name, value in facts.items() if value}
    log.info("the oldest wait began %s", to_iso(wait.since), extra=known)
