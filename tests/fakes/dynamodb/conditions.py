"""Parses and evaluates conditions, filters and key conditions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.h
tml
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.fakes.dynamodb.expressions import Reader, Values
from tests.fakes.dynamodb.values import AttributeValue, Item, invalid, type_of, value_at

type Test = Callable[[Item, Values], bool]
type Operand = Callable[[Item], AttributeValue | None]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _always(item: Item, values: Values) -> bool:
    return True


class _Parser:
    """Recursive descent: OR, AND, NOT, a test in parentheses, or one test."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._in_parentheses: list[Test] = []

    def either(self) -> Test:
        tests = [self._both()]
        while self._reader.accept("OR"):
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        return lambda item, values: any(test(item, values) for test in tests)

    def _both(self) -> Test:
        tests = [self._negation()]
        while self._reader.accept("AND"):
            tests.append(self._negation())
        if len(tests) == 1:
            return tests[0]
        return lambda item, values: all(test(item, values) for test in tests)

    def _negation(self) -> Test:
        if self._reader.accept("NOT"):
            test = self._negation()
            return lambda item, values: not test(item, values)
        return self._parenthesised() if self._reader.accept("(") else self._test()

    def _parenthesised(self) -> Test:
        test = self.either()
        self._reader.expect(")")
        if test in self._in_parentheses:
            raise invalid("The expression has redundant parentheses;")
        self._in_parentheses.append(test)
        return test

    def _test(self) -> Test:
        reader = self._reader
        if reader.accept("attribute_exists"):
            read = self._attribute()
            return lambda item, values: read(item) is not None
        if reader.accept("attribute_not_exists"):
            read = self._attribute()
            return lambda item, values: read(item) is None
        if reader.accept("contains"):
            reader.expect("(")
            read = _reading(reader.path())
            reader.expect(",")
            part = reader.value()
            reader.expect(")")
            return lambda item, values: _contains(read(item), values[part])
        if reader.accept("size"):
            read = self._attribute()
            return _comparison(reader, lambda item: _size(read(item)))
        read = _reading(reader.path())
        if reader.accept("<>"):
            other = reader.value()
            return lambda item, values: not _equal(read(item), values[other])
        return _comparison(reader, read)

    def _attribute(self) -> Operand:
        self._reader.expect("(")
        read = _reading(self._reader.path())
        self._reader.expect(")")
        return read


def _reading(path: tuple[str, ...]) -> Operand:
    return lambda item: value_at(item, path)


def _comparison(reader: Reader, read: Operand) -> Test:
    if reader.accept("="):
        other = reader.value()
        return lambda item, values: _equal(read(item), values[other])
    symbol = reader.take()
    if symbol not in _ORDERED:
        reader.fail()
    bound = reader.value("S", "N")
    return lambda item, values: _is_ordered(symbol, read(item), values[bound])


def _equal(left: AttributeValue | None, right: AttributeValue) -> bool:
    """Compare two values; the members of a set have no order."""
    if left is not None and "SS" in left and "SS" in right:
        return set(left["SS"]) == set(right["SS"])
    return left == right


def _is_ordered(symbol: str, left: AttributeValue | None, right: AttributeValue) -> bool:
    """Compare two values by order; false if one is missing or their types differ."""
    kind = type_of(right)
    if left is None or kind not in left:
        return False
    rank = int if kind == "N" else str
    return _ORDERED[symbol](rank(left[kind]), rank(right[kind]))


def _between(reader: Reader, read: Operand) -> Test:
    lower = reader.value("S")
    reader.expect("AND")
    upper = reader.value("S")
    return lambda item, values: (
        _is_ordered(">=", read(item), values[lower])
        and _is_ordered("<=", read(item), values[upper])
    )


def _contains(value: AttributeValue | None, part: AttributeValue) -> bool:
    if value is None:
        return False
    ((kind, content),) = value.items()
    if kind == "L":
        return part in content
    return kind in {"S", "SS"} and "S" in part and part["S"] in content


def _size(value: AttributeValue | None) -> AttributeValue | None:
    if value is None or type_of(value) in {"N", "BOOL", "NULL"}:
        return None
    ((kind, content),) = value.items()
    return {"N": str(len(content.encode() if kind == "S" else content))}


@lru_cache
def parse_condition(text: str | None) -> tuple[Test, Reader]:
    """Parse a condition on an item, which is empty if none is stored; None always holds."""
    if text is None:
        return _always, Reader("")
    reader = Reader(text)
    test = _Parser(reader).either()
    reader.expect("")
    return test, reader


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The keys that a key condition names, the :value of the first, and the test of the second."""

    keys: tuple[str, ...]
    hash_value: str
    admits: Test


@lru_cache
def parse_key_condition(text: str) -> tuple[KeyCondition, Reader]:
    """Parse a key condition: the hash key's value and, if given, the range key's comparison."""
    reader = Reader(text)
    reader.name()
    reader.expect("=")
    hash_value = reader.value("S")
    admits: Test = _always
    if reader.accept("AND"):
        read = _reading((reader.name(),))
        admits = (_between if reader.accept("BETWEEN") else _comparison)(reader, read)
    reader.expect("")
    return KeyCondition(tuple(reader.attributes), hash_value, admits), reader
