"""The ledger's side of opening a release: the claim of its id, its pipelines, and refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from release_core.clock import Clock, to_iso
from release_core.dynamodb import TRANSACTION_LIMIT, Table, Update, write_together
from release_core.errors import ExecutionEnded, LedgerBusy, RollbackRefused
from release_core.items import (
    HEADER,
    MANIFEST,
    POINTER,
    Item,
    audit_entry,
    brief,
    pipeline_key,
    plain,
    read_header,
    to_attributes,
)
from release_core.model import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.new_items import new_header, new_node, rejected_header, rolled_back_header

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from release_core.manifest import Manifest

# What a pipeline's item holds of one attempt; its next attempt begins without.
_OF_ONE_ATTEMPT = (
    *("task_token", "token_registered_at", "registrations", "settled_at"),
    *("starting_at", "start_tried_at", "starting_registration", "started_by", "starters"),
    *("started_at", "ended_at"),
    *("execution_id", "earlier_executions", "retried", "retry"),
    *("stop_requested_at", "stop_reason", "timed_out", "trouble", "failure"),
    *("revisions", "resolved_variables", "unrecorded_bytes"),
)


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What is known of a release when it is opened; ``rolls_back`` as it was found at rest.

    ``omissions`` has one line for each pipeline that it could have rolled back and does not.
    """

    manifest: "Manifest"
    execution_arn: str
    channel: str
    requester: str | None
    source: str | None
    rolls_back: Release | None = None
    omissions: tuple[str, ...] = ()


