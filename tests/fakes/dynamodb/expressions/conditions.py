"""Evaluates DynamoDB's conditions: operands, comparators and functions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.h
tml
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.expressions.syntax import DocumentPath, Values, value_at
from tests.fakes.dynamodb.expressions.values import (
    SCALARS,
    SETS,
    AttributeValue,
    Item,
    length_of,
    rank,
    type_of,
)

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTS = frozenset({"S", "B"})


class Operand(ABC):
    """A part of an expression that has a value."""

    __slots__ = ()

    @abstractmethod
    def read(self, item: Item, values: Values) -> AttributeValue | None:
        """Return the operand's value, or None if the item has none."""


@dataclass(frozen=True, slots=True)
class PathTo(Operand):
    """An attribute of the item."""

    path: DocumentPath

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        return value_at(item, self.path)


@dataclass(frozen=True, slots=True)
class Literal(Operand):
    """A :value placeholder."""

    placeholder: str

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        return values[self.placeholder]


@dataclass(frozen=True, slots=True)
class SizeOf(Operand):
    """The function size()."""

    operand: Operand

    def read(self, item: Item, values: Values) -> AttributeValue | None:
        value = self.operand.read(item, values)
        length = None if value is None else length_of(value)
        return None if length is None else {"N": str(length)}


class Condition(ABC):
    """A part of an expression that is true or false."""

    __slots__ = ()

    @abstractmethod
    def holds(self, item: Item, values: Values) -> bool:
        """Whether the condition is true for the item (empty if no item is stored)."""


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """left = right, and the other comparators."""

    symbol: str
    left: Operand
    right: Operand

    def holds(self, item: Item, values: Values) -> bool:
        left, right = self.left.read(item, values), self.right.read(item, values)
        if self.symbol == "=":
            return left is not None and left == right
        if self.symbol == "<>":
            return left is None or left != right
        return _ordered(self.symbol, left, right)


def _ordered(symbol: str, left: AttributeValue | None, right: AttributeValue | None) -> bool:
    """Compare two values by order; false if one is missing or their types differ."""
    if left is None or right is None:
        return False
    if type_of(left) != type_of(right) or type_of(left) not in SCALARS:
        return False
    return ORDERED[symbol](rank(left), rank(right))


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """operand BETWEEN lower AND upper, both inclusive."""

    operand: Operand
    lower: Operand
    upper: Operand

    def holds(self, item: Item, values: Values) -> bool:
        value = self.operand.read(item, values)
        return _ordered(">=", value, self.lower.read(item, values)) and _ordered(
            "<=", value, self.upper.read(item, values)
        )


@dataclass(frozen=True, slots=True)
class Membership(Condition):
    """operand IN (choice, ...)."""

    operand: Operand
    choices: tuple[Operand, ...]

    def holds(self, item: Item, values: Values) -> bool:
        value = self.operand.read(item, values)
        return value is not None and any(
            value == choice.read(item, values) for choice in self.choices
        )


@dataclass(frozen=True, slots=True)
class Call(Condition):
    """A function that returns true or false."""

    function: str
    operands: tuple[Operand, ...]

    def holds(self, item: Item, values: Values) -> bool:
        value, *others = (operand.read(item, values) for operand in self.operands)
        if self.function == "attribute_exists":
            return value is not None
        if self.function == "attribute_not_exists":
            return value is None
        if value is None or others[0] is None:
            return False
        if self.function == "attribute_type":
            return bool(type_of(value) == others[0]["S"])
        if self.function == "begins_with":
            return _begins_with(value, others[0])
        return _contains(value, others[0])


def _begins_with(value: AttributeValue, prefix: AttributeValue) -> bool:
    kind = type_of(value)
    same = kind == type_of(prefix) and kind in TEXTS
    return same and bool(value[kind].startswith(prefix[kind]))


def _contains(value: AttributeValue, part: AttributeValue) -> bool:
    ((kind, content),) = value.items()
    if kind == "L":
        return bool(part in content)
    wanted = kind if kind in TEXTS else kind[0] if kind in SETS else None
    return wanted is not None and wanted in part and bool(part[wanted] in content)


@dataclass(frozen=True, slots=True)
class Both(Condition):
    """left AND right."""

    left: Condition
    right: Condition

    def holds(self, item: Item, values: Values) -> bool:
        return self.left.holds(item, values) and self.right.holds(item, values)


@dataclass(frozen=True, slots=True)
class Either(Condition):
    """left OR right."""

    left: Condition
    right: Condition

    def holds(self, item: Item, values: Values) -> bool:
        return self.left.holds(item, values) or self.right.holds(item, values)


@dataclass(frozen=True, slots=True)
class Negation(Condition):
    """NOT condition."""

    condition: Condition

    def holds(self, item: Item, values: Values) -> bool:
        return not self.condition.holds(item, values)
