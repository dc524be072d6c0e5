"""Announces what was not announced, and what is stuck: a job of the hourly rule."""

from collections.abc import Iterator

from release_core.apply.announcer import NOT_ANNOUNCED, Announcer
from release_core.clock import Clock
from release_core.decide.missing import is_late, is_question_late, missing_ends
from release_core.decide.stuck import stuck
from release_core.decide.timing import OLDEST_RELEASE
from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of

log = log_of(__name__)


class LateAnnouncements(Immutable):
    """Announces what is missing of releases that are open, wait to be opened or were rejected.

    The outcome of a closed release is announced by its close, which ``Orphans`` repeats.
    """

    ledger: Ledger
    announcer: Announcer
    clock: Clock

    def sweep(self) -> None:
        """Announce what is missing. Raises the first error, after all releases were checked."""
        errors: list[Exception] = []
        for release in self._candidates():
            with about(release_id=release.release_id, execution_arn=release.execution_arn):
                try:
                    self._announce(release)
                except (Unfinished, *NOT_ANNOUNCED) as error:
                    log.warning("not announced yet: %s", error)
                    errors.append(error)
        if errors:
            raise errors[0]

    def _candidates(self) -> Iterator[Release]:
        """The releases, as the index by time lists them, which may be a moment old."""
        yield from self.ledger.pending()
        yield from self.ledger.unannounced(since=self.clock() - OLDEST_RELEASE)

    def _announce(self, listed: Release) -> None:
        now = self.clock()
        if listed.pending:
            release = self.ledger.get_pending(listed.execution_arn)
            if release and is_late(release.opened_at, now):
                self.announcer.wait(release, now=now)
        elif listed.status is ReleaseStatus.REJECTED:
            if is_late(listed.opened_at, now):
                self.announcer.late_rejection(listed)
        elif listed.status is ReleaseStatus.RUNNING:
            release = self.ledger.get_release(listed.release_id)
            if release and not release.closed:
                self._announce_open(release)

    def _announce_open(self, release: Release) -> None:
        now = self.clock()
        if is_late(release.began_at, now):
            self.announcer.start(release)
        for node in release.pipelines.values():
            is_open = not node.status.ended and not release.renews(node)
            if is_open and is_question_late(node, now):
                self.announcer.question(release, node)
        for node in missing_ends(release, now):
            self.announcer.missing_end(release, node)
        for found in stuck(release, now):
            self.announcer.stuck(release, found)
