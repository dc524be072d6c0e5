"""Writes to one pipeline of a release: one method for each step, each safe to repeat.

Every condition is a named variable, and the comment above it names the race that it closes. A write
that comes too late changes nothing. A status change and its audit entry are one write.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from release_core.clock import to_iso
from release_core.domain.audit_texts import RETRY_CLAIMED, STARTED_OVER, STOP_PLANNED
from release_core.domain.automation import SkippedStage
from release_core.domain.execution import Change
from release_core.domain.release import Failure, Pipeline, PipelineStatus, RetryClaim
from release_core.domain.revisions import NOTHING, Shipped
from release_core.ledger.audit import Author, shorten
from release_core.ledger.dynamodb import Item, Table, Update, Written
from release_core.ledger.hold_items import held_as_seen
from release_core.ledger.items import (
    failure_item,
    pipeline_key,
    plain,
    read_pipeline,
    retry_item,
    skipped_item,
)

# What is on record while a start is put off.
_PUT_OFF = ("start_again_at", "start_tried_until", "start_refusals")


class Pipelines:
    """Writes to the pipelines of releases."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def register_token(
        self,
        release_id: str,
        pipeline: str,
        token: str,
        *,
        looks_at: datetime,
        attempt: int | None = None,
        waits_since: datetime | None = None,
    ) -> Pipeline | None:
        """Record the task token that now waits; the token before it is no longer valid.

        The task ``looks_at`` its pipeline by itself then. Returns the pipeline, which is unchanged
        if it is in another attempt than this one, or if a later task waits than the one that
        ``waits_since`` this moment; or None when the release has no such pipeline.
        """
        # A task of a release that was never opened must not create half a pipeline.
        pipeline_exists = "attribute_exists(#release_id)"
        # Race: the release is resumed while a task of its stopped workflow execution still runs.
        same_attempt = " AND #attempt = :attempt" if attempt else ""
        # Race: the function of a task that has timed out comes after that of the next task.
        no_later_task = (
            " AND (attribute_not_exists(#waits_since) OR #waits_since <= :waits_since)"
            if waits_since
            else ""
        )
        written = self._releases.update(
            pipeline_key(release_id, pipeline),
            Update(
                put={
                    "task_token": token,
                    "token_registered_at": self._author.now(),
                    "looks_at": to_iso(looks_at),
                    "waits_since": to_iso(waits_since) if waits_since else None,
                },
                add={"registrations": 1},
                remove=["settled_at"],
                condition=pipeline_exists + same_attempt + no_later_task,
                values={"attempt": attempt} if attempt else {},
            ),
        )
        return read_pipeline(written.item) if written.item else None

    def unblock(self, release_id: str, dependent: str, by: Pipeline) -> Pipeline | None:
        """Record that one of the pipelines has succeeded that this one depends on.

        Returns the dependent pipeline; None when the release has no such pipeline.
        """
        # An update without this condition would create half a pipeline.
        pipeline_exists = "attribute_exists(#release_id)"
        written = self._releases.update(
            pipeline_key(release_id, dependent),
            Update(subtract={"blocked_by": str(by.position)}, condition=pipeline_exists),
        )
        return read_pipeline(written.item) if written.item else None

    def claim_start(self, release_id: str, pipeline: Pipeline, starter: str) -> Pipeline | None:
        """Claim the start of a pipeline; ``starter`` is ``<function>/<invocation>``.

        Also takes over the claim of a starter that is gone. ``starting_at`` stays the time of the
        first try. Returns the claimed pipeline, or None when another function was faster.
        """
        # Race: two functions start the same pipeline, or take over the same start. One gets it.
        no_other_try = (
            "attribute_not_exists(#started_by) "
            "OR #started_by = :tried_by AND #starting_registration = :tried"
        )
        # Race: another function holds the pipeline since it was read, and has freed its slot.
        as_read, held = held_as_seen(pipeline)
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
                remove=["held"],
                # A search for an unrecorded start looks for executions that these functions made.
                add={"starters": starter.partition("/")[0]},
                condition=f"({no_other_try}) AND {as_read}",
                values={
                    "tried_by": pipeline.started_by or "nobody",
                    "tried": pipeline.starting_registration,
                    **held,
                },
            ),
        )
        # When a response is lost, the SDK writes again and finds our own claim.
        claimed = written.applied or (
            written.item.get("status") == PipelineStatus.STARTING
            and written.item.get("started_by") == starter
        )
        return read_pipeline(written.item) if claimed else None

    def ask(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that people are asked for an approval: WAITING becomes RUNNING."""
        self._change_status(
            release_id,
            pipeline,
            PipelineStatus.RUNNING,
            what="asked",
            update=Update(put={"asked_at": self._author.now()}),
        )

    def stop_asking(
        self, release_id: str, pipeline: Pipeline, *, why: str, timed_out: bool
    ) -> None:
        """Record that an approval takes no more votes, and why, before it ends because of that.

        The end of an approval may halt its release, and the halt is written before the end.
        """
        # Race: a person answers first. The vote counts, and the reason may not be true any more.
        as_read, read = _no_other_vote(pipeline)
        # Race: the approval has ended, or is asked again in the next attempt.
        still_asked = "#status = :running AND #attempt = :attempt"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={
                    "stop_reason": why,
                    "timed_out": timed_out or None,
                },
                condition=f"{still_asked} AND {as_read}",
                values={
                    **read,
                    "running": PipelineStatus.RUNNING.value,
                    "attempt": pipeline.attempt,
                },
            ),
        )

    def put_off_start(
        self,
        release_id: str,
        pipeline: Pipeline,
        *,
        why: str,
        again_at: datetime,
        tried_until: datetime,
    ) -> None:
        """Record why the pipeline could not be started now, and when and until when it is tried."""
        # Race: another try starts the pipeline first.
        still_ours = "#started_by = :starter AND attribute_not_exists(#execution_id)"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={
                    "trouble": shorten(why),
                    "start_again_at": to_iso(again_at),
                    "start_tried_until": to_iso(tried_until),
                },
                add={"start_refusals": 1},
                condition=still_ours,
                values={"starter": pipeline.started_by or "nobody"},
            ),
        )

    def record_look_time(self, release_id: str, pipeline: Pipeline, looks_at: datetime) -> None:
        """Record that the task of the pipeline was sent back, and when it looks now."""
        # Race: the task has returned with another token. That one has its own time.
        same_token = "#task_token = :token"  # noqa: S105  # a condition, not a secret
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"looks_at": to_iso(looks_at)},
                condition=same_token,
                values={"token": pipeline.task_token},
            ),
        )

    def give_up(self, release_id: str, pipeline: Pipeline, why: str) -> None:
        """Record that the workflow has given up the task of the pipeline, and why."""
        # Race: the release is resumed. The task of the earlier attempt does not count.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"given_up": shorten(why)},
                condition=same_attempt,
                values={"attempt": pipeline.attempt},
            ),
        )

    def bind_execution(
        self, release_id: str, pipeline: Pipeline, execution_id: str
    ) -> Pipeline | None:
        """Record that the pipeline runs as this execution: STARTING becomes RUNNING.

        Returns the pipeline, or None when it has changed since it was read.
        """
        # Race: the starter and the event of the start both bind the execution. The first one does.
        unbound = "attribute_not_exists(#execution_id)"
        started_at = to_iso(pipeline.started_at) if pipeline.started_at else self._author.now()
        written = self._change_status(
            release_id,
            pipeline,
            PipelineStatus.RUNNING,
            what=f"started as {execution_id}",
            update=Update(
                put={"execution_id": execution_id, "started_at": started_at},
                remove=["trouble", *_PUT_OFF],
                condition=unbound,
            ),
        )
        return read_pipeline(written.item) if written.applied else None

    def claim_retry(
        self,
        release_id: str,
        pipeline: Pipeline,
        *,
        failed: Change,
        action: str,
        by: str,
        takes_over: RetryClaim | None = None,
    ) -> bool:
        """Claim one of the pipeline's retries, for the failure of this attempt.

        A claim that was not completed can be taken over; it is not counted again.
        """
        # Race: two functions see the same failure. One retries it, and it counts once.
        not_claimed = "attribute_not_exists(#retry) OR #retry.#attempt < :failed"
        claimed: Item = {}
        if takes_over:
            # Race: two functions take over the same claim. Only one does.
            not_claimed = (
                "#retry.#attempt = :failed AND #retry.#by = :claimed_by "
                "AND #retry.#registration = :claimed_registration"
            )
            claimed = {"claimed_by": takes_over.by, "claimed_registration": takes_over.registration}
        # Race: another retry is claimed in between. A stale count would allow one retry too many.
        same_count = "(attribute_not_exists(#retried) OR #retried = :retried_before)"
        # Race: the workflow gives the task up. What is given up is not retried.
        not_given_up = "attribute_not_exists(#given_up)"
        # Race: the pipeline has ended, or was started over.
        same_execution = "#execution_id = :execution_id AND #status = :running"
        number = pipeline.retried + (takes_over is None)
        count = f"{number} of {pipeline.retries}"
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
                        f"retry {count} taken over" if takes_over else RETRY_CLAIMED.around(count),
                        before=pipeline.status,
                        after=pipeline.status,
                    )
                },
                condition=(
                    f"{same_execution} AND {same_count} AND {not_given_up} AND ({not_claimed})"
                ),
                values={
                    **claimed,
                    "failed": failed.attempt,
                    "retried_before": pipeline.retried,
                    "execution_id": pipeline.execution_id,
                    "running": PipelineStatus.RUNNING.value,
                },
            ),
        )
        return written.applied or written.item.get("retry") == retry_item(claim)

    def start_over(self, release_id: str, pipeline: Pipeline, starter: str) -> None:
        """Replace the pipeline's execution by a new one: RUNNING becomes STARTING again."""
        # Race: two functions start the pipeline over. The second finds another execution.
        same_execution = "#execution_id = :execution_id"
        at = self._author.now()
        self._change_status(
            release_id,
            pipeline,
            PipelineStatus.STARTING,
            what=STARTED_OVER.around(str(pipeline.execution_id)),
            update=Update(
                put={
                    "starting_at": at,
                    "start_tried_at": at,
                    "starting_registration": pipeline.registrations,
                    "started_by": starter,
                    "earlier_executions": [*pipeline.earlier_executions, pipeline.execution_id],
                },
                remove=["execution_id", "retry", "edited_at", "abandon_planned_at", *_PUT_OFF],
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
        skipped: Sequence[SkippedStage] = (),
    ) -> Pipeline | None:
        """Record how the pipeline ended; ``failure`` says why it did not succeed.

        Returns the pipeline, or None when it has changed since it was read.
        """
        # Race: an event and a look report the same end. The first one is recorded.
        # Race: a retry of the failure is claimed first. Then the failure is no end.
        as_read = "attribute_not_exists(#retried) OR #retried = :retried"
        read: Item = {"retried": pipeline.retried}
        if pipeline.approval:
            # Race: a person answers first. A vote that is on record counts.
            as_read, read = _no_other_vote(pipeline)
        kept = shipped.kept
        written = self._change_status(
            release_id,
            pipeline,
            status,
            what=str(failure)
            if failure
            else "; ".join(["ended", *map(str, skipped)]) + kept.remark,
            update=Update(
                put={
                    "ended_at": ended_at or self._author.now(),
                    "failure": failure_item(failure) if failure else None,
                    "revisions": [plain(revision) for revision in kept.revisions] or None,
                    "resolved_variables": dict(kept.variables) or None,
                    "unrecorded_bytes": kept.unrecorded_bytes,
                    "skipped_stages": [skipped_item(stage) for stage in skipped] or None,
                },
                remove=["held"] if failure else ["held", "failure"],
                condition=as_read,
                values=read,
            ),
        )
        return read_pipeline(written.item) if written.applied else None

    def plan_stop(self, release_id: str, pipeline: Pipeline, *, why: str, timed_out: bool) -> None:
        """Record why the pipeline's execution is to be stopped, before CodePipeline is called."""
        # Race: the stop is repeated. The audit has one entry for it.
        not_planned = "attribute_not_exists(#stop_reason) OR #stop_reason <> :stop_reason"
        # Race: the pipeline has ended, or was started over.
        still_this_execution = "#execution_id = :execution_id AND #status = :running"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put={"stop_reason": why, "timed_out": timed_out or None},
                append={
                    "audit": self._author.audit(
                        STOP_PLANNED.around(why), before="RUNNING", after="RUNNING"
                    )
                },
                condition=f"{still_this_execution} AND ({not_planned})",
                values={"execution_id": pipeline.execution_id, "running": "RUNNING"},
            ),
        )

    def mark_stop_requested(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that CodePipeline accepted the stop of the pipeline's execution."""
        # Race: the pipeline was started over.
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
        """Record that the task token was settled, or is no longer valid."""
        # Race: a newer token is registered first. That token is not settled.
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
        # Race: the pipeline has changed, or the release was resumed, since it was read.
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


def _no_other_vote(pipeline: Pipeline) -> tuple[str, Item]:
    """The condition that an approval has just the votes that were read, and its values."""
    count = len(pipeline.approval.votes) if pipeline.approval else 0
    if not count:
        return "attribute_not_exists(#votes)", {}
    return "size(#votes) = :votes_read", {"votes_read": count}
