"""Closing a release: what it came to, who is told, and what still has to be stopped."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release_core.apply.advance import Advance
from release_core.apply.unlock import unlock
from release_core.aws.event_bus import SOURCE, Bus
from release_core.aws.step_functions import StepFunctions
from release_core.decide.outcome import tally
from release_core.domain.release import (
    OnFailure,
    Release,
    ReleaseStatus,
)
from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd, read_workflow_end
from release_core.ledger.ledger import Ledger
from release_core.rollback.manifest import Rollback, rollback_manifest
from release_core.rollback.reader import free_id, rollback_name

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CloseRelease:
    """Closes releases, called by the workflow at its end or by the event of its being ended."""

    ledger: Ledger
    advance: Advance
    step_functions: StepFunctions
    bus: Bus

    def at_end(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        """Close the release with what its pipelines came to; answers its id, status and why.

        ``rollback`` in the answer is None, or names the release that is to roll this one back and
        the execution to start for it. Closing again answers the same. Raises whatever AWS answered
        that may pass.
        """
        release = self._bring_up_to_date(release_id)
        if release.status is ReleaseStatus.RUNNING:
            status, why = tally(release)
            rollback = self._rollback(release, status)
            self.ledger.headers.close(
                release_id,
                status,
                why=_with_rollback(why, rollback) if rollback else why,
                execution_arn=execution_arn,
                rolls_back_as=rollback.rollback_id if rollback and rollback.manifest else None,
            )
        closed = self._follow_up(release_id, execution_arn)
        return {
            "release_id": release_id,
            "status": closed.status.value,
            "why": closed.why,
            "rollback": _start_of_rollback(closed, execution_arn),
        }

    def when_ended(self, event: object) -> None:
        """Close the release of a workflow execution that was stopped, failed or timed out.

        Raises StartUnresolved while a pipeline may still be starting: Lambda then tries again.
        """
        ending = self._read_ending(event)
        if isinstance(ending, str):
            log.warning("ignored: %s", ending)
            return
        arn = ending.execution_arn
        log.info("%s", ending.why, extra={"execution_arn": arn})
        if ending.makes is None:
            return
        release_id = self.ledger.headers.end_execution(arn, ending.how)
        release = self.ledger.get_header(release_id) if release_id else None
        if release_id is None or release is None:
            log.info("it had opened no release", extra={"execution_arn": arn})
            return
        why = ending.why_of(release)
        self.ledger.headers.close(release_id, ending.makes, why=why, execution_arn=arn)
        undone = ending.leaves_undone(release) if release.execution_arn == arn else None
        if undone:
            self.ledger.headers.add_to_why(release, undone)
        self._follow_up(release_id, arn)

    def _rollback(self, release: Release, status: ReleaseStatus) -> Rollback | None:
        """What is to roll the release back by itself, or why nothing is."""
        if status is not ReleaseStatus.FAILED or release.on_failure is not OnFailure.ROLLBACK:
            return None
        rollback_id = free_id(self.ledger, release.release_id)
        return rollback_manifest(release, rollback_id=rollback_id)

    def _read_ending(self, event: object) -> WorkflowEnd | str:
        ending = read_workflow_end(event)
        ours = isinstance(event, Mapping) and event.get("source") == SOURCE
        if ours and isinstance(ending, WorkflowEnd):
            # Anybody who may put events could say so; Step Functions knows.
            return self.step_functions.workflow_end(ending.execution_arn) or "the execution runs"
        return ending

    def _bring_up_to_date(self, release_id: str) -> Release:
        release = self._read(release_id)
        # Their tasks ended without settling: an error of ours that the workflow gave up on.
        unsettled = [
            each
            for each in release.pipelines.values()
            if each.execution_id and not each.status.ended
        ]
        for pipeline in unsettled:
            self.advance.record_end(release, pipeline)
        return self._read(release_id) if unsettled else release

    def _follow_up(self, release_id: str, execution_arn: str) -> Release:
        """Stop and skip what is left, free the pipelines, and announce the outcome once."""
        closed = self._read(release_id)
        if closed.status is ReleaseStatus.RUNNING:
            # An attempt that was opened since, and has taken only what it runs again.
            self._free(closed, execution_arn)
            return closed
        try:
            self.advance.finish_closed(release_id)
        finally:
            # Also when a start is still on its way: it is found and stopped by the next try.
            self._free(closed, execution_arn)
        closed = self._read(release_id)
        # By now there may be another attempt: its outcome comes with its own close.
        if closed.status is not ReleaseStatus.RUNNING and not closed.announced:
            self._announce(closed)
            self.ledger.headers.mark_announced(closed)
        return closed

    def _free(self, release: Release, execution_arn: str) -> None:
        for name, pipeline in release.pipelines.items():
            # An attempt that did not run it must not hide a release that did since.
            ran_in = release.release_id if pipeline.ran_now else None
            unlock(self.ledger, self.step_functions, name, execution_arn, ran_in=ran_in)

    def _read(self, release_id: str) -> Release:
        release = self.ledger.get_release(release_id)
        if release is None:
            raise LookupError(f"there is no release {release_id}")
        return release

    def _announce(self, release: Release) -> None:
        detail = {
            "releaseId": release.release_id,
            "status": release.status.value,
            "why": release.why,
            "executionArn": release.execution_arn,
            "pipelines": {each.name: each.status.value for each in release.pipelines.values()},
        }
        self.bus.put(f"Release {release.status.value.capitalize()}", detail)
        log.info("release %s", release.status, extra={"release_id": release.release_id})


def _with_rollback(why: str, rollback: Rollback) -> str:
    text = str(rollback)
    return f"{why[: WHY_LIMIT - len(text) - 1]}\n{text}"


def _start_of_rollback(closed: Release, execution_arn: str) -> dict[str, str] | None:
    # A close that comes late, after a resume, has nothing to start.
    if closed.rolls_back_as is None or closed.execution_arn != execution_arn:
        return None
    return {
        "release_id": closed.rolls_back_as,
        "execution_name": rollback_name(closed.release_id, execution_arn),
    }
