"""Parses DynamoDB's condition, filter and key condition expressions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.h
tml
"""

from functools import lru_cache

from tests.fakes.dynamodb.expressions.conditions import (
    ORDERED,
    TEXTS,
    Between,
    Both,
    Call,
    Comparison,
    Condition,
    Either,
    Literal,
    Membership,
    Negation,
    Operand,
    PathTo,
    SizeOf,
)
from tests.fakes.dynamodb.expressions.syntax import Needs, Reader
from tests.fakes.dynamodb.expressions.values import SCALARS, SETS
from tests.fakes.service import Refused

_COMPARATORS = frozenset({"=", "<>", *ORDERED})
_SIZED = SETS | {"S", "B", "L", "M"}


@lru_cache(maxsize=1024)
def parse_condition(
    text: str, names: frozenset[tuple[str, str]], *, source: str
) -> tuple[Condition, Needs]:
    """Parse a condition; names are the request's (placeholder, attribute) pairs."""
    reader = Reader(text, dict(names), source=source)
    condition = _ConditionParser(reader).whole()
    return condition, reader.needs


type _Node = Condition | Operand


class _ConditionParser:
    """Recursive descent: OR, AND, NOT, comparison, operand."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._closed_at: dict[int, int] = {}

    def whole(self) -> Condition:
        condition = self._condition(self._either())
        self._reader.expect_end()
        return condition

    def _condition(self, node: _Node) -> Condition:
        if isinstance(node, Condition):
            return node
        if not isinstance(node, SizeOf):
            self._reader.fail()
        raise self._misused("size")

    def _misused(self, function: str) -> Refused:
        return self._reader.refusal(
            "The function is not allowed to be used this way in an expression; "
            f"function: {function}"
        )

    def _either(self) -> _Node:
        left = self._both()
        while self._reader.accept_keyword("OR"):
            left = Either(self._condition(left), self._condition(self._both()))
        return left

    def _both(self) -> _Node:
        left = self._negation()
        while self._reader.accept_keyword("AND"):
            left = Both(self._condition(left), self._condition(self._negation()))
        return left

    def _negation(self) -> _Node:
        if self._reader.accept_keyword("NOT"):
            return Negation(self._condition(self._negation()))
        return self._comparison()

    def _comparison(self) -> _Node:
        left = self._primary()
        if isinstance(left, Condition):
            return left
        reader = self._reader
        if reader.token.kind == "symbol" and reader.token.text in _COMPARATORS:
            symbol = reader.take().text
            right = self._operand()
            self._check(symbol, left, right)
            return Comparison(symbol, left, right)
        if reader.accept_keyword("BETWEEN"):
            return self._between(left)
        if reader.accept_keyword("IN"):
            choices = self._list()
            self._check("IN", left, *choices)
            return Membership(left, choices)
        return left

    def _between(self, operand: Operand) -> Between:
        lower = self._operand()
        if not self._reader.accept_keyword("AND"):
            self._reader.fail()
        upper = self._operand()
        self._check("BETWEEN", operand, lower, upper)
        if isinstance(lower, Literal) and isinstance(upper, Literal):
            self._reader.needs.ranges.append((lower.placeholder, upper.placeholder))
        return Between(operand, lower, upper)

    def _list(self) -> tuple[Operand, ...]:
        self._reader.expect("(")
        operands = [self._operand()]
        while self._reader.accept(","):
            operands.append(self._operand())
        self._reader.expect(")")
        return tuple(operands)

    def _primary(self) -> _Node:
        reader = self._reader
        if reader.token.text == "(":
            return self._parenthesised()
        if reader.token.kind == "value":
            return Literal(reader.value())
        if reader.token.kind == "word" and reader.after().text == "(":
            return self._call()
        return PathTo(reader.path())

    def _parenthesised(self) -> _Node:
        reader = self._reader
        opened = reader.position
        reader.expect("(")
        node = self._either()
        if self._closed_at.get(opened + 1) == reader.position - 1:
            raise reader.refusal("The expression has redundant parentheses;")
        self._closed_at[opened] = reader.position
        reader.expect(")")
        return node

    def _operand(self) -> Operand:
        node = self._primary()
        if isinstance(node, Call):
            raise self._misused(node.function)
        if isinstance(node, Condition):
            self._reader.fail()
        return node

    def _call(self) -> _Node:
        reader = self._reader
        function = reader.function()
        operands = [self._primary()]
        while reader.accept(","):
            operands.append(self._primary())
        reader.expect(")")
        reader.check_operands(function, len(operands))
        if function in {"if_not_exists", "list_append"}:
            raise reader.refusal(
                f"The function is not allowed in a condition expression; function: {function}"
            )
        if function.endswith("exists") and not isinstance(operands[0], PathTo):
            raise reader.refusal(
                f"Operator or function requires a document path; operator or function: {function}"
            )
        plain = [node for node in operands if isinstance(node, Operand)]
        if len(plain) < len(operands):
            reader.fail()
        self._check(function, *plain)
        return SizeOf(plain[0]) if function == "size" else Call(function, tuple(plain))

    def _check(self, name: str, first: Operand, *others: Operand) -> None:
        """Reject an operand compared with itself; record the types that literals need."""
        if isinstance(first, PathTo) and first in others:
            raise self._reader.refusal(
                "The first operand must be distinct from the remaining operands for this operator "
                f"or function; operator: {name}, first operand: {first.path}"
            )
        if name == "attribute_type" and not isinstance(others[0], Literal):
            raise self._reader.refusal(
                "Incorrect operand type for operator or function; operator or function: "
                f"{name}, operand type: path"
            )
        typed, types = _typed_literals(name, first, others)
        for operand in typed:
            if isinstance(operand, Literal):
                self._reader.needs.types.append((operand.placeholder, name, types))


def _typed_literals(
    name: str, first: Operand, others: tuple[Operand, ...]
) -> tuple[tuple[Operand, ...], frozenset[str]]:
    if name in ORDERED or name == "BETWEEN":
        return (first, *others), SCALARS
    if name == "begins_with":
        return (first, *others), TEXTS
    if name == "attribute_type":
        return others, frozenset({"S"})
    return ((first,), _SIZED) if name == "size" else ((), frozenset())
