"""Writes that open a release or its next attempt, or record a rejection."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from release_core.batches import batches
from release_core.domain.dropped import ManifestObject
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.errors import ExecutionEnded, LedgerBusy, RejectedBefore, RollbackRefused
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import TRANSACTION_LIMIT, Item, Table, Update, write_together
from release_core.ledger.items import (
    dropped_item,
    header_key,
    manifest_key,
    pipeline_key,
    pointer_key,
    read_header,
)
from release_core.ledger.opening_items import (
    Opening,
    dependents_of,
    new_header,
    new_notes,
    new_pipelines,
    rejected_header,
    renewed_pipeline,
    reopened_header,
    rolled_back_header,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Openings:
    """Claims release ids, records pipelines, opens next attempts and records rejections."""

    def __init__(self, client: "DynamoDBClient", releases: Table, author: Author) -> None:
        self._client = client
        self._releases = releases
        self._author = author

    def claim(self, opening: Opening) -> Release | None:
        """Claim the release id: None on success, otherwise the release that has it.

        Raises ExecutionEnded when the workflow execution was stopped before, RejectedBefore when
        another try has rejected the manifest, LedgerBusy when two claims of the id conflict, and
        RollbackRefused when the release to roll back was resumed or rolled back by another release.
        """
        # Race: two workflow executions open the same release. Only one can put the header.
        id_is_free = "attribute_not_exists(release_id)"
        actions = [
            self._releases.put_action(new_header(opening, self._author), condition=id_is_free),
            self._pointer(opening),
        ]
        if opening.rolls_back:
            key = header_key(opening.rolls_back.release_id)
            noted = rolled_back_header(opening, opening.rolls_back, self._author)
            actions.append(self._releases.update_action(key, noted))
        # A release that expires loses its header last, so these notes are not those of another one.
        notes = new_notes(opening.manifest)
        actions += [self._releases.put_action(each, condition=id_is_free) for each in notes]
        conflicts = write_together(self._client, actions)
        if conflicts is None:
            return None
        holder, pointer, *resumed = conflicts
        if pointer is not None:
            raise _never_opens(pointer, opening.execution_arn)
        if holder is None and opening.rolls_back and any(item is not None for item in resumed):
            raise RollbackRefused(
                f"release {opening.rolls_back.release_id} was just resumed or rolled back; see it "
                f"with release-machine show {opening.rolls_back.release_id}"
            )
        if holder is None or holder["execution_arn"] == opening.execution_arn:
            return None  # our own claim: its response was lost, or this is a retry
        return read_header(holder)

    def put_pipelines(self, opening: Opening, previous: Mapping[str, Item]) -> None:
        """Record the manifest and each pipeline as WAITING; nothing runs before this returns.

        ``previous`` is the ``last_good`` of each pipeline, read while this release holds all locks.
        Raises ExecutionEnded when the release was closed first, and LedgerBusy when a close
        conflicts with this write.
        """
        manifest = opening.manifest
        items = [
            {**manifest_key(manifest.release_id), "manifest": manifest.canonical},
            *new_pipelines(opening, previous=previous, author=self._author),
        ]
        # Race: a first try still writes while its retry already runs pipelines. Items that exist
        # stay. A batch is complete or absent, so a batch that exists needs no write: every try has
        # the same batches, because they depend only on the manifest and not on the items' sizes.
        absent = "attribute_not_exists(release_id)"
        is_running = self._is_running(manifest.release_id, opening.execution_arn)
        for batch in batches(items, TRANSACTION_LIMIT - 1):
            puts = [self._releases.put_action(item, condition=absent) for item in batch]
            conflicts = write_together(self._client, [is_running, *puts])
            if conflicts and conflicts[0]:
                raise ExecutionEnded(f"{opening.execution_arn} ended while its release was opened")

    def reopen(self, opening: Opening, release: Release) -> bool:
        """Open the next attempt of a closed release; False when another execution came first.

        Raises ExecutionEnded, RejectedBefore and LedgerBusy as ``claim`` does.
        """
        key = header_key(opening.manifest.release_id)
        reopened = reopened_header(opening, release, self._author)
        conflicts = write_together(
            self._client, [self._releases.update_action(key, reopened), self._pointer(opening)]
        )
        if conflicts is None:
            return True
        header, pointer = conflicts
        if pointer is not None:
            raise _never_opens(pointer, opening.execution_arn)
        return bool(header and header["execution_arn"] == opening.execution_arn)

    def renew_pipelines(
        self, release: Release, stale: Sequence[Pipeline], previous: Mapping[str, Item]
    ) -> None:
        """Make ``stale`` pipelines and approvals wait again, in the release's new attempt.

        They are renewed in this order, with the dependencies that they have here. ``previous`` is
        as for ``put_pipelines``. Raises ExecutionEnded as ``put_pipelines`` does, and LedgerBusy
        also when another try of the same resume is renewing them.
        """
        again = {each.name: each for each in stale}
        nodes = {**release.pipelines, **again}
        dependents = dependents_of(nodes.values())
        waiting = {
            name
            for name, each in nodes.items()
            if name in again or each.status is not PipelineStatus.SUCCEEDED
        }
        is_running = self._is_running(release.release_id, release.execution_arn)
        for batch in batches(stale, TRANSACTION_LIMIT - 1):
            renewals = [
                self._releases.update_action(
                    pipeline_key(release.release_id, each.name),
                    renewed_pipeline(
                        release,
                        each,
                        dependents=dependents.get(each.name, []),
                        blocked_by={
                            str(nodes[name].position) for name in each.depends_on if name in waiting
                        },
                        previous=previous,
                        author=self._author,
                    ),
                )
                for each in batch
            ]
            conflicts = write_together(self._client, [is_running, *renewals])
            if conflicts and conflicts[0]:
                raise ExecutionEnded(f"{release.execution_arn} ended while its release was resumed")
            if conflicts:
                raise LedgerBusy(f"another try renews the pipelines of {release.release_id}")

    def reject(
        self,
        execution_arn: str,
        why: str,
        *,
        channel: str | None,
        requester: str | None,
        source: str | None = None,
        requested_id: str | None = None,
        dropped: ManifestObject | None = None,
    ) -> bool:
        """Record a rejected manifest under the ARN of its workflow execution.

        ``source`` is the object or the id of the request, ``requested_id`` the release that it
        names, and ``dropped`` the object that it is, if it came through the bucket. After this
        write the execution opens no release. False if it is on record already, then nothing
        changes. Until ``note_rejection``, ``LedgerReader.unannounced`` finds it. Raises LedgerBusy
        when another write conflicts.
        """
        known = {
            "channel": channel,
            "requester": requester,
            "source": source,
            "requested_id": requested_id,
            "dropped": dropped_item(dropped) if dropped else None,
            "unannounced": True,
        }
        header = rejected_header(execution_arn, why, self._author) | known
        # Race: two tries of one opening reject it, for different reasons. The first one counts.
        is_first = "attribute_not_exists(release_id)"
        # Race: another try of the opening, for which the reason may be gone. Its claim writes to
        # this item, too, so what was rejected is never opened.
        never_opens = Update(put={"rejected_at": self._author.now()})
        conflicts = write_together(
            self._client,
            [
                self._releases.put_action(header, condition=is_first),
                self._releases.update_action(pointer_key(execution_arn), never_opens),
            ],
        )
        return conflicts is None

    def note_rejection(self, execution_arn: str) -> None:
        """Record that a rejection was announced."""
        self._releases.update(
            header_key(execution_arn),
            Update(put={"announced_at": self._author.now()}, remove=["unannounced"]),
        )

    def _is_running(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        # Race: the release is closed while its pipelines are recorded. The close skips what is on
        # record, so no pipeline may follow it, also when the release was resumed since.
        running = Update(
            condition="#status = :running AND #execution_arn = :execution_arn",
            values={"running": ReleaseStatus.RUNNING.value, "execution_arn": execution_arn},
        )
        return self._releases.check_action(header_key(release_id), running)

    def _pointer(self, opening: Opening) -> dict[str, Any]:
        # Race: the workflow execution is stopped while it opens the release. Both the stop and the
        # claim write to this item, so the second of the two sees the first.
        not_ended = "attribute_not_exists(#ended)"
        # Race: another try of this opening rejects the manifest, and writes to this item, too.
        not_rejected = "attribute_not_exists(#rejected_at)"
        may_open = Update(
            put={"opens": opening.manifest.release_id},
            remove=["listing"],  # it waits no more
            condition=f"{not_ended} AND {not_rejected}",
        )
        return self._releases.update_action(pointer_key(opening.execution_arn), may_open)


def _never_opens(pointer: Item, execution_arn: str) -> ExecutionEnded | RejectedBefore:
    if "ended" in pointer:
        return ExecutionEnded(f"{execution_arn} ended before its release was opened")
    return RejectedBefore(f"{execution_arn} has rejected its manifest")
