"""Deletes the records of closed releases whose time is over: the header last."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from release_core.batches import batches
from release_core.clock import to_iso
from release_core.domain.release import Release
from release_core.immutable import Immutable
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import TRANSACTION_LIMIT, Item, Table, Update, write_together
from release_core.ledger.items import HEADER, header_key, pointer_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Expiring(Immutable):
    """A release whose record is being deleted, since this moment, and its workflow executions."""

    release_id: str
    since: str
    executions: tuple[str, ...]


class Expirations:
    """Marks releases whose record expires, and deletes their items; each is safe to repeat.

    DynamoDB's own expiry has no order. Without its header, a release id is free, and the items that
    are left would become those of the next release with this id.
    """

    def __init__(
        self, client: "DynamoDBClient", releases: Table, keys: Table, author: Author
    ) -> None:
        self._client = client
        self._releases = releases
        self._keys = keys  # the same table, of whose items only the keys are read
        self._author = author

    def items_of(self, release_id: str) -> list[Item]:
        """The keys of all items of a release but its header."""
        found = self._keys.query("#release_id = :release_id", {"release_id": release_id})
        # The header comes after all others in a partition, except in that of an execution.
        return [_key(each) for each in found if each["item"] != HEADER]

    def mark(self, release: Release) -> Expiring | None:
        """Record that the record of a closed release expires: it cannot be resumed any more.

        Returns None if the release has changed since it was read.
        """
        # Race: the release is resumed first. Its record stays.
        as_read = "#status = :seen AND #closed_at = :closed_at"
        # Race: it is rolled back first. The rollback is compared with it while it opens.
        rolled_back = (
            "#rolled_back_by = :rolled_back_by"
            if release.rolled_back_by
            else "attribute_not_exists(#rolled_back_by)"
        )
        written = self._releases.update(
            header_key(release.release_id),
            Update(
                default={"expiring_since": self._author.now()},
                condition=f"{as_read} AND {rolled_back}",
                values={
                    "seen": release.status.value,
                    "closed_at": release.closed_at and to_iso(release.closed_at),
                    "rolled_back_by": release.rolled_back_by,
                },
            ),
        )
        if not written.applied:
            return None
        attempts = written.item.get("attempts", ())
        return Expiring(
            release_id=release.release_id,
            since=written.item["expiring_since"],
            executions=(release.execution_arn, *(each["execution_arn"] for each in attempts)),
        )

    def delete(self, expiring: Expiring, items: Sequence[Item]) -> None:
        """Delete these items of the release, those of its workflow executions, then its header.

        Raises LedgerBusy when another function writes to one of them.
        """
        # Race: another sweep has deleted the release, and a new one has its id. Nothing of the new
        # release is deleted: its header has no such mark.
        same_mark = Update(condition="#expiring_since = :since", values={"since": expiring.since})
        key = header_key(expiring.release_id)
        marked = self._releases.check_action(key, same_mark)
        pointers = [pointer_key(each) for each in dict.fromkeys(expiring.executions)]
        # A rejected manifest has its header where the execution has its own item.
        keys = [*items, *(each for each in pointers if each not in items)]
        for batch in batches(keys, TRANSACTION_LIMIT - 1):
            deletes = [self._releases.delete_action(each) for each in batch]
            if write_together(self._client, [marked, *deletes]):
                return
        write_together(self._client, [self._releases.delete_action(key, same_mark)])


def _key(item: Item) -> Item:
    return {"release_id": item["release_id"], "item": item["item"]}
