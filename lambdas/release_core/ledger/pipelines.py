"""Writes to one pipeline of a release: one method for each step, each safe to repeat.

Every condition is a named variable; the comment above it names the race that it closes. A write
that comes too late changes nothing and says so by its result. A status change and its audit entry
are one write to one item, so there is never one without the other.
"""

from dataclasses import replace

from release_core.clock import to_iso
from release_core.domain.execution import Change
from release_core.domain.release import Failure, Pipeline, PipelineStatus, RetryClaim
from release_core.domain.revisions import NOTHING, Shipped
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table, Update, Written
from release_core.ledger.items import (
    failure_item,
    pipeline_key,
    plain,
    read_pipeline,
    retry_item,
)


class Pipelines:
    """Writes to the pipelines of releases."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def register_token(self, release_id: str, pipeline: str, token: str) -> Pipeline | None:
        """Keep the token of the task that now waits; None when the release has no such pipeline.

        The token before it is dead, settled or not.
        """
        # A task of a release that was never opened must not make half a pipeline.
        pipeline_exists = "attribute_exists(#release_id)"
        written = self._releases.update(
            pipeline_key(release_id, pipeline),
            Update(
                put={"task_token": token, "token_registered_at": self._author.now()},
                add={"registrations": 1},
                remove=["settled_at"],
                condition=pipeline_exists,
            ),
        )
        return read_pipeline(written.item) if written.held else None

    def claim_start(self, release_id: str, pipeline: Pipeline, starter: str) -> bool:
        """Take the right to start a pipeline, as ``<function>/<invocation>``.

        It is taken over from a starter that died; ``starting_at`` stays the time of the first try.
        """
        # Two functions see the same pipeline, waiting or left half started: one of them gets it.
        no_other_try = (
            "attribute_not_exists(#started_by) "
            "OR #started_by = :tried_by AND #starting_registration = :tried"
        )
        at = self._author.now()
        written = self._change_status(
            release_id,
            pipeline,
            PipelineStatus.STARTING,
            what="start claimed",
            update=Update(
                put={
                    "starting_at": to_iso(pipeline.starting_at) if pipeline.starting_at else at,
                    "start_tried_at": at,
                    "starting_registration": pipeline.registrations,
                    "started_by": starter,
                },
                # Each function starts under its own name, and whatever died is searched by it.
                add={"starters": starter.partition("/")[0]},
                condition=no_other_try,
                values={
                    "tried_by": pipeline.started_by or "nobody",
                    "tried": pipeline.starting_registration,
                },
            ),
        )
        # A lost answer makes the SDK write twice: then it is our own claim that we find.
        return written.held or (
            written.item.get("status") == PipelineStatus.STARTING
            and written.item.get("started_by") == starter
        )

    def note_trouble(self, release_id: str, pipeline: Pipeline, trouble: str) -> None:
        """Keep why the pipeline could not be started yet, should that be the last that is heard."""
        # Another try may have started it meanwhile.
        still_ours = "#started_by = :starter"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"trouble": trouble},
                condition=still_ours,
                values={"starter": pipeline.started_by or "nobody"},
            ),
        )

    def bind_execution(self, release_id: str, pipeline: Pipeline, execution_id: str) -> None:
        """Record that the pipeline runs as this execution: STARTING becomes RUNNING."""
        # The starter and the event of the start both come here: the first one binds.
        unbound = "attribute_not_exists(#execution_id)"
        started_at = to_iso(pipeline.started_at) if pipeline.started_at else self._author.now()
        self._change_status(
            release_id,
            pipeline,
            PipelineStatus.RUNNING,
            what=f"started as {execution_id}",
            update=Update(
                put={"execution_id": execution_id, "started_at": started_at},
                remove=["trouble"],
                condition=unbound,
            ),
        )

    def claim_retry(
        self,
        release_id: str,
        pipeline: Pipeline,
        *,
        failed: Change,
        action: str,
        by: str,
        left: RetryClaim | None = None,
    ) -> bool:
        """Take one of the pipeline's retries for the failure of an attempt.

        Or take over, without counting it again, one that its claimant has left half done.
        """
        # Two functions see the same failure: one retries it, and it counts once.
        not_claimed = "attribute_not_exists(#retry) OR #retry.#attempt < :failed"
        # Two see the same claimant dead: only one goes on in its place.
        not_taken_over = (
            "#retry.#attempt = :failed AND #retry.#by = :left_by "
            "AND #retry.#registration = :left_registration"
        )
        # Between two failures somebody else may have retried: a stale count would allow one more.
        same_count = "(attribute_not_exists(#retried) OR #retried = :retried_before)"
        same_execution = "#execution_id = :execution_id AND #status = :running"
        number, taken = pipeline.retried + (left is None), "taken over" if left else "claimed"
        claim = RetryClaim(
            attempt=failed.attempt,
            action_execution_id=action,
            by=by,
            at=self._author.clock(),
            registration=pipeline.registrations,
        )
        written = self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"retry": retry_item(claim), "retried": number},
                append={
                    "audit": self._author.audit(
                        f"retry {number} of {pipeline.retries} {taken}",
                        before=pipeline.status,
                        after=pipeline.status,
                    )
                },
                condition=f"{same_execution} AND {same_count} AND "
                f"({not_taken_over if left else not_claimed})",
                values={
                    "failed": failed.attempt,
                    **(
                        {"left_by": left.by, "left_registration": left.registration} if left else {}
                    ),
                    "retried_before": pipeline.retried,
                    "execution_id": pipeline.execution_id,
                    "running": PipelineStatus.RUNNING.value,
                },
            ),
        )
        return written.held or written.item.get("retry") == retry_item(claim)

    def start_over(self, release_id: str, pipeline: Pipeline, starter: str) -> None:
        """Give up the pipeline's execution for a new one: RUNNING becomes STARTING again."""
        # Whoever comes second finds the execution gone and starts nothing.
        same_execution = "#execution_id = :execution_id"
        at = self._author.now()
        self._change_status(
            release_id,
            pipeline,
            PipelineStatus.STARTING,
            what=f"{pipeline.execution_id} cannot be retried: a new execution is started",
            update=Update(
                put={
                    "starting_at": at,
                    "start_tried_at": at,
                    "starting_registration": pipeline.registrations,
                    "started_by": starter,
                    "earlier_executions": [*pipeline.earlier_executions, pipeline.execution_id],
                },
                remove=["execution_id", "retry"],
                condition=same_execution,
                values={"execution_id": pipeline.execution_id},
            ),
        )

    def record_end(
        self,
        release_id: str,
        pipeline: Pipeline,
        status: PipelineStatus,
        *,
        ended_at: str | None = None,
        failure: Failure | None = None,
        shipped: Shipped = NOTHING,
    ) -> None:
        """Record how the pipeline ended, and why when it did not succeed."""
        # Events and looks report the same end: the first one is recorded. None is recorded of a
        # failure that somebody has claimed to retry since.
        not_retried = "attribute_not_exists(#retried) OR #retried = :retried"
        kept = shipped.kept
        self._change_status(
            release_id,
            pipeline,
            status,
            what=str(failure) if failure else f"ended{kept.remark}",
            update=Update(
                put={
                    "ended_at": ended_at or self._author.now(),
                    "failure": failure_item(failure) if failure else None,
                    "revisions": [plain(revision) for revision in kept.revisions] or None,
                    "resolved_variables": dict(kept.variables) or None,
                    "unrecorded_bytes": kept.unrecorded_bytes,
                },
                remove=[] if failure else ["failure"],
                condition=not_retried,
                values={"retried": pipeline.retried},
            ),
        )

    def plan_stop(self, release_id: str, pipeline: Pipeline, *, why: str, timed_out: bool) -> None:
        """Record why CodePipeline is about to be asked to stop the pipeline's execution."""
        # A stop that is asked for again is not told twice.
        not_planned = "attribute_not_exists(#stop_reason) OR #stop_reason <> :stop_reason"
        still_this_execution = "#execution_id = :execution_id AND #status = :running"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"stop_reason": why, "timed_out": timed_out or None},
                append={
                    "audit": self._author.audit(
                        f"to be stopped: {why}", before="RUNNING", after="RUNNING"
                    )
                },
                condition=f"{still_this_execution} AND ({not_planned})",
                values={"execution_id": pipeline.execution_id, "running": "RUNNING"},
            ),
        )

    def mark_stop_requested(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that CodePipeline has agreed to stop the pipeline's execution."""
        still_this_execution = "#execution_id = :execution_id"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"stop_requested_at": self._author.now()},
                condition=still_this_execution,
                values={"execution_id": pipeline.execution_id},
            ),
        )

    def mark_settled(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that the token has been resolved, or found dead."""
        # A newer token may have been registered meanwhile; that one is not settled.
        same_token = "#task_token = :token"  # noqa: S105  # a condition, not a secret
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"settled_at": self._author.now()},
                condition=same_token,
                values={"token": pipeline.task_token},
            ),
        )

    def _change_status(
        self, release_id: str, pipeline: Pipeline, to: PipelineStatus, *, what: str, update: Update
    ) -> Written:
        as_seen = "#status = :seen AND #attempt = :attempt"
        return self._releases.update(
            pipeline_key(release_id, pipeline.name),
            replace(
                update,
                put={"status": to.value, **update.put},
                append={"audit": self._author.audit(what, before=pipeline.status, after=to)},
                condition=f"{as_seen} AND ({update.condition})" if update.condition else as_seen,
                values={
                    "seen": pipeline.status.value,
                    "attempt": pipeline.attempt,
                    **update.values,
                },
            ),
        )
