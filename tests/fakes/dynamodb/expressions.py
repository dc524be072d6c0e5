"""Reads the expressions that the ledger writes; any other text raises NotFaked.

Grammar: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any, NoReturn

from tests.fakes.dynamodb.values import AttributeValue, invalid, stored, type_of
from tests.fakes.service import NotFaked

type Path = tuple[str, ...]
type Values = Mapping[str, AttributeValue]

MAX_EXPRESSION_BYTES = 4096

_TOKEN = re.compile(r"[#:]?\w+|<>|<=|>=|[=<>(),.]", re.ASCII)
# No word that DynamoDB reserves has an underscore, so such a name needs no placeholder.
_BARE_NAME = re.compile(r"[a-z]+_\w+", re.ASCII)


class Reader:
    """A cursor over the tokens of one expression; it collects the placeholders."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = [*_TOKEN.findall(text), ""]
        self.position = 0
        self.names: set[str] = set()
        self.values: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[str] = []
        if "".join(self._tokens) != "".join(text.split()):
            self.fail()
        if len(text.encode()) > MAX_EXPRESSION_BYTES:
            raise invalid("Expression size has exceeded the maximum allowed size;")

    def fail(self) -> NoReturn:
        """Say that the fake does not support the expression."""
        raise NotFaked(f"the fake of DynamoDB does not support the expression {self._text!r}")

    def take(self) -> str:
        """Return the next token and move past it."""
        self.position += 1
        return self._tokens[self.position - 1]

    def accept(self, token: str) -> bool:
        """Move past the token if it is next."""
        found = self._tokens[self.position] == token
        self.position += found
        return found

    def expect(self, *tokens: str) -> None:
        """Move past these tokens, which must be next; an empty one is the end."""
        for token in tokens:
            if not self.accept(token):
                self.fail()

    def value(self, *types: str) -> str:
        """Read a :value, which must be of one of the types if any are given."""
        placeholder = self.take()
        if not placeholder.startswith(":"):
            self.fail()
        self.values.append((placeholder, types))
        return placeholder

    def path(self) -> Path:
        """Read a document path such as #a.#b."""
        steps = [self._name()]
        self.attributes.append(steps[0])
        while self.accept("."):
            steps.append(self._name())
        return tuple(steps)

    def name(self) -> str:
        """Read the name of an attribute of the item."""
        name, *nested = self.path()
        if nested:
            self.fail()
        return name

    def _name(self) -> str:
        token = self.take()
        if token.startswith("#"):
            self.names.add(token)
            return token[1:]
        if not _BARE_NAME.fullmatch(token):
            self.fail()
        return token


def checked_values(request: Mapping[str, Any], *expressions: Reader) -> Values:
    """Return the values of a request, whose placeholders must be those of its expressions."""
    names = request.get("ExpressionAttributeNames", {})
    values = {
        name: stored(value) for name, value in request.get("ExpressionAttributeValues", {}).items()
    }
    for parameter, given, used in (
        ("Names", names, {name for each in expressions for name in each.names}),
        ("Values", values, {name for each in expressions for name, _ in each.values}),
    ):
        what = f"ExpressionAttribute{parameter}"
        if given.keys() != used:
            raise invalid(f"{what} has {sorted(given)}, but the expressions use {sorted(used)}")
        if not given and what in request:
            raise invalid(f"{what} must not be empty")
    if any(placeholder != f"#{name}" for placeholder, name in names.items()):
        raise NotFaked("in the fake of DynamoDB, #name stands for the attribute of that name")
    for placeholder, types in (value for each in expressions for value in each.values):
        if types and type_of(values[placeholder]) not in types:
            raise invalid(f"Incorrect operand type for operator or function; value: {placeholder}")
    return values


@lru_cache
def parse_projection(text: str) -> tuple[tuple[Path, ...], Reader]:
    """Parse a projection expression."""
    reader = Reader(text)
    paths = [reader.path()]
    while reader.accept(","):
        paths.append(reader.path())
    reader.expect("")
    for one, other in combinations(sorted(paths), 2):
        if other[: len(one)] == one:
            raise invalid(
                "Invalid ProjectionExpression: Two document paths overlap with each other"
            )
    return tuple(paths), reader
