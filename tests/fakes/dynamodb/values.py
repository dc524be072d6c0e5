"""The attribute values that the ledger stores, as the client writes them ({"S": "text"}, ...).

A stored value is canonical (numbers are integers, sets are sorted) and never changed. So equal
values compare equal, and any number of snapshots can share an item.

Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.service import NotFaked, Refused

type AttributeValue = dict[str, Any]
type Item = dict[str, AttributeValue]

MAX_ITEM_BYTES = 400 * 1024

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,37}")


def invalid(message: str) -> Refused:
    """Return a ValidationException with this message."""
    return Refused("ValidationException", message)


def type_of(value: AttributeValue) -> str:
    """Return a value's type descriptor (S, N, M, ...)."""
    return next(iter(value))


def stored(value: Mapping[str, Any]) -> AttributeValue:
    """Check a value from a client and return it in its canonical form."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL" | "NULL":
            return {kind: content}
        case "N" if _INTEGER.fullmatch(content):
            return {"N": content}
        case "SS":
            if len(set(content)) != len(content):
                raise invalid("Input collection contains duplicates")
            return {"SS": sorted(content)}
        case "L":
            return {"L": [stored(element) for element in content]}
        case "M":
            return {"M": stored_item(content)}
    raise NotFaked(f"the fake of DynamoDB does not store {value}")


def stored_item(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Check each attribute of an item and return the item in canonical form."""
    return {name: stored(value) for name, value in item.items()}


def size_of_item(item: Item) -> int:
    """Return an item's size in bytes: its names and its values."""
    return sum(len(name.encode()) + _size_of(value) for name, value in item.items())


def _size_of(value: AttributeValue) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.strip("-0")) + 1) // 2 + 1
        case "SS":
            return sum(len(member.encode()) for member in content)
        case "L":
            return 3 + sum(1 + _size_of(element) for element in content)
        case "M":
            return 3 + len(content) + size_of_item(content)
    return 1  # BOOL, NULL


def value_at(item: Item, path: tuple[str, ...]) -> AttributeValue | None:
    """Return the value at a path of an item, or None."""
    *parents, last = path
    for step in parents:
        item = item.get(step, {}).get("M", {})
    return item.get(last)


def project(item: Item, paths: tuple[tuple[str, ...], ...]) -> Item:
    """Return only the values at these paths, none of which begins with another."""
    kept: Item = {}
    for path in paths:
        value = value_at(item, path)
        if value is not None:
            *parents, last = path
            inside = kept
            for step in parents:
                inside = inside.setdefault(step, {"M": {}})["M"]
            inside[last] = value
    return kept