class OpeningLedger:
    """What open_release records."""

    def __init__(self, client: "DynamoDBClient", releases: str, *, clock: Clock, who: str) -> None:
        self._client = client
        self._releases = Table(client, releases)
        self._clock = clock
        self._who = who

    def read(self, release_id: str) -> Release | None:
        """The header of a release, if there is one."""
        found = self._releases.get_all([{"release_id": release_id, "item": HEADER}])
        return next(map(read_header, found), None)

    def manifest(self, release_id: str) -> dict[str, Any] | None:
        """The document of the manifest that a release was opened with, once it is on record."""
        found = self._releases.get_all([{"release_id": release_id, "item": MANIFEST}])
        return next((json.loads(item["manifest"]) for item in found), None)

    def claim(self, opening: Opening) -> Release | None:
        """Claim the release id; None when it is ours, otherwise the release that has it.

        Raises ExecutionEnded when the execution was stopped before, so that no release is left
        without one, LedgerBusy when two claims of one id met, and RollbackRefused when the release
        that this one rolls back was resumed.
        """
        # Two triggers at the same instant: one header can be put.
        id_is_free = {"ConditionExpression": "attribute_not_exists(release_id)"}
        audit = self._audit(opening, f"opened through {opening.channel}", before=None)
        header = new_header(opening, at=self._now(), audit=audit)
        found = write_together(
            self._client,
            [
                {"Put": self._action(Item=to_attributes(header), **id_is_free)},
                {"Update": self._pointer(opening)},
                *self._link(opening),
            ],
        )
        if found is None:
            return None
        holder, ended, *changed = found
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
            {"release_id": manifest.release_id, "item": MANIFEST, "manifest": manifest.canonical},
            *(
                new_node(manifest, place, previous=previous, at=self._now(), who=self._who)
                for place in range(len(manifest.pipelines))
            ),
        ]
        # A first try may still be writing while its retry is running pipelines already: whatever
        # is there stays. A batch is whole or absent, so one that is there needs nothing: batches
        # are the same in each try, as they go by the manifest alone and not by what is large now.
        absent = {"ConditionExpression": "attribute_not_exists(release_id)"}
        is_running = self._is_running(manifest.release_id, opening.execution_arn)
        for batch in batched(items, TRANSACTION_LIMIT - 1, strict=False):
            puts = [{"Put": self._action(Item=to_attributes(item), **absent)} for item in batch]
            found = write_together(self._client, [is_running, *puts])
            if found and found[0]:
                raise ExecutionEnded(f"{opening.execution_arn} ended while its release was opened")

    def reopen(self, opening: Opening, release: Release) -> bool:
        """Open the next attempt of a closed release; False when somebody else was quicker.

        Raises ExecutionEnded and LedgerBusy as ``claim`` does.
        """
        manifest = opening.manifest
        # A rollback that was opened since has taken back what had succeeded.
        not_rolled_back = "attribute_not_exists(#rolled_back_by)"
        # Two resumes at the same instant: one finds the attempt it saw.
        as_seen = Update(
            put={
                "status": ReleaseStatus.RUNNING.value,
                "attempt": release.attempt + 1,
                "execution_arn": opening.execution_arn,
                "resumed_at": self._now(),
                "deadline": to_iso(manifest.deadline) if manifest.deadline else None,
            },
            append={
                "audit": self._audit(opening, "resumed", before=release.status),
                "attempts": {
                    "attempt": release.attempt,
                    "execution_arn": release.execution_arn,
                    "status": release.status.value,
                    "why": brief(release.why) if release.why else None,
                },
            },
            remove=[
                *("closed_at", "why", "announced_at", "halted_by", "in_flight", "rolls_back_as"),
                *(() if manifest.deadline else ("deadline",)),
            ],
            condition=f"#status = :seen AND #attempt = :seen_attempt AND {not_rolled_back}",
            values={"seen": release.status.value, "seen_attempt": release.attempt},
        )
        key = to_attributes({"release_id": manifest.release_id, "item": HEADER})
        found = write_together(
            self._client,
            [
                {"Update": self._action(Key=key, **as_seen.request())},
                {"Update": self._pointer(opening)},
            ],
        )
        if found is None:
            return True
        header, ended = found
        if ended is not None:
            raise ExecutionEnded(f"{opening.execution_arn} ended before its release was opened")
        return bool(header and header["execution_arn"] == opening.execution_arn)

    def renew_pipelines(self, release: Release, previous: Mapping[str, Item]) -> None:
        """Make every pipeline that has not succeeded wait again, in the release's attempt.

        ``previous`` is as for ``put_pipelines``. Its earlier attempt is kept in its history. Raises
        ExecutionEnded as ``put_pipelines`` does, and LedgerBusy also when another try of the same
        resume is at it.
        """
        stale = [each for each in release.pipelines.values() if release.renews(each)]
        is_running = self._is_running(release.release_id, release.execution_arn)
        for batch in batched(stale, TRANSACTION_LIMIT - 1, strict=False):
            renewals = [{"Update": self._renewal(release, each, previous)} for each in batch]
            found = write_together(self._client, [is_running, *renewals])
            if found and found[0]:
                raise ExecutionEnded(f"{release.execution_arn} ended while its release was resumed")
            if found:
                raise LedgerBusy(f"pipelines of {release.release_id} are being renewed already")

    def _renewal(
        self, release: Release, pipeline: Pipeline, previous: Mapping[str, Item]
    ) -> dict[str, Any]:
        good = previous.get(pipeline.name)
        # What this release itself brought is nothing to go back to: the earlier one stays.
        if good and good["release_id"] == release.release_id:
            good = None
        earlier = pipeline.earlier_executions
        history = {
            "attempt": pipeline.attempt,
            "status": pipeline.status.value,
            # One that was to be started over and could not be has run all the same.
            "execution_id": pipeline.execution_id or next(reversed(earlier), None),
            "starting_at": to_iso(pipeline.starting_at) if pipeline.starting_at else None,
            "failure": plain(pipeline.failure) if pipeline.failure else None,
        }
        # The same resume may be retried: a pipeline is renewed once.
        same_attempt = "#attempt = :seen"
        update = Update(
            put={
                "status": PipelineStatus.WAITING.value,
                "attempt": release.attempt,
                "previous_good": good,
            },
            append={
                "attempts": history,
                "audit": audit_entry(
                    at=self._now(),
                    who=self._who,
                    what=f"resumed as attempt {release.attempt}",
                    before=pipeline.status,
                    after=PipelineStatus.WAITING,
                ),
            },
            remove=_OF_ONE_ATTEMPT,
            condition=same_attempt,
            values={"seen": pipeline.attempt},
        )
        key = {"release_id": release.release_id, "item": pipeline_key(pipeline.name)}
        return self._action(Key=to_attributes(key), **update.request())

    def reject(
        self, execution_arn: str, why: str, *, channel: str | None, requester: str | None
    ) -> None:
        """Record a manifest that never became a release, under the execution that brought it."""
        known = {"channel": channel, "requester": requester}
        header = rejected_header(execution_arn, why, at=self._now(), who=self._who)
        self._releases.put(header | known)

    def _is_running(self, release_id: str, execution_arn: str) -> dict[str, Any]:
        # The close of a stopped execution skips the pipelines that are there: none may follow it,
        # also when the release was resumed by then and runs again.
        running = Update(
            condition="#status = :running AND #execution_arn = :execution_arn",
            values={"running": ReleaseStatus.RUNNING.value, "execution_arn": execution_arn},
        )
        key = to_attributes({"release_id": release_id, "item": HEADER})
        return {"ConditionCheck": self._action(Key=key, **running.request())}

    def _pointer(self, opening: Opening) -> dict[str, Any]:
        # A stop that came first is on record: whoever comes second, stop or claim, sees the other.
        not_ended = Update(
            put={"opens": opening.manifest.release_id}, condition="attribute_not_exists(#ended)"
        )
        key = {"release_id": opening.execution_arn, "item": POINTER}
        return self._action(Key=to_attributes(key), **not_ended.request())

    def _link(self, opening: Opening) -> list[dict[str, Any]]:
        if opening.rolls_back is None:
            return []
        key = {"release_id": opening.rolls_back.release_id, "item": HEADER}
        rolled_back = rolled_back_header(opening, opening.rolls_back, at=self._now(), who=self._who)
        return [{"Update": self._action(Key=to_attributes(key), **rolled_back.request())}]

    def _audit(self, opening: Opening, what: str, *, before: str | None) -> Item:
        return audit_entry(
            at=self._now(),
            who=opening.requester or self._who,
            what=what,
            before=before,
            after=ReleaseStatus.RUNNING,
        )

    def _action(self, **parts: Any) -> dict[str, Any]:
        return {
            "TableName": self._releases.name,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **parts,
        }

    def _now(self) -> str:
        return to_iso(self._clock())
