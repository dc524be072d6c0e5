"""Parses and applies update expressions: SET, ADD, DELETE and REMOVE, in this order.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from collections.abc import Callable
from functools import lru_cache

from tests.fakes.dynamodb.expressions import Reader, Values
from tests.fakes.dynamodb.values import AttributeValue, Item, invalid, type_of

# An attribute's new value, or None if the item then has no such attribute.
type Change = Callable[[Item, Values], AttributeValue | None]
type Value = Callable[[Item, Values], AttributeValue]
type Update = dict[str, Change]


@lru_cache
def parse_update(text: str) -> tuple[Update, Reader]:
    """Parse an update expression: the change of each attribute."""
    reader = Reader(text)
    update: Update = {}
    for section, read in (("SET", _set), ("ADD", _add), ("DELETE", _delete), ("REMOVE", _remove)):
        going_on = reader.accept(section)
        while going_on:
            name = reader.name()
            if name in update:
                raise invalid(
                    "Invalid UpdateExpression: Two document paths overlap with each other"
                )
            update[name] = read(reader, name)
            going_on = reader.accept(",")
    reader.expect("")
    return update, reader


def apply_update(update: Update, item: Item, values: Values) -> Item:
    """Return the updated item; each change sees the item before the update."""
    after = dict(item)
    for name, change in update.items():
        value = change(item, values)
        if value is not None:
            after[name] = value
        else:
            after.pop(name, None)
    return after


def _set(reader: Reader, _: str) -> Change:
    reader.expect("=")
    if reader.accept("list_append"):
        return _list_append(reader)
    if reader.accept("if_not_exists"):
        return _if_not_exists(reader)
    value = reader.value()
    return lambda item, values: values[value]


def _if_not_exists(reader: Reader) -> Value:
    reader.expect("(")
    name = reader.name()
    reader.expect(",")
    otherwise = reader.value()
    reader.expect(")")
    return lambda item, values: item.get(name, values[otherwise])


def _list_append(reader: Reader) -> Change:
    reader.expect("(", "if_not_exists")
    present = _if_not_exists(reader)
    reader.expect(",")
    more = reader.value("L")
    reader.expect(")")

    def appended(item: Item, values: Values) -> AttributeValue:
        before = present(item, values)
        _require_type("L", before)
        return {"L": [*before["L"], *values[more]["L"]]}

    return appended


def _add(reader: Reader, name: str) -> Change:
    """Add a number to a number, or members to a set."""
    more = reader.value("N", "SS")

    def added(item: Item, values: Values) -> AttributeValue:
        value = values[more]
        present = item.get(name, value)
        _require_type(type_of(value), present)
        if "SS" in value:
            return {"SS": sorted({*present["SS"], *value["SS"]})}
        return {"N": str(int(present["N"]) + int(value["N"]))} if name in item else value

    return added


def _delete(reader: Reader, name: str) -> Change:
    """Remove members from a set."""
    fewer = reader.value("SS")

    def left(item: Item, values: Values) -> AttributeValue | None:
        if name not in item:
            return None
        _require_type("SS", item[name])
        members = sorted({*item[name]["SS"]} - {*values[fewer]["SS"]})
        return {"SS": members} if members else None

    return left


def _remove(reader: Reader, name: str) -> Change:
    return lambda item, values: None


def _require_type(kind: str, value: AttributeValue) -> None:
    if kind not in value:
        raise invalid("An operand in the update expression has an incorrect data type")
