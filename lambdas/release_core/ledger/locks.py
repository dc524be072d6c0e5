"""The pipelines table: the lock of each pipeline, and what last succeeded in it."""

from release_core.clock import to_iso
from release_core.domain.release import LockHolder, Pipeline
from release_core.domain.revisions import Shipped
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Item, Table, Update
from release_core.ledger.items import lock_holder, plain

_LOCK = ("held_by", "held_for", "held_since")


class Locks:
    """The locks of pipelines: two releases never run a pipeline at the same time."""

    def __init__(self, pipelines: Table, author: Author) -> None:
        self._pipelines = pipelines
        self._author = author

    def take(
        self, pipeline: str, mine: LockHolder, *, ended: LockHolder | None = None
    ) -> LockHolder | None:
        """Take the lock if it is free, ours, or held by ``ended``, whose workflow has ended.

        Returns None on success, otherwise the holder.
        """
        # Race: two releases take the lock. The first gets it, the second sees the holder.
        free_or_ours = "attribute_not_exists(#held_by) OR #held_by = :held_by"
        # Race: a third release replaces the ended holder first. Only that holder is replaced.
        same_ended = " OR #held_by = :ended" if ended else ""
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                put={
                    "held_by": mine.execution_arn,
                    "held_for": mine.release_id,
                    "held_since": self._author.now(),
                },
                # The ended holder may have run the pipeline, and its close cannot record that now.
                add={"taken_from": ended.release_id} if ended else {},
                condition=f"{free_or_ours}{same_ended}",
                values={"ended": ended.execution_arn} if ended else {},
            ),
        )
        if written.applied:
            return None
        return lock_holder(written.item)

    def free(
        self, pipeline: str, execution_arn: str, *, ran_in: str | None = None
    ) -> list[tuple[str, str]]:
        """Free the lock if this workflow execution holds it.

        ``ran_in`` is the release that ran the pipeline, if one did. Returns the workflow executions
        that wait for the lock, each with its task token; empty while another release holds it.
        """
        # Race: another release has the lock by now. Only our own lock is freed.
        still_ours = "#held_by = :execution_arn"
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                put={"latest_release": ran_in},
                # This release ran the pipeline later than all ended holders.
                remove=[*_LOCK, "taken_from"] if ran_in else _LOCK,
                condition=still_ours,
                values={"execution_arn": execution_arn},
            ),
        )
        # Also when the lock was free already: an earlier try may have ended before the wake-ups.
        return [] if "held_by" in written.item else _waiters(written.item)

    def add_waiter(self, pipeline: str, task_token: str, *, execution_arn: str) -> bool:
        """Record that a task waits for the lock; False when no other execution holds it."""
        # Race: the holder frees the lock. If that comes later, the holder finds the token; if that
        # came first, this write changes nothing.
        held_by_another = "attribute_exists(#held_by) AND #held_by <> :execution_arn"
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                add={"waiting": f"{execution_arn} {task_token}"},
                condition=held_by_another,
                values={"execution_arn": execution_arn},
            ),
        )
        # An execution waits with one token; tokens of its earlier tries are invalid and add up.
        for waiter, token in _waiters(written.item):
            if written.applied and waiter == execution_arn and token != task_token:
                self.remove_waiter(pipeline, waiter, token)
        return written.applied

    def remove_waiter(self, pipeline: str, waiter: str, task_token: str) -> None:
        """Remove a task token that was used or is no longer valid."""
        member = f"{waiter} {task_token}"
        self._pipelines.update({"pipeline": pipeline}, Update(subtract={"waiting": member}))

    def record_last_good(self, release_id: str, pipeline: Pipeline, shipped: Shipped) -> None:
        """Record what last succeeded in the pipeline, as the state for a rollback to restore."""
        now = self._author.now()
        started = to_iso(pipeline.starting_at) if pipeline.starting_at else now
        kept = shipped.kept
        last_good: Item = {
            "release_id": release_id,
            "execution_id": pipeline.execution_id,
            "revisions": [plain(revision) for revision in kept.revisions],
            "variables": dict(kept.variables),
            "at": now,
        }
        if kept.unrecorded_bytes:
            last_good["unrecorded_bytes"] = kept.unrecorded_bytes
        # Race: the success of an older execution is recorded late. It does not replace a newer one.
        not_newer = "attribute_not_exists(#last_good_started) OR #last_good_started <= :started"
        self._pipelines.update(
            {"pipeline": pipeline.name},
            Update(
                put={"last_good": last_good, "last_good_started": started},
                condition=not_newer,
                values={"started": started},
            ),
        )


def _waiters(item: Item) -> list[tuple[str, str]]:
    found = (member.partition(" ") for member in sorted(item.get("waiting", ())))
    return [(waiter, token) for waiter, _, token in found]
