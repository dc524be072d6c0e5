"""The recent history of a pipeline: what is live, and what was rolled back; pure."""

from collections.abc import Iterator, Mapping, Sequence

from release_core.domain.execution import Execution
from release_core.domain.live import Live, RolledBack
from release_core.domain.past_execution import PastExecution
from release_core.domain.release import Release
from release_core.domain.revisions import Good
from release_core.immutable import Immutable


class History(Immutable):
    """The executions of a pipeline, the newest first, with the releases that started them.

    ``records`` has the record of each execution that a release has started, ``headers`` these
    releases without their pipelines, as far as they are on record.
    """

    executions: Sequence[PastExecution]
    records: Mapping[str, Execution]
    headers: Mapping[str, Release]

    @property
    def succeeded(self) -> list[PastExecution]:
        """The executions that succeeded, the latest success first."""
        # In PARALLEL mode, or after a retry, the execution that began first may end last.
        return sorted(
            (each for each in self.executions if each.succeeded),
            key=lambda each: each.updated_at,
            reverse=True,
        )

    def find(self, execution_id: str) -> PastExecution | None:
        """The execution with this id, if it is recent."""
        return next((each for each in self.executions if each.execution_id == execution_id), None)

    def owner_of(self, execution_id: str) -> str | None:
        """The release that has started an execution, if one has."""
        record = self.records.get(execution_id)
        return record.release_id if record else None

    def good_of(self, each: PastExecution) -> Good:
        """What an execution that succeeded has shipped, as the list shows it."""
        return Good(
            release_id=self.owner_of(each.execution_id),
            execution_id=each.execution_id,
            at=each.updated_at,
            revisions=each.revisions,
        )

    def live(self, pipeline: str, good: Good, *, rollback: PastExecution | None = None) -> Live:
        """What is live, if it is ``good``: by itself, or since CodePipeline went back to it."""
        shown_by = rollback or self.find(good.execution_id)
        since = shown_by.updated_at if shown_by else good.at
        header = self.headers.get(good.release_id or "")
        by_release = good.release_id is not None and rollback is None
        started_by = shown_by.started_by if shown_by and not by_release else None
        return Live(
            pipeline=pipeline,
            good=good,
            since=since,
            by=self._requester(header, good) if by_release and header else started_by,
            trigger=shown_by.trigger if shown_by and not by_release else None,
            restored_by=rollback.execution_id if rollback else None,
        )

    def _requester(self, release: Release, good: Good) -> str | None:
        """Who asked for the attempt of the release that has shipped this, if that is certain."""
        record = self.records.get(good.execution_id)
        attempt = record.attempt if record else None
        if attempt == 1 or release.attempt == 1:
            return release.requester
        # Who asks without a name is not in the list, so only a complete list tells who came when.
        all_known = len(release.requesters) == release.attempt
        return release.requesters[attempt - 1] if attempt and all_known else None

    def undone(self) -> tuple[RolledBack, ...]:
        """The revisions that were rolled back and have not been shipped again since."""
        undone = self._undone_executions()
        found: dict[tuple[str, str], RolledBack | None] = {}
        for each in self.executions:
            rollback = undone.get(each.execution_id)
            if rollback is None and not each.succeeded:
                continue  # it has neither shipped its revisions nor were they rolled back
            for action, revision in self._revisions(each).items():
                # The newest execution with a revision says whether it may be shipped again.
                by = self._by(rollback, each, action, revision) if rollback else None
                found.setdefault((action, revision), by)
        return tuple(each for each in found.values() if each)

    def _undone_executions(self) -> dict[str, PastExecution]:
        """The executions that were rolled back, each with the execution that did so last."""
        undone: dict[str, PastExecution] = {}
        for number, each in enumerate(self.executions):
            if not each.succeeded or not self._rolls_back(each):
                continue
            for older in self._between(each, self.executions[number + 1 :]):
                undone.setdefault(older.execution_id, each)
        return undone

    def _rolls_back(self, each: PastExecution) -> bool:
        return each.rollback_to is not None or self._release_rolled_back_by(each) is not None

    def _release_rolled_back_by(self, each: PastExecution) -> str | None:
        """The release that another release rolled back with this execution."""
        header = self.headers.get(self.owner_of(each.execution_id) or "")
        return header.rollback_of if header else None

    def _between(
        self, rollback: PastExecution, older: Sequence[PastExecution]
    ) -> Iterator[PastExecution]:
        """The executions that a rollback has undone: those since its target that shipped."""
        target = self._target(rollback, older)
        of, undoes = self._release_rolled_back_by(rollback), rollback.undoes or ""
        for each in older:
            if each is target:
                return
            # The list may not reach back to what a release went back to. Then only what the
            # release shipped that it rolled back is known.
            is_of = of is not None and self.owner_of(each.execution_id) == of
            reaches = target is not None or rollback.rollback_to is not None
            if is_of or (reaches and (each.succeeded or each.execution_id in undoes)):
                yield each

    def _target(
        self, rollback: PastExecution, older: Sequence[PastExecution]
    ) -> PastExecution | None:
        if rollback.rollback_to:
            return self.find(rollback.rollback_to)
        # A release goes back by pins: to the newest execution that shipped the same revisions, and
        # that the release which it rolls back has not started.
        of, shipped = self._release_rolled_back_by(rollback), self._revisions(rollback)
        return next(
            (
                one
                for one in older
                if shipped
                and one.succeeded
                and self.owner_of(one.execution_id) != of
                and self._revisions(one) == shipped
            ),
            None,
        )

    def _revisions(self, each: PastExecution) -> Mapping[str, str]:
        """The revisions that an execution ships; a rollback by CodePipeline those of another."""
        each = self.find(each.rollback_to or "") or each
        return {one.action: one.revision for one in each.revisions if one.action and one.revision}

    def _by(
        self, rollback: PastExecution, undone: PastExecution, action: str, revision: str
    ) -> RolledBack:
        shipper = self.owner_of(undone.execution_id)
        release_id = self.owner_of(rollback.execution_id)
        return RolledBack(
            action=action,
            revision=revision,
            shipped_by=shipper or undone.execution_id,
            by=release_id or rollback.execution_id,
            at=rollback.updated_at,
            shipped_by_release=shipper is not None,
            by_release=release_id is not None,
        )
