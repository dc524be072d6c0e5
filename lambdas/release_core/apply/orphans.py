"""Releases whose workflow execution ended unheard: closed by whoever notices, and told of."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.aws.event_bus import Bus
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.timing import CLOSE_TRIED_WITHIN
from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import Unfinished
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)

ORPHANED = "Release Orphaned"
# A workflow execution lasts a year at most, so no older release can have been left open.
_OLDEST = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Orphans:
    """Asks whether workflow executions have ended, and closes what they have left behind.

    Stopping, freeing and announcing is left to close_release, which the event brings, with all
    the tries that such an event has.
    """

    ledger: Ledger
    step_functions: StepFunctions
    bus: Bus
    clock: Clock

    def sweep(self) -> None:
        """Find out of each release that was not announced whether nobody closes it any more.

        Raises, when all have been looked at, what the first raised that could not be closed.
        """
        troubles: list[Exception] = []
        for release in self.ledger.unannounced(since=self.clock() - _OLDEST):
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
        ending = self.step_functions.workflow_end(execution_arn)
        if ending is None:
            return False
        if ending.makes:
            # From here on it can open no release, so what it has opened is known.
            release_id = self.ledger.headers.end_execution(execution_arn, ending.how)
            release = self.ledger.get_header(release_id) if release_id else None
            if release and release.execution_arn == execution_arn and self._is_unheard(release):
                log.warning("%s", ending.why, extra={"release_id": release_id})
                # The event before the close: who dies in between leaves a release that is still
                # noticed. Several who notice at once put several; a close can be repeated.
                self.bus.put(ORPHANED, {"releaseId": release_id, **ending.detail})
                self.ledger.headers.close(
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
