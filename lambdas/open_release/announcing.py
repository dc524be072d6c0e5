"""Announces that a release was opened, is held, or that its manifest was rejected.

The bus keeps no release from being opened: what cannot be announced here is announced by the hourly
rule.
"""

from collections.abc import Callable, Mapping

from release_core.apply.announcer import NOT_ANNOUNCED, Announcer
from release_core.clock import Clock
from release_core.domain.announcements import Refused
from release_core.domain.queue import Rival
from release_core.errors import Rejection
from release_core.immutable import Immutable
from release_core.ledger.reader import LedgerReader
from release_core.logs import log_of
from release_core.manifest.checks import release_id_of
from release_core.manifest.requests import Request, RetryRequest, RollbackRequest

log = log_of(__name__)


class Announcing(Immutable):
    """Announces what comes of requests."""

    ledger: LedgerReader
    announcer: Announcer
    clock: Clock

    def start(self, release_id: str) -> None:
        """Announce that the release was opened, once for each attempt."""

        def start() -> None:
            release = self.ledger.get_header(release_id)
            if release:
                self.announcer.start(release)

        self._try(start)

    def hold(self, execution_arn: str, rivals: Mapping[str, Rival] | None = None) -> None:
        """Announce that the release of this workflow execution waits; ``rivals`` come first."""

        def hold() -> None:
            pending = self.ledger.get_pending(execution_arn)
            if pending:
                self.announcer.wait(pending, now=self.clock(), rivals=rivals)

        self._try(hold)

    def rejection(
        self,
        rejection: Rejection,
        request: Request | None,
        document: object,
        *,
        execution_arn: str,
    ) -> bool:
        """Announce a rejection on record; whether that succeeded."""
        refused = Refused(
            at=self.clock(),
            execution_arn=execution_arn,
            error=type(rejection).__name__,
            cause=str(rejection),
            release_id=requested_id(request, document),
            channel=request.channel if request else None,
            requester=request.requester if request else None,
            source=request.source if request else None,
        )
        return self._try(lambda: self.announcer.rejection(refused))

    def _try(self, announce: Callable[[], None]) -> bool:
        try:
            announce()
        except NOT_ANNOUNCED as error:
            log.warning("not announced yet: %s", error)
            return False
        return True


def requested_id(request: Request | None, document: object) -> str | None:
    """The id of the release that was asked for, valid or not, if the request or manifest has it."""
    match request:
        case RollbackRequest(release_id=release_id):
            return release_id
        case RetryRequest(of=release_id):
            return release_id
    return release_id_of(document)
