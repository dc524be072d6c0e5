"""A fast conversion of DynamoDB's attribute values.

A schedule spends much time in boto3's TypeSerializer and TypeDeserializer. These functions do the
same for the ledger's values, and leave all others to boto3. test_spelling.py compares them.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_deserialize: Callable[[Any], Any] = TypeDeserializer().deserialize
_serialize: Callable[[Any], Any] = TypeSerializer().serialize
_number = lru_cache(maxsize=4096)(Decimal)


def deserialize(value: dict[str, Any]) -> Any:
    """Return the same as TypeDeserializer for an attribute value."""
    for kind, content in value.items():
        match kind:
            case "S" | "BOOL":
                return content
            case "N":
                return _number(content)
            case "M":
                return {name: deserialize(member) for name, member in content.items()}
            case "L":
                return [deserialize(element) for element in content]
            case "SS":
                return set(content)
    return _deserialize(value)


def serialize(value: Any) -> dict[str, Any]:
    """Return the same as TypeSerializer for a value."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is bool:
        return {"BOOL": value}
    if kind is int:
        return {"N": str(value)}
    if kind is dict:
        return {"M": {name: serialize(member) for name, member in value.items()}}
    if kind is list:
        return {"L": [serialize(element) for element in value]}
    found: dict[str, Any] = _serialize(value)
    return found
