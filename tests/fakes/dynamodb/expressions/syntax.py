"""Parses DynamoDB's expressions: tokens, placeholders and document paths.

Grammar: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tests.fakes.dynamodb.expressions.values import (
    TYPES,
    AttributeValue,
    Item,
    invalid,
    rank,
    type_of,
)
from tests.fakes.service import Refused

type DocumentPath = tuple[str | int, ...]
type Values = Mapping[str, AttributeValue]

MAX_EXPRESSION_BYTES = 4096
KEYWORDS = frozenset({"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"})
FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
    "if_not_exists": 2,
    "list_append": 2,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<name>\#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<index>0|[1-9][0-9]*)|(?P<symbol><>|<=|>=|[=<>(),.\[\]+-]))",
    re.ASCII,
)


@cache
def reserved_words() -> frozenset[str]:
    """Return the words that can name an attribute only through a #placeholder."""
    words = Path(__file__).with_name("reserved_words.txt").read_text(encoding="ascii")
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: name, value, word, index, symbol or end."""

    kind: str
    text: str


@dataclass(slots=True)
class Needs:
    """The requirements of an expression for its placeholders, checked before any item is read."""

    names: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    types: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)
    ranges: list[tuple[str, str]] = field(default_factory=list)

    def check(self, values: Values, *, source: str) -> None:
        """Raise ValidationException for a value that is undefined or of a wrong type."""
        for placeholder in self.values - values.keys():
            raise invalid(
                f"Invalid {source}: An expression attribute value used in expression is not "
                f"defined; attribute value: {placeholder}"
            )
        for placeholder, operator, types in self.types:
            kind = type_of(values[placeholder])
            if kind not in types:
                raise invalid(
                    f"Invalid {source}: Incorrect operand type for operator or function; "
                    f"operator or function: {operator}, operand type: {kind}"
                )
            if operator == "attribute_type":
                _check_type_name(values[placeholder]["S"], source)
        for lower, upper in self.ranges:
            _check_range(values[lower], values[upper], source)


def _check_type_name(name: str, source: str) -> None:
    if name not in TYPES:
        raise invalid(
            f"Invalid {source}: Invalid attribute type name found; type: {name}, "
            f"valid types: {{{','.join(sorted(TYPES))}}}"
        )


def _check_range(lower: AttributeValue, upper: AttributeValue, source: str) -> None:
    if type_of(lower) != type_of(upper):
        raise invalid(
            f"Invalid {source}: The BETWEEN operator requires same data type for lower and "
            "upper bounds"
        )
    if rank(lower) > rank(upper):
        raise invalid(
            f"Invalid {source}: The BETWEEN operator requires upper bound to be greater than "
            "or equal to lower bound"
        )


class Reader:
    """A cursor over the tokens of one expression; it resolves #names."""

    def __init__(self, text: str, names: Mapping[str, str], *, source: str) -> None:
        self.source = source
        self.needs = Needs()
        self._names = names
        self._tokens = self._split(text)
        self.position = 0

    def _split(self, text: str) -> list[Token]:
        if not text.strip():
            raise self.refusal("The expression can not be empty;")
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            raise self.refusal("Expression size has exceeded the maximum allowed size;")
        tokens = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.refusal(f'Syntax error; token: "{text[position:].strip()[:1]}"')
            tokens.append(Token(match.lastgroup or "", match[match.lastgroup or 0]))
            position = match.end()
        return [*tokens, Token("end", "<EOF>")]

    def refusal(self, fault: str) -> Refused:
        """Return the error with this reason for this expression."""
        return invalid(f"Invalid {self.source}: {fault}")

    def fail(self) -> NoReturn:
        """Raise the syntax error at the current token."""
        raise self.refusal(f'Syntax error; token: "{self.token.text}"')

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self.position]

    def after(self) -> Token:
        """Return the token after the next one."""
        return self._tokens[min(self.position + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and move past it."""
        token = self.token
        self.position += 1
        return token

    def accept(self, symbol: str) -> bool:
        """Move past the symbol if it is next."""
        if self.token.kind == "symbol" and self.token.text == symbol:
            self.position += 1
            return True
        return False

    def accept_keyword(self, word: str) -> bool:
        """Move past the keyword, in upper or lower case, if it is next."""
        if self.token.kind == "word" and self.token.text.upper() == word:
            self.position += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Move past the symbol, which must be next."""
        if not self.accept(symbol):
            self.fail()

    def expect_end(self) -> None:
        """Raise a syntax error if tokens are left."""
        if self.token.kind != "end":
            self.fail()

    def value(self) -> str:
        """Read a :value placeholder."""
        if self.token.kind != "value":
            self.fail()
        placeholder = self.take().text
        self.needs.values.add(placeholder)
        return placeholder

    def function(self) -> str:
        """Read a function's name and its opening parenthesis."""
        name = self.take().text
        if name not in FUNCTIONS:
            raise self.refusal(f"Invalid function name; function: {name}")
        self.expect("(")
        return name

    def check_operands(self, function: str, count: int) -> None:
        """Raise ValidationException for a wrong number of operands."""
        if count != FUNCTIONS[function]:
            raise self.refusal(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {function}, number of operands: {count}"
            )

    def path(self) -> DocumentPath:
        """Read a document path such as a.b[0]; each name may be a #placeholder."""
        steps: list[str | int] = [self._name()]
        while True:
            if self.accept("."):
                steps.append(self._name())
            elif self.accept("["):
                if self.token.kind != "index":
                    self.fail()
                steps.append(int(self.take().text))
                self.expect("]")
            else:
                return tuple(steps)

    def _name(self) -> str:
        if self.token.kind == "name":
            return self._resolved(self.take().text)
        if self.token.kind != "word" or self.token.text.upper() in KEYWORDS:
            self.fail()
        name = self.take().text
        if name.upper() in reserved_words():
            raise self.refusal(f"Attribute name is a reserved keyword; reserved keyword: {name}")
        return name

    def _resolved(self, placeholder: str) -> str:
        self.needs.names.add(placeholder)
        if placeholder not in self._names:
            raise self.refusal(
                "An expression attribute name used in the document path is not defined; "
                f"attribute name: {placeholder}"
            )
        return self._names[placeholder]


def value_at(item: Item, path: DocumentPath) -> AttributeValue | None:
    """Return the value at a path of an item, or None."""
    value: Any = {"M": item}
    for step in path:
        if value is None:
            return None
        inside = value.get("L" if isinstance(step, int) else "M")
        if inside is None:
            return None
        if isinstance(step, int):
            value = inside[step] if step < len(inside) else None
        else:
            value = inside.get(step)
    found: AttributeValue | None = value
    return found


def check_disjoint(paths: list[DocumentPath], *, source: str) -> None:
    """Raise ValidationException if two paths overlap, or use a value as list and as map."""
    for position, one in enumerate(paths):
        for other in paths[position + 1 :]:
            fault = _clash(one, other)
            if fault:
                raise invalid(
                    f"Invalid {source}: Two document paths {fault} with each other; must remove "
                    f"or rewrite one of these paths; path one: {_shown(one)}, "
                    f"path two: {_shown(other)}"
                )


def _clash(one: DocumentPath, other: DocumentPath) -> str | None:
    for step, counterpart in zip(one, other, strict=False):
        if type(step) is not type(counterpart):
            return "conflict"
        if step != counterpart:
            return None
    return "overlap"


def _shown(path: DocumentPath) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else step for step in path)
    return f"[{', '.join(steps)}]"
