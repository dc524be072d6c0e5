"""Measures whether releases hang: the oldest wait, and how many are past their deadline."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from release_core.clock import Clock, to_iso
from release_core.decide.hangs import OpenWait, is_past_deadline, open_wait
from release_core.decide.timing import OLDEST_RELEASE
from release_core.domain.release import Release
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of
from release_core.metrics import OLDEST_WAIT, RELEASES_PAST_DEADLINE, Metrics

log = log_of(__name__)


class Hangs(Immutable):
    """Measures all releases that run, in the ledger."""

    ledger: Ledger
    clock: Clock
    metrics: Metrics

    def measure(self) -> None:
        """Write how old the oldest wait is, and how many releases are past their deadline.

        Zeros when nothing runs: an alarm fires when the values are missing. Raises ClientError.
        """
        now = self.clock()
        running = list(self._running(now))
        waits = [wait for each in running if (wait := open_wait(each, now))]
        late = [each for each in running if is_past_deadline(each, now)]
        for each in late:
            with about(release_id=each.release_id, execution_arn=each.execution_arn):
                log.warning("the release is past its deadline")
        oldest = min(waits, key=lambda wait: wait.since, default=None)
        age = now - oldest.since if oldest else timedelta()
        if oldest:
            _describe(oldest)
        self.metrics.put(
            {OLDEST_WAIT: max(0.0, age.total_seconds()), RELEASES_PAST_DEADLINE: len(late)}
        )

    def _running(self, now: datetime) -> Iterator[Release]:
        """The releases that wait to be opened, and those that run with their pipelines."""
        yield from self.ledger.pending()
        for header in self.ledger.unannounced(since=now - OLDEST_RELEASE):
            release = None if header.closed else self.ledger.get_release(header.release_id)
            if release:
                yield release


def _describe(wait: OpenWait) -> None:
    with about(release_id=wait.release_id, pipeline=wait.pipeline):
        log.info("the oldest wait began %s", to_iso(wait.since))
