"""Releases whose workflow execution ended unheard: closed by whoever notices, and told of."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.bus import Bus
from release_core.clock import Clock
from release_core.errors import Unfinished
from release_core.headers import Headers
from release_core.model import Release, ReleaseStatus
from release_core.tokens import Tokens

log = logging.getLogger(__name__)

ORPHANED = "Release Orphaned"
# By then Lambda has tried a close as often as it does, each time for as long as it may last.
CLOSE_TRIED_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, kw_only=True)
class Orphans:
    """Asks whether workflow executions have ended, and closes what they have left behind.

    Stopping, freeing and announcing is left to close_release, which the event brings, with all
    the tries that such an event has.
    """

    headers: Headers
    tokens: Tokens
    bus: Bus
    clock: Clock

    def look(self) -> None:
        """Find out of each release that was not announced whether nobody closes it any more.

        Raises, when all have been looked at, what the first raised that could not be closed.
        """
        troubles: list[Exception] = []
        for release in self.headers.unannounced():
            try:
                self.notice(release)
            except (Unfinished, ClientError, BotoCoreError) as trouble:
                log.warning("%s", trouble, extra={"release_id": release.release_id})
                troubles.append(trouble)
        if troubles:
            raise troubles[0]

    def notice(self, release: Release) -> None:
        """Find out whether nobody closes the release any more, when that may be so.

        Raises as ``has_ended``.
        """
        if self._is_unheard(release):
            self.has_ended(release.execution_arn)

    def has_ended(self, execution_arn: str) -> bool:
        """Whether the execution has ended; its release is closed then, if nobody has heard.

        Raises AnnouncementRefused, or whatever AWS answered that may pass.
        """
        ending = self.tokens.ending(execution_arn)
        if ending is None:
            return False
        if ending.makes:
            # From here on it can open no release, so what it has opened is known.
            release_id = self.headers.end_execution(execution_arn, ending.how)
            release = self.headers.read(release_id) if release_id else None
            if release and release.execution_arn == execution_arn and self._is_unheard(release):
                log.warning("%s", ending.why, extra={"release_id": release_id})
                # The event before the close: who dies in between leaves a release that is still
                # noticed. Several who notice at once put several; a close can be repeated.
                self.bus.put(ORPHANED, {"releaseId": release_id, **ending.detail})
                self.headers.close(
                    release.release_id,
                    ending.makes,
                    why=ending.why_of(release),
                    execution_arn=execution_arn,
                )
        return True

    def _is_unheard(self, release: Release) -> bool:
        if release.status is ReleaseStatus.RUNNING:
            return True
        closed_at = release.closed_at
        tried = closed_at is not None and self.clock() - closed_at > CLOSE_TRIED_WITHIN
        return tried and not release.announced
