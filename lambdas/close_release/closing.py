"""Closes a release: records its outcome, stops what still runs, frees locks and announces it."""

from collections.abc import Mapping
from typing import Any

from close_release.reporting import Reporting
from release_core.apply.advance import Advance
from release_core.apply.announcer import Announcer
from release_core.apply.measuring import measure_close
from release_core.apply.unlock import leave_queues, unlock
from release_core.aws.event_bus import SOURCE
from release_core.aws.step_functions import StepFunctions
from release_core.decide.outcome import is_fault, is_over, tally
from release_core.domain.release import OnFailure, Release, ReleaseStatus
from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd, read_workflow_end
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import also_about, invocation, log_of
from release_core.metrics import WORKFLOW_FAULTS, Metrics
from release_core.rollback.manifest import Rollback
from release_core.rollback.reader import RollbackReader, rollback_name

log = log_of(__name__)


class CloseRelease(Immutable):
    """Closes releases, at the end of the workflow or when it was stopped or failed."""

    ledger: Ledger
    advance: Advance
    step_functions: StepFunctions
    announcer: Announcer
    rollbacks: RollbackReader
    reporting: Reporting
    metrics: Metrics

    def at_end(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        """Close the release with the outcome of its pipelines; return its id, status and reason.

        ``rollback`` is None, or has the id of the rollback and the name of the workflow execution
        to start for it. A repeated close returns the same. Raises as ``Advance`` does.
        """
        with invocation(release_id=release_id, execution_arn=execution_arn):
            return self._close(release_id, execution_arn)

    def _close(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        release = self._bring_up_to_date(release_id)
        if release.status is ReleaseStatus.RUNNING:
            status, why = tally(release)
            rollback = self._rollback(release, status)
            if self.ledger.headers.close(
                release_id,
                status,
                why=_with_rollback(why, rollback) if rollback else why,
                execution_arn=execution_arn,
                rolls_back_as=rollback.rollback_id if rollback and rollback.manifest else None,
            ):
                measure_close(self.metrics, release, status, now=self.advance.clock())
        closed = self._finish(release_id, execution_arn)
        return {
            "release_id": release_id,
            "status": closed.status.value,
            "why": closed.why,
            "rollback": _start_of_rollback(closed, execution_arn),
        }

    def when_ended(self, event: object) -> None:
        """Close the release of a workflow execution that was stopped, failed or timed out.

        Raises StartUnresolved while a pipeline may still start: then Lambda tries again.
        """
        end = self._read_end(event)
        if isinstance(end, str):
            log.warning("ignored: %s", end)
            return
        with invocation(execution_arn=end.execution_arn):
            self._close_ended(end, event)

    def _close_ended(self, end: WorkflowEnd, event: object) -> None:
        arn = end.execution_arn
        log.info("%s", end.why)
        if is_fault(end):
            self.metrics.put({WORKFLOW_FAULTS: 1})
        if end.release_status is None:
            return
        release_id = self.ledger.headers.record_workflow_end(arn, end.status)
        also_about(release_id=release_id)
        # After that write the execution gets no place in a queue.
        leave_queues(self.ledger, self.step_functions, arn)
        release = self.ledger.get_header(release_id) if release_id else None
        if release_id is None or release is None:
            log.info("the workflow execution had opened no release")
            self.reporting.never_opened(end, event)
            return
        why = end.why_for(release)
        if self.ledger.headers.close(release_id, end.release_status, why=why, execution_arn=arn):
            now = self.advance.clock()
            measure_close(self.metrics, release, end.release_status, now=now)
        missing = end.missing_rollback(release) if release.execution_arn == arn else None
        if missing:
            self.ledger.headers.add_to_why(release, missing)
            if end.status == "FAILED" and not is_fault(end):
                # The workflow could not start it. Without it, the release failed as it may.
                self.metrics.put({WORKFLOW_FAULTS: 1})
        self._finish(release_id, arn)

    def _rollback(self, release: Release, status: ReleaseStatus) -> Rollback | None:
        """The automatic rollback, if the policy asks for one; its text names what it omits."""
        if status is not ReleaseStatus.FAILED or release.on_failure is not OnFailure.ROLLBACK:
            return None
        return self.rollbacks.announced(release)

    def _read_end(self, event: object) -> WorkflowEnd | str:
        end = read_workflow_end(event)
        if isinstance(end, str) or not isinstance(event, Mapping) or event.get("source") != SOURCE:
            return end
        # Anyone who may put events could forge this one, so ask Step Functions.
        found = self.step_functions.workflow_end(end.execution_arn)
        since = None
        if found and found.not_found:
            release = self.ledger.get_header(str(event["detail"].get("releaseId")))
            if release and release.execution_arn == end.execution_arn:
                since = release.began_at
        if found is None or not is_over(found, since=since, now=self.advance.clock()):
            return "the workflow execution still runs"
        return found

    def _bring_up_to_date(self, release_id: str) -> Release:
        release = self._read(release_id)
        # The workflow gave up the tasks of these pipelines after errors of our functions.
        unsettled = [
            each
            for each in release.pipelines.values()
            if each.execution_id and not each.status.ended
        ]
        for pipeline in unsettled:
            self.advance.record_end(release, pipeline)
        return self._read(release_id) if unsettled else release

    def _finish(self, release_id: str, execution_arn: str) -> Release:
        """Stop and skip what is left, free the locks, and announce the outcome once."""
        closed = self._read(release_id)
        if closed.status is ReleaseStatus.RUNNING:
            # Race: the release is resumed. Its new attempt holds only the locks that it needs.
            self._free(closed, execution_arn)
            return closed
        try:
            self.advance.finish_closed(release_id)
            self.advance.raise_unannounced()
        finally:
            # Also while a start may still happen: it is found and stopped by the next try.
            self._free(closed, execution_arn)
        closed = self._read(release_id)
        # Race: the release is resumed. The new attempt announces its outcome when it is closed.
        if closed.status is not ReleaseStatus.RUNNING and not closed.announced:
            self.reporting.closed(closed)
            self._announce(closed)
            self.ledger.headers.mark_announced(closed)
        return closed

    def _free(self, release: Release, execution_arn: str) -> None:
        for name, pipeline in release.of_codepipeline.items():
            # Race: another release has run the pipeline since. An attempt that did not run it must
            # not count as the latest.
            ran_in = release.release_id if pipeline.ran_now else None
            unlock(self.ledger, self.step_functions, name, execution_arn, ran_in=ran_in)

    def _read(self, release_id: str) -> Release:
        release = self.ledger.get_release(release_id)
        if release is None:
            raise LookupError(f"there is no release {release_id}")
        return release

    def _announce(self, release: Release) -> None:
        self.announcer.close(release)
        log.info("release %s", release.status)


def _with_rollback(why: str, rollback: Rollback) -> str:
    text = str(rollback)
    return f"{why[: WHY_LIMIT - len(text) - 1]}\n{text}"


def _start_of_rollback(closed: Release, execution_arn: str) -> dict[str, str] | None:
    # Race: the release is resumed. A close of the earlier attempt starts no rollback.
    if closed.rolls_back_as is None or closed.execution_arn != execution_arn:
        return None
    return {
        "release_id": closed.rolls_back_as,
        "execution_name": rollback_name(closed.release_id, execution_arn),
    }
