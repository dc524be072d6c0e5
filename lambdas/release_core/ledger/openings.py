"""Opening a release: the claim of its id, its pipelines, its next attempt, and rejections."""

from collections.abc import Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import ExecutionEnded, LedgerBusy, RollbackRefused
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import TRANSACTION_LIMIT, Item, Table, Update, write_together
from release_core.ledger.items import (
    header_key,
    manifest_key,
    pipeline_key,
    pointer_key,
    read_header,
)
from release_core.ledger.opening_items import (
    Opening,
    new_header,
    new_pipeline,
    rejected_header,
    renewed_pipeline,
    reopened_header,
    rolled_back_header,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Openings:
    """Writes that open a release, its next attempt, or record a rejection."""

    def __init__(self, client: "DynamoDBClient", releases: Table, author: Author) -> None:
        self._client = client
        self._releases = releases
        self._author = author

    def claim(self, opening: Opening) -> Release | None:
        """Claim the release id; None when it is ours, otherwise the release that has it.

        Raises ExecutionEnded when the execution was stopped before, so that no release is left
        without one, LedgerBusy when two claims of one id met, and RollbackRefused when the release
        that this one rolls back was resumed.
        """
        # Two triggers at the same instant: one header can be put.
        id_is_free = "attribute_not_exists(release_id)"
        actions = [
            self._releases.putting(new_header(opening, self._author), condition=id_is_free),
            self._pointer(opening),
        ]
        if opening.rolls_back:
            key = header_key(opening.rolls_back.release_id)
            noted = rolled_back_header(opening, opening.rolls_back, self._author)
            actions.append(self._releases.updating(key, noted))
        conflicts = write_together(self._client, actions)
        if conflicts is None:
            return None
        holder, ended, *changed = conflicts
        if ended is not None:
            raise ExecutionEnded(f"{opening.execution_arn} ended before its release was opened")
        if holder is None and opening.rolls_back and any(item is not None for item in changed):
            raise RollbackRefused(
                f"release {opening.rolls_back.release_id} was resumed at this instant; cancel it "
                "first, or wait for its end, and then roll it back"
            )
        if holder is None or holder["execution_arn"] == opening.execution_arn:
            return None  # our own claim: the answer to it was lost, or this is a retry
        return read_header(holder)

    def put_pipelines(self, opening: Opening, previous: Mapping[str, Item]) -> None:
        """Record the manifest and each pipeline, WAITING; nothing runs before this has returned.

        ``previous`` is the last good of each pipeline, read while this release holds them all.
        Raises ExecutionEnded when the release has been closed meanwhile, and LedgerBusy when that
        happens at the same instant.
        """
        manifest = opening.manifest
        items = [
            {**manifest_key(manifest.release_id), "manifest": manifest.canonical},
            *(
                new_pipeline(manifest, position, previous=previous, author=self._author)
                for position in range(len(manifest.pipelines))
            ),
        ]
        # A first try may still be writing while its retry is running pipelines already: what is
        # there stays. A batch is whole or absent, so one that is there needs nothing: batches are
        # the same in each try, as they go by the manifest alone and not by what is large now.
        absent = "attribute_not_exists(release_id)"
        is_running = self._is_running(manifest.release_id, opening.execution_arn)
        for batch in batched(items, TRANSACTION_LIMIT - 1, strict=False):
            puts = [self._releases.putting(item, condition=absent) for item in batch]
            conflicts = write_together(self._client, [is_running, *puts])
            if conflicts and conflicts[0]:
                raise ExecutionEnded(f"{opening.execution_arn} ended while its release was opened")

    def reopen(self, opening: Opening, release: Release) -> bool:
        """Open the next attempt of a closed release; False when another execution was quicker.

        Raises ExecutionEnded and LedgerBusy as ``claim`` does.
        """
        key = header_key(opening.manifest.release_id)
        reopened = reopened_header(opening, release, self._author)
        conflicts = write_together(
            self._client, [self._releases.updating(key, reopened), self._pointer(opening)]
        )
        if conflicts is None:
            return True
        header, ended = conflicts
        if ended is not None:
            raise ExecutionEnded(f"{opening.execution_arn} ended before its release was opened")
        return bool(header and header["execution_arn"] == opening.execution_arn)

    def renew_pipelines(self, release: Release, previous: Mapping[str, Item]) -> None:
        """Make every pipeline that has not succeeded wait again, in the release's attempt.

        ``previous`` is as for ``put_pipelines``. Raises ExecutionEnded as ``put_pipelines`` does,
        and LedgerBusy also when another try of the same resume is at it.
        """
        stale = [each for each in release.pipelines.values() if release.renews(each)]
        is_running = self._is_running(release.release_id, release.execution_arn)
        for batch in batched(stale, TRANSACTION_LIMIT - 1, strict=False):
            renewals = [
                self._releases.updating(
                    pipeline_key(release.release_id, each.name),
                    renewed_pipeline(release, each, previous=previous, author=self._author),
                )
                for each in batch
            ]
            conflicts = write_together(self._client, [is_running, *renewals])
            if conflicts and conflicts[0]:
                raise ExecutionEnded(f"{release.execution_arn} ended while its release was resumed")
            if conflicts:
                raise LedgerBusy(f"pipelines of {release.release_id} are being renewed already")

    def reject(
        self, execution_arn: str, why: str, *, channel: str | None, requester: str | None
    ) -> None:
        """Record a rejected manifest, under the workflow execution that submitted it."""
        known = {"channel": channel, "requester": requester}
        self._releases.put(rejected_header(execution_arn, why, self._author) | known)

    def _is_running(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        # The close of a stopped execution skips the pipelines that are there: none may follow it,
        # also when the release was resumed by then and runs again.
        running = Update(
            condition="#status = :running AND #execution_arn = :execution_arn",
            values={"running": ReleaseStatus.RUNNING.value, "execution_arn": execution_arn},
        )
        return self._releases.checking(header_key(release_id), running)

    def _pointer(self, opening: Opening) -> dict[str, Any]:
        # A stop that came first is on record: of stop and claim, the second sees the first.
        not_ended = Update(
            put={"opens": opening.manifest.release_id}, condition="attribute_not_exists(#ended)"
        )
        return self._releases.updating(pointer_key(opening.execution_arn), not_ended)
