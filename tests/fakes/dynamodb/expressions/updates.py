"""DynamoDB's update expressions: SET, REMOVE, ADD and DELETE.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from dataclasses import dataclass, field
from functools import lru_cache

from tests.fakes.dynamodb.expressions.conditions import Literal, Operand, PathTo
from tests.fakes.dynamodb.expressions.documents import with_value, without_value
from tests.fakes.dynamodb.expressions.syntax import (
    DocumentPath,
    Needs,
    Reader,
    Values,
    check_disjoint,
    value_at,
)
from tests.fakes.dynamodb.expressions.values import (
    SETS,
    AttributeValue,
    Item,
    add_numbers,
    invalid,
    sort_set,
    type_of,
)

_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"


def _existing(operand: Operand, item: Item, values: Values) -> AttributeValue:
    value = operand.read(item, values)
    if value is None:
        raise invalid(_ABSENT)
    return value


@dataclass(frozen=True, slots=True)
class Arithmetic(Operand):
    """left + right, or left - right (sign -1)."""

    left: Operand
    right: Operand
    sign: int

    def read(self, item: Item, values: Values) -> AttributeValue:
        left, right = _existing(self.left, item, values), _existing(self.right, item, values)
        if "N" not in left or "N" not in right:
            raise invalid(_WRONG_TYPE)
        return {"N": add_numbers(left["N"], right["N"], sign=self.sign)}


@dataclass(frozen=True, slots=True)
class IfNotExists(Operand):
    """if_not_exists(path, otherwise)."""

    path: DocumentPath
    otherwise: Operand

    def read(self, item: Item, values: Values) -> AttributeValue:
        # DynamoDB evaluates both operands, so a missing attribute in the second is always an error.
        otherwise = _existing(self.otherwise, item, values)
        value = value_at(item, self.path)
        return otherwise if value is None else value


@dataclass(frozen=True, slots=True)
class ListAppend(Operand):
    """list_append(left, right)."""

    left: Operand
    right: Operand

    def read(self, item: Item, values: Values) -> AttributeValue:
        left, right = _existing(self.left, item, values), _existing(self.right, item, values)
        if "L" not in left or "L" not in right:
            raise invalid(_WRONG_TYPE)
        return {"L": [*left["L"], *right["L"]]}


@dataclass(slots=True)
class Update:
    """A parsed update expression."""

    sets: list[tuple[DocumentPath, Operand]] = field(default_factory=list)
    removals: list[DocumentPath] = field(default_factory=list)
    additions: list[tuple[DocumentPath, str]] = field(default_factory=list)
    deletions: list[tuple[DocumentPath, str]] = field(default_factory=list)

    def paths(self) -> list[DocumentPath]:
        """Return every path that the update changes."""
        changed = [path for path, _ in (*self.sets, *self.additions, *self.deletions)]
        return [*changed, *self.removals]

    def apply(self, item: Item, values: Values) -> Item:
        """Return the updated item; all operands see the item before the update."""
        changes: list[tuple[DocumentPath, AttributeValue | None]] = [
            (path, _existing(operand, item, values)) for path, operand in self.sets
        ]
        changes += [
            (path, _added(value_at(item, path), values[placeholder]))
            for path, placeholder in self.additions
        ]
        changes += [
            (path, _subtracted(value_at(item, path), values[placeholder]))
            for path, placeholder in self.deletions
        ]
        after = dict(item)
        # Elements beyond the end of a list are appended in the order of their indexes.
        for path, value in sorted(changes, key=lambda change: _indexes(change[0])):
            if value is not None:
                with_value(after, path, value)
        emptied = [path for path, value in changes if value is None]
        # The highest index first, because each removal moves the elements after it.
        for path in sorted([*self.removals, *emptied], key=_indexes, reverse=True):
            without_value(after, path)
        return after


def _indexes(path: DocumentPath) -> tuple[int, ...]:
    return tuple(step for step in path if isinstance(step, int))


def _added(present: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    """ADD: add a number to a number, or members to a set."""
    if present is None:
        return value
    kind = type_of(value)
    if type_of(present) != kind:
        raise invalid(_WRONG_TYPE)
    if kind == "N":
        return {"N": add_numbers(present["N"], value["N"])}
    return {kind: sort_set(kind, {*present[kind], *value[kind]})}


def _subtracted(present: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    """DELETE: remove members from a set; None if the set is then empty."""
    if present is None:
        return None
    kind = type_of(value)
    if type_of(present) != kind:
        raise invalid(_WRONG_TYPE)
    left = sort_set(kind, set(present[kind]) - set(value[kind]))
    return {kind: left} if left else None


@lru_cache(maxsize=1024)
def parse_update(text: str, names: frozenset[tuple[str, str]]) -> tuple[Update, Needs]:
    """Parse an update expression; names are the request's (placeholder, attribute) pairs."""
    reader = Reader(text, dict(names), source="UpdateExpression")
    update = Update()
    seen: set[str] = set()
    while reader.token.kind != "end":
        section = next((word for word in _SECTIONS if reader.accept_keyword(word)), None)
        if section is None:
            reader.fail()
        if section in seen:
            raise reader.refusal(
                f'The "{section}" section can only be used once in an update expression;'
            )
        seen.add(section)
        _read_action(reader, update, section)
        while reader.accept(","):
            _read_action(reader, update, section)
    check_disjoint(update.paths(), source="UpdateExpression")
    return update, reader.needs


def _read_action(reader: Reader, update: Update, section: str) -> None:
    path = reader.path()
    match section:
        case "SET":
            reader.expect("=")
            update.sets.append((path, _read_operand(reader)))
        case "REMOVE":
            update.removals.append(path)
        case "ADD":
            update.additions.append((path, _read_literal(reader, section, SETS | {"N"})))
        case "DELETE":
            update.deletions.append((path, _read_literal(reader, section, SETS)))


def _read_literal(reader: Reader, section: str, types: frozenset[str]) -> str:
    placeholder = reader.value()
    reader.needs.types.append((placeholder, section, types))
    return placeholder


def _read_operand(reader: Reader) -> Operand:
    left = _read_term(reader)
    for symbol, sign in (("+", 1), ("-", -1)):
        if reader.accept(symbol):
            right = _read_term(reader)
            _require_type(reader, symbol, "N", left, right)
            return Arithmetic(left, right, sign)
    return left


def _read_term(reader: Reader) -> Operand:
    if reader.accept("("):
        operand = _read_operand(reader)
        reader.expect(")")
        return operand
    if reader.token.kind == "value":
        return Literal(reader.value())
    if reader.token.kind == "word" and reader.after().text == "(":
        return _read_call(reader)
    return PathTo(reader.path())


def _read_call(reader: Reader) -> Operand:
    function = reader.function()
    operands = [_read_operand(reader)]
    while reader.accept(","):
        operands.append(_read_operand(reader))
    reader.expect(")")
    reader.check_operands(function, len(operands))
    if function == "list_append":
        _require_type(reader, function, "L", *operands)
        return ListAppend(*operands)
    if function != "if_not_exists":
        raise reader.refusal(
            f"The function is not allowed in an update expression; function: {function}"
        )
    if not isinstance(operands[0], PathTo):
        raise reader.refusal(
            f"Operator or function requires a document path; operator or function: {function}"
        )
    return IfNotExists(operands[0].path, operands[1])


def _require_type(reader: Reader, operator: str, kind: str, *operands: Operand) -> None:
    for operand in operands:
        if isinstance(operand, Literal):
            reader.needs.types.append((operand.placeholder, operator, frozenset({kind})))
