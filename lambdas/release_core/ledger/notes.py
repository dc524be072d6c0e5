"""Writes that note what was seen of a pipeline's execution; the status of the pipeline stays."""

from collections.abc import Collection, Sequence
from typing import Any

from release_core.clock import to_iso
from release_core.domain.audit_texts import APPROVAL_ABANDONED, EDITED
from release_core.domain.automation import SkippedStage
from release_core.domain.manual_approvals import Answer
from release_core.domain.release import Pipeline
from release_core.ledger.audit import Author, shorten
from release_core.ledger.dynamodb import Item, Table, Update
from release_core.ledger.items import answer_item, pipeline_key, skipped_item


class Notes:
    """Writes notes to the pipelines of releases, each of them once."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def note_answer(self, release_id: str, pipeline: Pipeline, answer: Answer) -> None:
        """Record the answer to a manual approval; its author in the audit is who answered."""
        # Race: several functions see the same answer, or the release was resumed meanwhile.
        not_noted = "NOT contains(#answered, :key) AND #attempt = :attempt"
        entry = self._author.audit(
            str(answer), before=pipeline.status, after=pipeline.status, who=answer.by
        )
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                append={
                    "approvals": answer_item(answer),
                    "audit": {**entry, "at": to_iso(answer.at)},
                },
                add={"answered": answer.action_execution_id},
                condition=not_noted,
                values={"key": answer.action_execution_id, "attempt": pipeline.attempt},
            ),
        )

    def note_edit(self, release_id: str, pipeline: Pipeline, *, ran: int, current: int) -> None:
        """Record that the pipeline was edited while its execution ran, with both versions."""
        what = EDITED.around(f"its execution has version {ran}, the pipeline has {current}")
        self._note(release_id, pipeline, "edited_at", what)

    def plan_abandon(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that the stopped execution is to be abandoned, before CodePipeline is called."""
        self._note(release_id, pipeline, "abandon_planned_at", APPROVAL_ABANDONED.before)

    def note_stage_rollback(
        self, release_id: str, pipeline: Pipeline, *, stage: str | None, execution_id: str
    ) -> None:
        """Record the execution with which CodePipeline itself rolls a failed stage back."""
        what = f"CodePipeline rolls stage {stage or '?'} back (execution {execution_id})"
        self._note(release_id, pipeline, "stage_rollback", what, value=execution_id)

    def note_late_success(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that the execution succeeded after the pipeline had ended otherwise."""
        what = f"execution {pipeline.execution_id} succeeded later, after a retry in CodePipeline"
        self._note(release_id, pipeline, "late_success", what)

    def note_skipped(
        self, release_id: str, pipeline: Pipeline, skipped: Sequence[SkippedStage]
    ) -> None:
        """Record that the execution succeeded later, and which stages it skipped."""
        what = f"execution {pipeline.execution_id} succeeded later; {'; '.join(map(str, skipped))}"
        items = [skipped_item(each) for each in skipped]
        self._note(release_id, pipeline, "skipped_stages", shorten(what), value=items)

    def note_announcements(
        self, release_id: str, pipeline: Pipeline, what: Collection[str]
    ) -> None:
        """Record that these were announced of the pipeline or approval."""
        # Race: the release is resumed first. The next attempt has its own announcements.
        same_attempt = "#attempt = :attempt"
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                add={"announcements": frozenset(what)},
                condition=same_attempt,
                values={"attempt": pipeline.attempt},
            ),
        )

    def _note(
        self, release_id: str, pipeline: Pipeline, name: str, what: str, *, value: Any = None
    ) -> None:
        """Record a note and its audit entry; by default its value is the time."""
        # Race: several functions note the same.
        not_noted = f"attribute_not_exists(#{name})"
        # Race: the pipeline has ended, or was started over.
        same_execution = "#execution_id = :execution_id AND #status = :seen"
        put: Item = {name: value or self._author.now()}
        audit = self._author.audit(what, before=pipeline.status, after=pipeline.status)
        self._releases.update(
            pipeline_key(release_id, pipeline.name),
            Update(
                put=put,
                append={"audit": audit},
                condition=f"{same_execution} AND {not_noted}",
                values={"execution_id": pipeline.execution_id, "seen": pipeline.status.value},
            ),
        )
