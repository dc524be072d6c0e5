"""Writing one item: alone, or as one action of a transaction.

A write is prepared (its request is checked), then attempted (its condition is checked against the
item), then committed. A transaction attempts all writes before it commits any.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.expressions.updates import Update
from tests.fakes.dynamodb.expressions.values import Item, invalid, stored_item
from tests.fakes.dynamodb.requests import Placeholders, attributes_to_return, check_condition
from tests.fakes.dynamodb.tables import Table

type Commit = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Write:
    """A prepared write: its key, and what it sends (for the size of a transaction)."""

    table: Table
    key: Item
    attempt: Callable[[], Commit]
    sent: Item


def prepare_put(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a PutItem, or a Put of a transaction."""
    check = _prepared_condition(request)
    item = stored_item(request["Item"])
    table.check_item(item)

    def attempt() -> Commit:
        before = table.find(item)
        check(before)

        def commit() -> dict[str, Any]:
            table.store(item)
            return attributes_to_return(request, before, item, Update())

        return commit

    return Write(table, item, attempt, item)


def prepare_delete(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a DeleteItem, or a Delete of a transaction."""
    check = _prepared_condition(request)
    key = table.key_of(request["Key"])

    def attempt() -> Commit:
        before = table.find(key)
        check(before)

        def commit() -> dict[str, Any]:
            table.remove(key)
            return attributes_to_return(request, before, None, Update())

        return commit

    return Write(table, key, attempt, key)


def prepare_check(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare a ConditionCheck of a transaction."""
    check = _prepared_condition(request)
    key = table.key_of(request["Key"])

    def attempt() -> Commit:
        check(table.find(key))
        return dict

    return Write(table, key, attempt, key)


def prepare_update(table: Table, request: Mapping[str, Any]) -> Write:
    """Prepare an UpdateItem, or an Update of a transaction."""
    placeholders = Placeholders(request)
    update = placeholders.update()
    condition = placeholders.condition()
    placeholders.check_all_used()
    values = placeholders.values
    key = table.key_of(request["Key"])

    def attempt() -> Commit:
        _check_keys_untouched(table, update)
        before = table.find(key)
        check_condition(condition, before, values=values, request=request)
        after = update.apply(key if before is None else before, values)
        table.check_item(after, updated=True)

        def commit() -> dict[str, Any]:
            table.store(after)
            return attributes_to_return(request, before, after, update)

        return commit

    return Write(table, key, attempt, {**key, **values})


def _prepared_condition(request: Mapping[str, Any]) -> Callable[[Item | None], None]:
    placeholders = Placeholders(request)
    condition = placeholders.condition()
    placeholders.check_all_used()

    def check(before: Item | None) -> None:
        check_condition(condition, before, values=placeholders.values, request=request)

    return check


def _check_keys_untouched(table: Table, update: Update) -> None:
    for path in update.paths():
        if path[0] in table.keys.names:
            raise invalid(
                f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                "This attribute is part of the key"
            )
