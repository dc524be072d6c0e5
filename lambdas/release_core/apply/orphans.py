"""Closes releases whose workflow execution ended without a close, and announces that end again."""

from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.measuring import measure_close
from release_core.apply.unlock import leave_queues
from release_core.aws.event_bus import Bus
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.outcome import is_over
from release_core.decide.timing import CLOSE_TRIED_WITHIN, OLDEST_RELEASE
from release_core.domain.announcements import orphaned
from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of
from release_core.metrics import WORKFLOW_ENDS_FOUND, Metrics

log = log_of(__name__)


class Orphans(Immutable):
    """Finds workflow executions that have ended and whose releases were not closed.

    The event of a workflow execution's end may be lost. This class closes the header and puts an
    event of our own in its place. That event invokes close_release, with retries, which stops
    pipelines, frees locks and announces the outcome.
    """

    ledger: Ledger
    step_functions: StepFunctions
    bus: Bus
    clock: Clock
    metrics: Metrics

    def sweep(self) -> None:
        """Check every release that waits to be opened, or whose outcome was not announced.

        Raises the first error, after all releases were checked.
        """
        errors: list[Exception] = []
        since = self.clock() - OLDEST_RELEASE
        for release in (*self.ledger.pending(), *self.ledger.unannounced(since=since)):
            with about(release_id=release.release_id, execution_arn=release.execution_arn):
                try:
                    if release.pending:
                        self._leave_if_ended(release)
                    else:
                        self.close_if_orphaned(release)
                except (Unfinished, ClientError, BotoCoreError) as error:
                    log.warning("%s", error)
                    errors.append(error)
        if errors:
            raise errors[0]

    def close_if_orphaned(self, release: Release) -> None:
        """Close the release if its workflow execution has ended and its close is missing.

        Raises as ``close_if_ended`` does.
        """
        if self._may_be_orphaned(release):
            self.close_if_ended(release.execution_arn, release.began_at)

    def close_if_ended(self, execution_arn: str, since: datetime | None) -> bool:
        """Whether the workflow execution has ended; then close its release if it is orphaned.

        The execution is on record ``since`` this moment. Raises AnnouncementRefused, and
        ClientError when a retry may help.
        """
        end = self.step_functions.workflow_end(execution_arn)
        if end is None or not is_over(end, since=since, now=self.clock()):
            return False
        if end.release_status:
            # After this write the execution opens no release, so the one it opened is known.
            release_id = self.ledger.headers.record_workflow_end(execution_arn, end.status)
            release = self.ledger.get_header(release_id) if release_id else None
            if (
                release
                and release.execution_arn == execution_arn
                and self._may_be_orphaned(release)
            ):
                with about(release_id=release_id, execution_arn=execution_arn):
                    log.warning("%s", end.why)
                    # The event before the close: a crash between the two leaves a release that is
                    # still found here. Several functions may put the event; a close is safe to
                    # repeat.
                    self.bus.put(orphaned(release.release_id, end))
                    if self.ledger.headers.close(
                        release.release_id,
                        end.release_status,
                        why=end.why_for(release),
                        execution_arn=execution_arn,
                    ):
                        self.metrics.put({WORKFLOW_ENDS_FOUND: 1})
                        now = self.clock()
                        measure_close(self.metrics, release, end.release_status, now=now)
        return True

    def _leave_if_ended(self, release: Release) -> None:
        """Remove a release that waits to be opened if its workflow execution has ended."""
        if self.close_if_ended(release.execution_arn, release.opened_at):
            leave_queues(self.ledger, self.step_functions, release.execution_arn)

    def _may_be_orphaned(self, release: Release) -> bool:
        """Whether the release is open, or closed and not announced although all tries are over."""
        if release.status is ReleaseStatus.RUNNING:
            return True
        if release.closed_at is None or release.announced:
            return False
        if release.status is ReleaseStatus.REJECTED:
            return False  # it is listed because its rejection could not be announced
        return self.clock() - release.closed_at > CLOSE_TRIED_WITHIN
