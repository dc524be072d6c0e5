"""Query: one partition of a table or an index, in the order of its sort key, in pages."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb.expressions.conditions import Condition, PathTo
from tests.fakes.dynamodb.expressions.syntax import Values
from tests.fakes.dynamodb.expressions.values import Item, invalid, size_of_item, stored
from tests.fakes.dynamodb.keys import KeyCondition, attributes_in, key_condition
from tests.fakes.dynamodb.requests import Placeholders
from tests.fakes.dynamodb.tables import KeySchema, Partitions, Table

PAGE_BYTES = 1024 * 1024


def query(table: Table, request: Mapping[str, Any], contents: Partitions | None) -> dict[str, Any]:
    """Answer a Query from the given contents of the table, or from the current ones (None)."""
    keys = _queried_keys(table, request)
    placeholders = Placeholders(request)
    condition = placeholders.condition("KeyConditionExpression")
    if condition is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in "
            "the request."
        )
    kept = placeholders.condition("FilterExpression")
    placeholders.check_projection()
    placeholders.check_all_used()
    wanted = key_condition(condition, keys, placeholders.values)
    if kept is not None:
        _check_filter(kept, keys)
    found = _selected(table, keys, wanted, placeholders.values, request, contents)
    page, last = _page(found, request.get("Limit"), sized=table.checks_size)
    shown = [item for item in page if kept is None or kept.holds(item, placeholders.values)]
    reply: dict[str, Any] = {"Count": len(shown), "ScannedCount": len(page)}
    if request.get("Select") != "COUNT":
        reply["Items"] = placeholders.projected(shown)
    if last is not None:
        names = {*keys.names, *table.keys.names}
        reply["LastEvaluatedKey"] = {name: last[name] for name in names}
    return reply


def _queried_keys(table: Table, request: Mapping[str, Any]) -> KeySchema:
    index = request.get("IndexName")
    if index is None:
        return table.keys
    if index not in table.indexes:
        raise invalid(f"The table does not have the specified index: {index}")
    if request.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return table.indexes[index]


def _check_filter(condition: Condition, keys: KeySchema) -> None:
    for operand in attributes_in(condition):
        if isinstance(operand, PathTo) and operand.path[0] in keys.names:
            raise invalid(
                "Filter Expression can only contain non-primary key attributes: "
                f"Primary key attribute: {operand.path[0]}"
            )


def _selected(
    table: Table,
    keys: KeySchema,
    wanted: KeyCondition,
    values: Values,
    request: Mapping[str, Any],
    contents: Partitions | None,
) -> list[Item]:
    """Return the items that match the key condition and come after the start key."""
    items = table.sorted_items(keys, wanted.hash_value, contents)
    found = [item for item in items if wanted.admits(item, values)]
    forward = request.get("ScanIndexForward", True)
    if not forward:
        found.reverse()
    given = request.get("ExclusiveStartKey")
    if given is None:
        return found
    start = _start_key(table, keys, given)
    if start[keys.hash_key] != wanted.hash_value or not wanted.admits(start, values):
        raise invalid("The provided starting key does not match the range key predicate")
    at = table.position(keys, start)
    if forward:
        return [item for item in found if table.position(keys, item) > at]
    return [item for item in found if table.position(keys, item) < at]


def _start_key(table: Table, keys: KeySchema, given: Mapping[str, Any]) -> Item:
    if given.keys() != {*keys.names, *table.keys.names}:
        raise invalid("The provided starting key is invalid")
    start = {name: stored(value) for name, value in given.items()}
    for schema in (keys, table.keys):
        for name in schema.names:
            schema.check_value(name, start[name])
    return start


def _page(items: list[Item], limit: int | None, *, sized: bool) -> tuple[list[Item], Item | None]:
    """Return the first page, and its last item if there may be another page.

    As on AWS, a page that ends at its limit has a last key even if no item follows.
    """
    size = 0
    for count, item in enumerate(items, start=1):
        size += size_of_item(item) if sized else 0
        if count == limit or (size > PAGE_BYTES and count < len(items)):
            return items[:count], item
    return items, None
