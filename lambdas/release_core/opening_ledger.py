"""The ledger's side of opening a release: the claim of its id, its pipelines, and refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from release_core.clock import Clock, to_iso
from release_core.dynamodb import TRANSACTION_LIMIT, Table, Update, write_together
from release_core.errors import ExecutionEnded
from release_core.items import (
    HEADER,
    MANIFEST,
    POINTER,
    Item,
    audit_entry,
    pipeline_key,
    read_header,
    to_attributes,
)
from release_core.model import PipelineStatus, Release, ReleaseStatus

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LISTING = "release"  # the one partition of the index that lists releases by time


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What is known of a release when it is opened; ``manifest`` is its canonical text."""

    release_id: str
    manifest: str
    manifest_sha256: str
    pipelines: Sequence[str]
    execution_arn: str
    channel: str
    requester: str | None
    source: str | None


class OpeningLedger:
    """What open_release records."""

    def __init__(self, client: "DynamoDBClient", releases: str, *, clock: Clock, who: str) -> None:
        self._client = client
        self._releases = Table(client, releases)
        self._clock = clock
        self._who = who

    def claim(self, opening: Opening) -> Release | None:
        """Claim the release id; None when it is ours, otherwise the release that has it.

        Raises ExecutionEnded when the execution was stopped before, so that no release is left
        without one, and LedgerBusy when two claims of one id met.
        """
        # Two triggers at the same instant: one header can be put.
        id_is_free = {"ConditionExpression": "attribute_not_exists(release_id)"}
        # A stop that came first is on record: whoever comes second, stop or claim, sees the other.
        not_ended = Update(
            put={"opens": opening.release_id}, condition="attribute_not_exists(#ended)"
        )
        found = write_together(
            self._client,
            [
                {"Put": self._action(Item=to_attributes(self._header(opening)), **id_is_free)},
                {"Update": self._action(Key=_pointer_key(opening), **not_ended.request())},
            ],
        )
        if found is None:
            return None
        holder, ended = found
        if ended is not None:
            raise ExecutionEnded(f"{opening.execution_arn} ended before its release was opened")
        if holder is None or holder["execution_arn"] == opening.execution_arn:
            return None  # our own claim: the answer to it was lost, or this is a retry
        return read_header(holder)

    def put_pipelines(self, opening: Opening) -> None:
        """Record the manifest and each pipeline, WAITING; nothing runs before this has returned.

        Raises ExecutionEnded when the release has been closed meanwhile, and LedgerBusy when that
        happens at the same instant.
        """
        at = self._now()
        nodes: list[Item] = [
            {
                "release_id": opening.release_id,
                "item": pipeline_key(name),
                "pipeline": name,
                "position": position,
                "status": PipelineStatus.WAITING.value,
                "depends_on": [],
                "attempt": 1,
                "audit": [
                    audit_entry(
                        at=at,
                        who=self._who,
                        what="opened",
                        before=None,
                        after=PipelineStatus.WAITING,
                    )
                ],
            }
            for position, name in enumerate(opening.pipelines)
        ]
        manifest: Item = {
            "release_id": opening.release_id,
            "item": MANIFEST,
            "manifest": opening.manifest,
        }
        items = [manifest, *nodes]
        # A first try may still be writing while its retry is running pipelines already: whatever
        # is there stays. A batch is whole or absent, so one that is there needs nothing.
        absent = {"ConditionExpression": "attribute_not_exists(release_id)"}
        # The close of a stopped execution skips the pipelines that are there: none may follow it.
        running = Update(
            condition="#status = :running", values={"running": ReleaseStatus.RUNNING.value}
        )
        header_key = to_attributes({"release_id": opening.release_id, "item": HEADER})
        is_running = {"ConditionCheck": self._action(Key=header_key, **running.request())}
        for batch in batched(items, TRANSACTION_LIMIT - 1, strict=False):
            puts = [{"Put": self._action(Item=to_attributes(item), **absent)} for item in batch]
            found = write_together(self._client, [is_running, *puts])
            if found and found[0]:
                raise ExecutionEnded(f"{opening.execution_arn} ended while its release was opened")

    def reject(
        self, execution_arn: str, why: str, *, channel: str | None, requester: str | None
    ) -> None:
        """Record a manifest that never became a release, under the execution that brought it."""
        at = self._now()
        self._releases.put(
            {
                "release_id": execution_arn,
                "item": HEADER,
                "listing": LISTING,
                "status": ReleaseStatus.REJECTED.value,
                "execution_arn": execution_arn,
                "channel": channel,
                "requester": requester,
                "opened_at": at,
                "closed_at": at,
                "why": why,
                "audit": [
                    audit_entry(
                        at=at,
                        who=self._who,
                        what=why,
                        before=None,
                        after=ReleaseStatus.REJECTED,
                    )
                ],
            }
        )

    def _header(self, opening: Opening) -> Item:
        at = self._now()
        return {
            "release_id": opening.release_id,
            "item": HEADER,
            "listing": LISTING,
            "status": ReleaseStatus.RUNNING.value,
            "manifest_sha256": opening.manifest_sha256,
            "channel": opening.channel,
            "requester": opening.requester,
            "source": opening.source,
            "execution_arn": opening.execution_arn,
            "attempt": 1,
            "pipeline_count": len(opening.pipelines),
            "opened_at": at,
            "audit": [
                audit_entry(
                    at=at,
                    who=opening.requester or self._who,
                    what=f"opened through {opening.channel}",
                    before=None,
                    after=ReleaseStatus.RUNNING,
                )
            ],
        }

    def _action(self, **parts: Any) -> dict[str, Any]:
        return {
            "TableName": self._releases.name,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **parts,
        }

    def _now(self) -> str:
        return to_iso(self._clock())


def _pointer_key(opening: Opening) -> dict[str, Any]:
    return to_attributes({"release_id": opening.execution_arn, "item": POINTER})
