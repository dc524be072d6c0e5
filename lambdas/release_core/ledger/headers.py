"""Writes to the header of a release: its slots, its halt and its close."""

from release_core.domain.holds import Override
from release_core.domain.release import Release, ReleaseStatus
from release_core.ledger.audit import Author, shorten
from release_core.ledger.dynamodb import Table, Update
from release_core.ledger.hold_items import override_item
from release_core.ledger.items import header_key, pointer_key, read_header


class Headers:
    """Writes to the headers of releases; each is safe to repeat."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def claim_slot(self, release: Release, pipeline: str) -> bool:
        """Take one of the release's ``max_concurrency`` slots; False when none is free.

        A pipeline that has a slot keeps it.
        """
        # Race: several functions take the last slot. The size of the set in the header decides.
        is_free = "attribute_not_exists(#in_flight) OR size(#in_flight) < :limit"
        is_ours = "contains(#in_flight, :pipeline)"
        # Race: the release is halted, closed or resumed first. The same write checks that.
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
        return written.applied

    def free_slot(self, release: Release, pipeline: str) -> Release:
        """Free the slot of a pipeline that has ended; returns the header."""
        # Race: the release is resumed first, and the slot belongs to the next attempt.
        same_attempt = "#attempt = :attempt"
        written = self._releases.update(
            header_key(release.release_id),
            Update(
                subtract={"in_flight": pipeline},
                condition=same_attempt,
                values={"attempt": release.attempt},
            ),
        )
        return read_header(written.item)

    def halt(self, release: Release, pipeline: str) -> None:
        """Halt the release because of this pipeline: this attempt starts nothing more."""
        # Race: two pipelines fail. The first one halts the release.
        # Race: the release is resumed first. A late end of the earlier attempt does not halt it.
        not_halted = "attribute_not_exists(#halted_by) AND #attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"halted_by": pipeline, "failing_at": self._author.now()},
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

    def note_failing(self, release: Release, pipeline: str) -> None:
        """Record the first pipeline that did not succeed, of a release that is not halted by it."""
        # Race: two pipelines fail. The first one is announced.
        # Race: the release is resumed first. A late end of the earlier attempt is no news of it.
        is_first = "attribute_not_exists(#failing_by) AND #attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"failing_by": pipeline, "failing_at": self._author.now()},
                condition=is_first,
                values={"attempt": release.attempt},
            ),
        )

    def note_announcement(self, release: Release, what: str) -> None:
        """Record that this was announced of the attempt, so that it is not announced again."""
        # Race: the release is resumed first. The next attempt has its own announcements.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                add={"announcements": what},
                condition=same_attempt,
                values={"attempt": release.attempt},
            ),
        )

    def override(self, release_id: str, override: Override) -> Release | None:
        """Record that freezes and calendars hold this attempt of the release no more.

        Returns the release as it is after that, or None if there is none. A release that is closed,
        or that has an override, does not change.
        """
        # Race: the release is closed, or another person overrides first, which is recorded.
        still_held = "#status = :running AND attribute_not_exists(#override)"
        running = ReleaseStatus.RUNNING
        written = self._releases.update(
            header_key(release_id),
            Update(
                put={"override": override_item(override)},
                append={
                    "audit": self._author.audit(
                        f"freezes and calendars are overridden: {override.reason}",
                        before=running,
                        after=running,
                        who=override.by,
                    )
                },
                condition=still_held,
                values={"running": running.value},
            ),
        )
        return read_header(written.item) if written.item else None

    def note_refusal(self, release_id: str, rollback_id: str, why: str) -> None:
        """Record in the audit of a release that its rollback was refused, and why."""
        what = shorten(f"rollback {rollback_id} was refused: {why}")
        header_exists = "attribute_exists(#status)"
        for found in self._releases.get_all([header_key(release_id)]):
            # A retry of the function refuses the same rollback again.
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
    ) -> bool:
        """Close the release of this workflow execution; a closed release does not change.

        ``rolls_back_as`` is the id of the rollback that the workflow starts next. Returns whether
        this write closed it.
        """
        # Race: the workflow closes the release while a user stops it. The first close decides.
        # Race: a late event of an earlier attempt's execution. It must not close this attempt.
        running = "#status = :running AND #execution_arn = :execution_arn"
        written = self._releases.update(
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
        return written.applied

    def add_to_why(self, release: Release, text: str) -> None:
        """Add a line to the reason of a closed release."""
        # Race: two functions add the same line, or the release is resumed or rolled back first.
        as_seen = "#attempt = :attempt AND #why = :seen AND attribute_not_exists(#rolled_back_by)"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"why": f"{release.why}\n{text}"},
                append={
                    "audit": self._author.audit(text, before=release.status, after=release.status)
                },
                condition=as_seen,
                values={"attempt": release.attempt, "seen": release.why},
            ),
        )

    def mark_announced(self, release: Release) -> None:
        """Record that the outcome of this attempt was announced."""
        # Race: the release is resumed first. The next attempt has its own announcement.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            header_key(release.release_id),
            Update(
                put={"announced_at": self._author.now()},
                condition=same_attempt,
                values={"attempt": release.attempt},
            ),
        )

    def record_workflow_end(self, execution_arn: str, status: str) -> str | None:
        """Record that a workflow execution has ended; return the id of the release it opened.

        Race: the execution is stopped while it opens a release. The claim of the release id is
        conditional on this record, so after this write the execution opens no release.
        """
        written = self._releases.update(
            pointer_key(execution_arn),
            Update(put={"ended": status, "ended_at": self._author.now()}),
        )
        opens = written.item.get("opens")
        return opens if isinstance(opens, str) else None
