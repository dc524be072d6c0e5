"""DynamoDB's attribute values, in the client's typed form ({"S": "text"}, {"N": "1"}, ...).

A stored value is canonical (numbers as DynamoDB prints them, sets sorted) and never changed. So
equal values compare equal, and any number of snapshots can share an item.

Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow
from functools import lru_cache
from typing import Any

from tests.fakes.service import Refused

type AttributeValue = dict[str, Any]
type Item = dict[str, AttributeValue]

SCALARS = frozenset({"S", "N", "B"})
SETS = frozenset({"SS", "NS", "BS"})
TYPES = SCALARS | SETS | {"L", "M", "BOOL", "NULL"}
MAX_ITEM_BYTES = 400 * 1024
MAX_DEPTH = 32

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXACT = Context(prec=38, traps=[Inexact, InvalidOperation, Overflow, Underflow])


def invalid(message: str) -> Refused:
    """Return a ValidationException with this message."""
    return Refused("ValidationException", message)


def type_of(value: AttributeValue) -> str:
    """Return a value's type descriptor (S, N, M, ...)."""
    return next(iter(value))


@lru_cache(maxsize=4096)
def canonical_number(text: str) -> str:
    """Return a number as DynamoDB prints it: no exponent, no redundant zeros."""
    if not _NUMBER.fullmatch(text):
        raise invalid("A value provided cannot be converted into a number")
    return _printed(Decimal(text))


def _printed(number: Decimal) -> str:
    if not number:
        return "0"
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > 38:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if number.adjusted() > 125:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger than "
            "supported range"
        )
    if number.adjusted() < -130:
        raise invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than "
            "supported range"
        )
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def add_numbers(left: str, right: str, *, sign: int = 1) -> str:
    """Add two numbers exactly (subtract with sign -1), in DynamoDB's 38 digits."""
    try:
        combine = _EXACT.add if sign > 0 else _EXACT.subtract
        total = combine(Decimal(left), Decimal(right))
    except Inexact:
        raise invalid("DynamoDB only supports precision up to 38 digits") from None
    return _printed(total)


def stored(value: Mapping[str, Any], *, depth: int = 1) -> AttributeValue:
    """Check a value from a client and return it in its canonical form."""
    if len(value) != 1:
        fault = "has more than one datatypes set" if value else "is empty"
        raise invalid(
            f"Supplied AttributeValue {fault}, must contain exactly one of the supported datatypes"
        )
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return {kind: content}
        case "N":
            return {"N": canonical_number(content)}
        case "B":
            return {"B": bytes(content)}
        case "NULL":
            if content is not True:
                raise invalid(
                    "One or more parameter values were invalid: Null attribute value types "
                    "must have the value of true"
                )
            return {"NULL": True}
        case "SS" | "NS" | "BS":
            return {kind: _stored_set(kind, content)}
        case "L" | "M":
            return _stored_document(kind, content, depth=depth)
    raise invalid(f"Supplied AttributeValue has an unknown datatype: {kind}")


def _stored_document(kind: str, content: Any, *, depth: int) -> AttributeValue:
    if depth >= MAX_DEPTH:
        raise invalid(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested "
            "levels beyond supported limit"
        )
    if kind == "L":
        return {"L": [stored(element, depth=depth + 1) for element in content]}
    if "" in content:
        raise invalid("Empty attribute name")
    return {"M": {name: stored(member, depth=depth + 1) for name, member in content.items()}}


def _stored_set(kind: str, members: Iterable[Any]) -> list[Any]:
    """Sort a set, because sets have no order; empty sets and repeated members are rejected."""
    listed = [canonical_number(member) if kind == "NS" else member for member in members]
    if not listed:
        raise invalid("One or more parameter values were invalid: An string set  may not be empty")
    if len(set(listed)) != len(listed):
        raise invalid(
            "One or more parameter values were invalid: Input collection contains duplicates"
        )
    return sort_set(kind, listed)


def sort_set(kind: str, members: Iterable[Any]) -> list[Any]:
    """Sort the members of a set of that type (SS, NS, BS)."""
    return sorted(members, key=Decimal) if kind == "NS" else sorted(members)


def stored_item(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """Check each attribute of an item and return the item in canonical form."""
    if "" in item:
        raise invalid("Empty attribute name")
    return {name: stored(value) for name, value in item.items()}


def size_of_item(item: Item) -> int:
    """Return an item's size in bytes: its names and its values."""
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def size_of(value: AttributeValue) -> int:
    """Return a value's size in bytes, as it counts towards the 400 KB of an item."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "B":
            return len(content.encode() if kind == "S" else content)
        case "N":
            return (len(content.replace(".", "").strip("-0")) + 1) // 2 + 1
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + size_of(element) for element in content)
        case "M":
            return 3 + len(content) + size_of_item(content)
    return sum(size_of({kind[0]: member}) for member in content)


def rank(value: AttributeValue) -> Any:
    """Return the sort value of a scalar: text (as UTF-8), a decimal, or bytes."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


def length_of(value: AttributeValue) -> int | None:
    """Return the result of the function size(), or None for a type without a size."""
    ((kind, content),) = value.items()
    if kind in {"N", "BOOL", "NULL"}:
        return None
    return len(content.encode()) if kind == "S" else len(content)
