"""Writes to the header of a release: its slots, its halt, its end."""

from release_core.domain.release import Release, ReleaseStatus
from release_core.ledger.audit import Author, shorten
from release_core.ledger.dynamodb import Table, Update
from release_core.ledger.items import header_key, pointer_key


class Headers:
    """Writes to the headers of releases; each is safe to repeat."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def claim_slot(self, release: Release, pipeline: str) -> bool:
        """Take one of the release's ``max_concurrency`` slots for a pipeline; False without one.

        A pipeline that has a slot keeps it.
        """
        # Many functions advance at once: the header's own count admits no more than it may.
        is_free = "attribute_not_exists(#in_flight) OR size(#in_flight) < :limit"
        is_ours = "contains(#in_flight, :pipeline)"
        # A halt, a close or a resume that came first is seen here, in the same write.
        still_open = (
            "#status = :running AND #attempt = :attempt AND attribute_not_exists(#halted_by)"
        )
        written = self._releases.update(
            header_key(release.release_id),
            Update(
                add={"in_flight": pipeline},
                condition=f"{still_open} AND ({is_free} OR {is_ours})",
                values={
                    "running": ReleaseStatus.RUNNING.value,
                    "attempt": release.attempt,
                    "limit": release.max_concurrency,
                    "pipeline": pipeline,
                },
            ),
        )
        return written.held

    def free_slot(self, release: Release, pipeline: str) -> None:
        """Give back the slot of a pipeline that has ended."""
        # The release may have been resumed since, and the slot be the next attempt's.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                subtract={"in_flight": pipeline},
                condition=same_attempt,
                values={"attempt": release.attempt},
            ),
        )

    def halt(self, release: Release, pipeline: str) -> None:
        """Start nothing more in this attempt, because of this pipeline."""
        # The first pipeline that did not succeed halts the release; and the end of an earlier
        # attempt's pipeline, recorded late, halts no attempt that was opened since.
        not_halted = "attribute_not_exists(#halted_by) AND #attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"halted_by": pipeline},
                append={
                    "audit": self._author.audit(
                        f"halted: {pipeline} did not succeed",
                        before=ReleaseStatus.RUNNING,
                        after=ReleaseStatus.RUNNING,
                    )
                },
                condition=not_halted,
                values={"attempt": release.attempt},
            ),
        )

    def note_refusal(self, release_id: str, rollback_id: str, why: str) -> None:
        """Tell in the audit of a release that its rollback was refused, and why."""
        what = shorten(f"its rollback {rollback_id} was refused: {why}")
        header_exists = "attribute_exists(#status)"
        for found in self._releases.get_all([header_key(release_id)]):
            # The refusal may be repeated by a try that does not know of the first one.
            if all(each["what"] != what for each in found["audit"]):
                self._releases.update(
                    header_key(release_id),
                    Update(
                        append={
                            "audit": self._author.audit(
                                what, before=found["status"], after=found["status"]
                            )
                        },
                        condition=header_exists,
                    ),
                )

    def close(
        self,
        release_id: str,
        status: ReleaseStatus,
        *,
        why: str,
        execution_arn: str,
        rolls_back_as: str | None = None,
    ) -> None:
        """Close the release that this execution runs; one that is closed stays as it is.

        ``rolls_back_as`` is the release that the workflow is about to start to roll it back.
        """
        # The machine's own close and a stop by hand can meet: the first one is the outcome. And
        # a late event of an earlier attempt's execution must not close the attempt that runs now.
        running = "#status = :running AND #execution_arn = :execution_arn"
        self._releases.update(
            header_key(release_id),
            Update(
                put={
                    "status": status.value,
                    "closed_at": self._author.now(),
                    "why": why,
                    "rolls_back_as": rolls_back_as,
                },
                append={
                    "audit": self._author.audit(why, before=ReleaseStatus.RUNNING, after=status)
                },
                condition=running,
                values={"running": ReleaseStatus.RUNNING.value, "execution_arn": execution_arn},
            ),
        )

    def add_to_why(self, release: Release, said: str) -> None:
        """Add to the reason of a closed release what became known after its close."""
        # Several may hear of it at once, and a rollback or a resume may have come meanwhile.
        as_seen = "#attempt = :attempt AND #why = :seen AND attribute_not_exists(#rolled_back_by)"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"why": f"{release.why}\n{said}"},
                append={
                    "audit": self._author.audit(said, before=release.status, after=release.status)
                },
                condition=as_seen,
                values={"attempt": release.attempt, "seen": release.why},
            ),
        )

    def mark_announced(self, release: Release) -> None:
        """Record that the outcome of this attempt has been announced."""
        # By now the release may have been opened again; that attempt has its own announcement.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"announced_at": self._author.now()},
                condition=same_attempt,
                values={"attempt": release.attempt},
            ),
        )

    def end_execution(self, execution_arn: str, how: str) -> str | None:
        """Record that a workflow execution was ended from outside; answers the release it opened.

        From here on it can open none: the claim of open_release is conditional on this record.
        """
        written = self._releases.update(
            pointer_key(execution_arn),
            Update(put={"ended": how, "ended_at": self._author.now()}),
        )
        opens = written.item.get("opens")
        return opens if isinstance(opens, str) else None
