"""BatchGetItem and BatchWriteItem: many independent reads or writes in one call."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.fakes.dynamodb.expressions.values import Item, invalid
from tests.fakes.dynamodb.requests import Placeholders
from tests.fakes.dynamodb.tables import Partitions, Table
from tests.fakes.dynamodb.writes import Write, prepare_delete, prepare_put

MAX_READS = 100
MAX_WRITES = 25

type Tables = Callable[[str], Table]
type View = Callable[[str, bool], Partitions | None]


def batch_get(
    parts: Mapping[str, Mapping[str, Any]], table_of: Tables, view_of: View, limit: int | None
) -> dict[str, Any]:
    """Read the keys of each table; keys beyond the limit are returned as unprocessed."""
    _check_count(sum(len(p["Keys"]) for p in parts.values()), MAX_READS, "BatchGetItem")
    found: dict[str, list[Item]] = {}
    left: dict[str, Any] = {}
    readers = {name: _reader(table_of(name), part) for name, part in parts.items()}
    done = 0
    for name, (placeholders, keys) in readers.items():
        part, table = parts[name], table_of(name)
        view = view_of(name, part.get("ConsistentRead", False))
        room = len(keys) if limit is None else max(limit - done, 0)
        items = [table.find(key, view) for key in keys[:room]]
        done += len(items)
        found[name] = placeholders.projected([item for item in items if item is not None])
        if len(items) < len(keys):
            left[name] = {**part, "Keys": part["Keys"][room:]}
    return {"Responses": found, "UnprocessedKeys": left}


def _reader(table: Table, part: Mapping[str, Any]) -> tuple[Placeholders, list[Item]]:
    placeholders = Placeholders(part)
    placeholders.check_projection()
    placeholders.check_all_used()
    keys = [table.key_of(key) for key in part["Keys"]]
    _check_distinct(table.identity(key) for key in keys)
    return placeholders, keys


def batch_write(
    parts: Mapping[str, list[Mapping[str, Any]]], table_of: Tables, limit: int | None
) -> dict[str, Any]:
    """Put and delete items of each table; entries beyond the limit are returned as unprocessed."""
    _check_count(sum(map(len, parts.values())), MAX_WRITES, "BatchWriteItem")
    writes = {
        name: [_prepared(table_of(name), entry) for entry in entries]
        for name, entries in parts.items()
    }
    left: dict[str, Any] = {}
    done = 0
    for name, prepared in writes.items():
        _check_distinct(write.table.identity(write.key) for write in prepared)
        room = len(prepared) if limit is None else max(limit - done, 0)
        for write in prepared[:room]:
            write.attempt()()
        done += room
        if room < len(prepared):
            left[name] = parts[name][room:]
    return {"UnprocessedItems": left}


def _prepared(table: Table, entry: Mapping[str, Any]) -> Write:
    if len(entry) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the supported datatypes"
        )
    ((kind, request),) = entry.items()
    prepare = prepare_put if kind == "PutRequest" else prepare_delete
    return prepare(table, request)


def _check_count(count: int, most: int, operation: str) -> None:
    if not count:
        raise invalid(f"{operation} must have some requests set")
    if count > most:
        raise invalid(f"Too many items requested for the {operation} call")


def _check_distinct(identities: Iterable[Any]) -> None:
    listed = list(identities)
    if len(set(listed)) < len(listed):
        raise invalid("Provided list of item keys contains duplicates")
