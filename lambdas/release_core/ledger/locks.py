"""The pipelines table: the lock and the queue of each pipeline, and what last succeeded in it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from release_core.batches import batches
from release_core.clock import to_iso
from release_core.domain.queue import Lock, Place, Waiter
from release_core.domain.release import Pipeline
from release_core.domain.revisions import Shipped
from release_core.errors import ExecutionEnded, LedgerBusy
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import TRANSACTION_LIMIT, Item, Table, Update, write_together
from release_core.ledger.items import place_text, plain, pointer_key, read_lock, read_waiter
from release_core.ledger.opening_items import Opening, pending_entry

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_LOCK = ("held_by", "held_for", "held_since")
# Race: the execution ends, or another try of it opens the release, and its places are removed. A
# place that follows would block the queue, and an entry in the list would stay.
_STILL_OPENING = "attribute_not_exists(#ended) AND attribute_not_exists(#opens)"


class Locks:
    """The locks of pipelines: two releases never run a pipeline at the same time.

    A release that cannot lock all its pipelines has a place in the queues of all of them.
    """

    def __init__(
        self, client: "DynamoDBClient", pipelines: Table, releases: Table, author: Author
    ) -> None:
        self._client = client
        self._pipelines = pipelines
        self._releases = releases
        self._author = author

    def take(self, lock: Lock, mine: Place) -> Lock | None:
        """Take the lock, if its holder and its queue are still as they were read.

        ``lock`` is free, ours, or held by a workflow execution that has ended, and no living
        release has an earlier place. Returns None on success, otherwise the lock as it is now.
        """
        holder = lock.holder
        ended = holder if holder and holder.execution_arn != mine.execution_arn else None
        # Race: two releases take the lock. The first gets it, the second sees the holder.
        free_or_ours = "attribute_not_exists(#held_by) OR #held_by = :held_by"
        # Race: a third release replaces the ended holder first. Only that holder is replaced.
        same_ended = " OR #held_by = :ended" if ended else ""
        # Race: a release that came earlier gets its place first. Nobody overtakes it.
        same_queue = "#queue = :queue" if lock.queue else "attribute_not_exists(#queue)"
        values = {
            "ended": ended and ended.execution_arn,
            "queue": {place_text(place) for place in lock.queue} or None,
        }
        written = self._pipelines.update(
            {"pipeline": lock.pipeline},
            Update(
                put={
                    "held_by": mine.execution_arn,
                    "held_for": mine.release_id,
                    "held_since": self._author.now(),
                },
                # The ended holder may have run the pipeline, and its close cannot record that now.
                add={"taken_from": ended.release_id} if ended else {},
                condition=f"({free_or_ours}{same_ended}) AND {same_queue}",
                values=values,
            ),
        )
        return None if written.applied else read_lock(lock.pipeline, written.item)

    def free(
        self, pipeline: str, execution_arn: str, *, ran_in: str | None = None
    ) -> tuple[Place, ...]:
        """Free the lock if this workflow execution holds it.

        ``ran_in`` is the release that ran the pipeline, if one did. Returns the queue, or nothing
        while another release holds the lock.
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
        # Also when the lock was free already: an earlier try may have ended before the wake-up.
        return _queue_if_free(pipeline, written.item)

    def hold(self, opening: Opening) -> None:
        """Record that a release is held until its time; it has no place in any queue.

        Raises as ``enqueue`` does.
        """
        written = self._releases.update(
            pointer_key(opening.execution_arn),
            Update(put=pending_entry(opening), condition=_STILL_OPENING),
        )
        if not written.applied:
            raise _too_late(written.item, opening)

    def enqueue(self, pipelines: Iterable[str], opening: Opening) -> None:
        """Give a release its place in the queues of these pipelines.

        Raises ExecutionEnded when its workflow execution has ended, and LedgerBusy when another try
        has opened the release, or when another release writes to the same queues.
        """
        place = place_text(opening.place)
        for names in batches(sorted(pipelines), TRANSACTION_LIMIT - 1):
            noted = Update(
                put=pending_entry(opening),
                add={"waits_for": frozenset(names)},
                condition=_STILL_OPENING,
            )
            conflicts = write_together(
                self._client,
                [
                    self._releases.update_action(pointer_key(opening.execution_arn), noted),
                    *(
                        self._pipelines.update_action(
                            {"pipeline": name}, Update(add={"queue": place})
                        )
                        for name in names
                    ),
                ],
            )
            if conflicts:
                raise _too_late(conflicts[0] or {}, opening)

    def register_waiter(self, execution_arn: str, task_token: str) -> Waiter | None:
        """Record the task that waits; returns the places of its release, or None without any.

        Race: a pipeline becomes free meanwhile. This write comes before the locks are read, and a
        function that frees a lock reads the token afterwards. So one of the two sees the other.
        """
        written = self._releases.update(
            pointer_key(execution_arn), Update(put={"task_token": task_token})
        )
        return read_waiter(written.item)

    def note_announcement(self, execution_arn: str, what: str) -> None:
        """Record that this was announced of a release that waits to be opened."""
        # Race: the release is opened first, and its wait is over.
        still_waits = "attribute_exists(#listing)"
        self._releases.update(
            pointer_key(execution_arn),
            Update(add={"announcements": what}, condition=still_waits),
        )

    def remove_place(self, pipeline: str, place: Place) -> tuple[Place, ...]:
        """Remove a place; returns the queue, or nothing while a release holds the lock."""
        written = self._pipelines.update(
            {"pipeline": pipeline}, Update(subtract={"queue": place_text(place)})
        )
        return _queue_if_free(pipeline, written.item)

    def forget_waiter(self, waiter: Waiter) -> None:
        """Record that a workflow execution waits no more, and has no place in these queues."""
        # Race: another try adds places that are not removed yet.
        same_places = (
            "#waits_for = :waits_for" if waiter.pipelines else "attribute_not_exists(#waits_for)"
        )
        self._releases.update(
            pointer_key(waiter.place.execution_arn),
            Update(
                remove=["listing", "waits_for", "place", "task_token"],
                condition=same_places,
                values={"waits_for": set(waiter.pipelines) or None},
            ),
        )

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


def _too_late(item: Mapping[str, Any], opening: Opening) -> ExecutionEnded | LedgerBusy:
    if "ended" in item:
        return ExecutionEnded(f"{opening.execution_arn} ended before its release was opened")
    return LedgerBusy(f"another try has opened release {opening.manifest.release_id}")


def _queue_if_free(pipeline: str, item: Item) -> tuple[Place, ...]:
    return () if "held_by" in item else read_lock(pipeline, item).queue
