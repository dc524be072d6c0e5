"""The pipelines table: which release holds a pipeline now, and what last succeeded in it."""

from release_core.clock import to_iso
from release_core.domain.release import LockHolder, Pipeline
from release_core.domain.revisions import Shipped
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Item, Table, Update
from release_core.ledger.items import lock_holder, plain

_HOLD = ("held_by", "held_for", "held_since")


class Locks:
    """Who holds which pipeline: two releases never drive one at once."""

    def __init__(self, pipelines: Table, author: Author) -> None:
        self._pipelines = pipelines
        self._author = author

    def take(
        self, pipeline: str, mine: LockHolder, *, dead: LockHolder | None = None
    ) -> LockHolder | None:
        """Take a pipeline that is free or ours, or whose holder is known to be dead.

        Answers None when it is ours now, otherwise who holds it.
        """
        # Two releases open at once: one takes the pipeline. The other sees who has it.
        free_or_ours = "attribute_not_exists(#held_by) OR #held_by = :held_by"
        # A holder that died is replaced only if it still is the one that was found dead.
        same_dead = " OR #held_by = :dead" if dead else ""
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                put={
                    "held_by": mine.execution_arn,
                    "held_for": mine.release_id,
                    "held_since": self._author.now(),
                },
                # Its close cannot tell any more that it has run the pipeline; it may not have.
                add={"taken_from": dead.release_id} if dead else {},
                condition=f"{free_or_ours}{same_dead}",
                values={"dead": dead.execution_arn} if dead else {},
            ),
        )
        if written.held:
            return None
        return lock_holder(written.item)

    def free(
        self, pipeline: str, execution_arn: str, *, ran_in: str | None = None
    ) -> list[tuple[str, str]]:
        """Give back a pipeline that this execution holds; ``ran_in`` is the release that ran it.

        Answers the executions that wait for it, each with the token of its task.
        """
        # By now the pipeline may be another's: only our own hold is given back.
        still_ours = "#held_by = :execution_arn"
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                put={"latest_release": ran_in},
                # Whoever ran it after those that died is the latest now.
                remove=[*_HOLD, "taken_from"] if ran_in else _HOLD,
                condition=still_ours,
                values={"execution_arn": execution_arn},
            ),
        )
        # Free already: our first try may have died before it woke who waits.
        return [] if "held_by" in written.item else _waiters(written.item)

    def wait(self, pipeline: str, task_token: str, *, execution_arn: str) -> bool:
        """Note that a task waits for the pipeline; False when no other execution holds it.

        Whoever frees the pipeline later finds the token; whoever freed it before is seen here.
        """
        held_by_another = "attribute_exists(#held_by) AND #held_by <> :execution_arn"
        written = self._pipelines.update(
            {"pipeline": pipeline},
            Update(
                add={"waiting": f"{execution_arn} {task_token}"},
                condition=held_by_another,
                values={"execution_arn": execution_arn},
            ),
        )
        # An execution waits with one token: those of its earlier tries are dead, and add up.
        for waiter, token in _waiters(written.item):
            if written.held and waiter == execution_arn and token != task_token:
                self.wait_no_more(pipeline, waiter, token)
        return written.held

    def wait_no_more(self, pipeline: str, waiter: str, task_token: str) -> None:
        """Forget a token that has been woken or has died."""
        member = f"{waiter} {task_token}"
        self._pipelines.update({"pipeline": pipeline}, Update(subtract={"waiting": member}))

    def record_last_good(self, release_id: str, pipeline: Pipeline, shipped: Shipped) -> None:
        """Keep what succeeded last for the pipeline, as the state to return to."""
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
        # A success may be heard of late: what was started before does not replace it.
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
