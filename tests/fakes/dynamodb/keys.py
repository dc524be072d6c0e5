"""Key conditions of a Query: the partition, and a range of its sort key."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from tests.fakes.dynamodb.expressions.conditions import (
    ORDERED,
    Between,
    Both,
    Call,
    Comparison,
    Condition,
    Literal,
    Operand,
    PathTo,
    SizeOf,
)
from tests.fakes.dynamodb.expressions.syntax import DocumentPath, Values
from tests.fakes.dynamodb.expressions.values import AttributeValue, Item, invalid
from tests.fakes.dynamodb.tables import KeySchema
from tests.fakes.service import Refused

_UNSUPPORTED = "Query key condition not supported"
_MISSED = "Query condition missed key schema element"


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The hash value of a partition and, optionally, a condition on its sort key."""

    hash_value: AttributeValue
    on_range: Condition | None

    def admits(self, item: Item, values: Values) -> bool:
        """Whether the item's sort key is in the range."""
        return self.on_range is None or self.on_range.holds(item, values)


def key_condition(condition: Condition, keys: KeySchema, values: Values) -> KeyCondition:
    """Analyse a KeyConditionExpression; raise ValidationException if it is not valid."""
    parts: dict[str, Condition] = {}
    for part in _conjuncts(condition):
        name = _subject(part)
        if name in parts:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        parts[name] = part
    on_hash = parts.pop(keys.hash_key, None)
    if on_hash is None:
        raise invalid(_MISSED)
    if not isinstance(on_hash, Comparison) or on_hash.symbol != "=":
        raise invalid(_UNSUPPORTED)
    on_range = None if keys.range_key is None else parts.pop(keys.range_key, None)
    if parts:
        raise invalid(_MISSED)
    hash_value = _checked_literals(on_hash, keys.hash_key, keys, values)[0]
    if on_range is not None and keys.range_key is not None:
        _checked_literals(on_range, keys.range_key, keys, values)
    return KeyCondition(hash_value, on_range)


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, Both):
        return [*_conjuncts(condition.left), *_conjuncts(condition.right)]
    return [condition]


def _operands(part: Condition) -> tuple[Operand, ...]:
    match part:
        case Comparison(symbol, left, right) if symbol == "=" or symbol in ORDERED:
            return left, right
        case Between(operand, lower, upper):
            return operand, lower, upper
        case Call("begins_with", operands):
            return operands
    raise _invalid_operator(part)


def _invalid_operator(part: Condition) -> Refused:
    name = getattr(part, "symbol", None) or getattr(part, "function", type(part).__name__)
    return invalid(f"Invalid operator used in KeyConditionExpression: {name}")


def _subject(part: Condition) -> str:
    """Return the attribute of one part of a key condition."""
    paths: list[DocumentPath] = [o.path for o in _operands(part) if isinstance(o, PathTo)]
    if len(paths) != 1:
        raise invalid(_UNSUPPORTED)
    name, *nested = paths[0]
    if nested or not isinstance(name, str):
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    return name


def _checked_literals(
    part: Condition, name: str, keys: KeySchema, values: Values
) -> list[AttributeValue]:
    literals = [values[o.placeholder] for o in _operands(part) if isinstance(o, Literal)]
    for value in literals:
        if keys.types[name] not in value:
            raise invalid(
                "One or more parameter values were invalid: Condition parameter type does not "
                "match schema type"
            )
        keys.check_value(name, value)
    if not literals:
        raise invalid(_UNSUPPORTED)
    return literals


def attributes_in(condition: Condition) -> Iterator[Operand]:
    """Yield every operand of a condition, at any depth."""
    for name in _slots(condition):
        part = getattr(condition, name)
        for node in part if isinstance(part, tuple) else (part,):
            if isinstance(node, Condition):
                yield from attributes_in(node)
            elif isinstance(node, Operand):
                yield node.operand if isinstance(node, SizeOf) else node


def _slots(condition: Condition) -> tuple[str, ...]:
    return tuple(field.name for field in fields(condition)) if is_dataclass(condition) else ()
