"""Query, Scan and BatchGetItem."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb.conditions import parse_condition, parse_key_condition
from tests.fakes.dynamodb.expressions import Reader, checked_values, parse_projection
from tests.fakes.dynamodb.tables import Keys, Table
from tests.fakes.dynamodb.values import Item, invalid, project, size_of_item

MAX_BATCH = 100
PAGE_BYTES = 1024 * 1024


def batch_get(
    table: Table, request: Mapping[str, Any], limit: int | None
) -> tuple[list[Item], list[Mapping[str, Any]]]:
    """Return the items of a table, and the keys beyond the limit, which are left unprocessed."""
    keys = [table.key_of(key) for key in request["Keys"]]
    if len(keys) > MAX_BATCH:
        raise invalid("Too many items requested for the BatchGetItem call")
    if len({table.identity(key) for key in keys}) < len(keys):
        raise invalid("Provided list of item keys contains duplicates")
    checked_values(request, *_projection_of(request))
    found = [item for key in keys[:limit] if (item := table.find(key)) is not None]
    return _projected(request, found), request["Keys"][len(keys[:limit]) :]


def query(table: Table, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of one partition of a table or an index, in the order of its range key."""
    keys = _queried_keys(table, request)
    wanted, on_keys = parse_key_condition(request["KeyConditionExpression"])
    keeps, on_others = parse_condition(request.get("FilterExpression"))
    if wanted.keys not in {keys.names, keys.names[:1]}:
        raise invalid("Query condition missed key schema element")
    if not set(on_others.attributes).isdisjoint(keys.names):
        raise invalid("Filter Expression can only contain non-primary key attributes")
    values = checked_values(request, on_keys, on_others, *_projection_of(request))
    if not all(values[placeholder].get("S") for placeholder, _ in on_keys.values):
        raise invalid("One or more parameter values are not valid. Key: an empty string value")
    items = table.sorted_items(keys, values[wanted.hash_value])
    found = [item for item in items if wanted.admits(item, values)]
    page, last = _page(table, keys, found, request)
    reply: dict[str, Any] = {
        "Items": _projected(request, [item for item in page if keeps(item, values)])
    }
    if last is not None:
        reply["LastEvaluatedKey"] = {n: last[n] for n in {*keys.names, *table.keys.names}}
    return reply


def scan(table: Table, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return all items of a table."""
    checked_values(request, *_projection_of(request))
    return {"Items": _projected(request, list(table.items()))}


def _queried_keys(table: Table, request: Mapping[str, Any]) -> Keys:
    index = request.get("IndexName")
    if index is None:
        return table.keys
    if index not in table.indexes:
        raise invalid(f"The table does not have the specified index: {index}")
    if request.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return table.indexes[index]


def _page(
    table: Table, keys: Keys, items: list[Item], request: Mapping[str, Any]
) -> tuple[list[Item], Item | None]:
    """Return the page after the start key, and its last item if there may be another page.

    As on AWS, a page that ends at its limit has a last key even if no item follows.
    """
    forward, start = request.get("ScanIndexForward", True), request.get("ExclusiveStartKey")
    if not forward:
        items.reverse()
    if start is not None:
        at = table.position(keys, start)
        items = [
            item
            for item in items
            if (table.position(keys, item) > at if forward else table.position(keys, item) < at)
        ]
    size = 0
    for count, item in enumerate(items, start=1):
        size += size_of_item(item) if table.checks_size else 0
        if count == request.get("Limit") or (size > PAGE_BYTES and count < len(items)):
            return items[:count], item
    return items, None


def _projection_of(request: Mapping[str, Any]) -> list[Reader]:
    text = request.get("ProjectionExpression")
    return [] if text is None else [parse_projection(text)[1]]


def _projected(request: Mapping[str, Any], items: list[Item]) -> list[Item]:
    text = request.get("ProjectionExpression")
    if text is None:
        return items
    return [project(item, parse_projection(text)[0]) for item in items]
