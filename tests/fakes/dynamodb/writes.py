"""PutItem, UpdateItem and TransactWriteItems.

A write is prepared (its request is checked), then attempted (its condition is checked against the
item), then committed. A transaction attempts all writes before it commits any.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.conditions import Test, parse_condition
from tests.fakes.dynamodb.expressions import Values, checked_values
from tests.fakes.dynamodb.tables import Table
from tests.fakes.dynamodb.updates import apply_update, parse_update
from tests.fakes.dynamodb.values import Item, invalid, size_of_item, stored_item
from tests.fakes.service import NotFaked, Refused

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Write:
    """A prepared write; ``change`` returns the item to store, or None to store nothing."""

    request: Mapping[str, Any]
    table: Table
    key: Item
    condition: Test
    values: Values
    change: Callable[[Item], Item | None]
    deletes: bool = False

    @property
    def size(self) -> int:
        """The bytes that count towards the size of a transaction."""
        return size_of_item({**self.key, **self.values})

    def attempt(self) -> Item | None:
        """Return the item to store, if the condition holds; raise Refused otherwise."""
        before = self.table.find(self.key)
        if self.condition(before or {}, self.values):
            return self.change(before or self.key)
        wanted = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise Refused(
            "ConditionalCheckFailedException",
            "The conditional request failed",
            members={"Item": before} if before and wanted else None,
        )

    def commit(self, after: Item | None) -> None:
        """Store the item that attempt() returned, or delete it."""
        if self.deletes:
            self.table.remove(self.key)
        elif after is not None:
            self.table.store(after)


def prepare_put(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a PutItem, or a Put of a transaction."""
    condition, reader = parse_condition(request.get("ConditionExpression"))
    item = table.checked(stored_item(request["Item"]))
    return Write(
        request, table, item, condition, checked_values(request, reader), lambda before: item
    )


def prepare_check(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a ConditionCheck of a transaction."""
    condition, reader = parse_condition(request["ConditionExpression"])
    values = checked_values(request, reader)
    key = table.key_of(request["Key"])
    return Write(request, table, key, condition, values, lambda before: None)


def prepare_delete(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a Delete of a transaction; there may be no such item."""
    condition, reader = parse_condition(request.get("ConditionExpression"))
    values = checked_values(request, reader)
    key = table.key_of(request["Key"])
    return Write(request, table, key, condition, values, lambda before: None, deletes=True)


def prepare_update(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare an UpdateItem, or an Update of a transaction."""
    condition, on_item = parse_condition(request.get("ConditionExpression"))
    update, of_update = parse_update(request["UpdateExpression"])
    values = checked_values(request, on_item, of_update)
    key = table.key_of(request["Key"])

    def change(before: Item) -> Item:
        if not update.keys().isdisjoint(key):
            raise invalid("Cannot update attribute. This attribute is part of the key")
        return table.checked(apply_update(update, before, values))

    return Write(request, table, key, condition, values, change)


_PREPARE = {
    "Put": prepare_put,
    "Update": prepare_update,
    "Delete": prepare_delete,
    "ConditionCheck": prepare_check,
}


def transact(entries: Sequence[Mapping[str, Any]], tables: Mapping[str, Table]) -> None:
    """Do all actions, or raise TransactionCanceledException with a reason for each.

    A request that is invalid for any items raises ValidationException.
    """
    if len(entries) > MAX_ACTIONS:
        raise invalid("Member must have length less than or equal to 100")
    writes = [_prepared(entry, tables) for entry in entries]
    places = {(id(each.table), each.table.identity(each.key)) for each in writes}
    if len(places) < len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    if sum(each.size for each in writes) > MAX_BYTES:
        raise invalid("Transaction payload size cannot exceed 4MB")
    after: list[Item | None] = []
    reasons: list[dict[str, Any]] = []
    for each in writes:
        try:
            after.append(each.attempt())
            reasons.append({"Code": "None"})
        except Refused as refusal:
            reasons.append(_reason(refusal))
    if len(after) < len(writes):
        raise Refused(
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(reason['Code'] for reason in reasons)}]",
            members={"CancellationReasons": reasons},
        )
    for each, item in zip(writes, after, strict=True):
        each.commit(item)


def _prepared(entry: Mapping[str, Any], tables: Mapping[str, Table]) -> Write:
    ((kind, request),) = entry.items()
    if kind not in _PREPARE:
        raise NotFaked(f"the fake of DynamoDB does not support {kind} in a transaction")
    return _PREPARE[kind](tables[request["TableName"]], request)


def _reason(refusal: Refused) -> dict[str, Any]:
    conditional = refusal.code == "ConditionalCheckFailedException"
    code = "ConditionalCheckFailed" if conditional else "ValidationError"
    return {"Code": code, "Message": refusal.message, **refusal.members}
