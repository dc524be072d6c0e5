"""Tables of the fake: key schemas and their checks, and items that snapshots share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.expressions.values import (
    MAX_ITEM_BYTES,
    AttributeValue,
    Item,
    invalid,
    rank,
    size_of_item,
    stored,
)

type Scalar = str | bytes
type Partitions = dict[Scalar, dict[Scalar | None, Item]]

_EMPTY_KEY = "The AttributeValue for a key attribute cannot contain an empty {} value."
_MAX_HASH_BYTES = 2048
_MAX_RANGE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The one or two key attributes of a table or an index."""

    hash_key: str
    range_key: str | None
    types: Mapping[str, str]
    index: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The key attributes, hash key first."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)

    def covers(self, item: Item) -> bool:
        """Whether an item has all key attributes; otherwise the index leaves it out."""
        return all(name in item for name in self.names)

    def order_of(self, item: Item) -> Any:
        """Return the sort value of an item within its partition."""
        return None if self.range_key is None else rank(item[self.range_key])

    def check_value(self, name: str, value: AttributeValue) -> None:
        """Raise ValidationException for a key attribute that is empty or of the wrong type."""
        kind = self.types[name]
        if kind not in value:
            raise invalid(self._mismatch(name, value, kind))
        if value[kind] in ("", b""):
            words = _EMPTY_KEY.format("string" if kind == "S" else "binary")
            raise invalid(f"One or more parameter values are not valid. {self._where(words, name)}")
        self._check_length(name, value[kind])

    def _mismatch(self, name: str, value: AttributeValue, kind: str) -> str:
        actual = next(iter(value))
        if self.index:
            return (
                f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
                f"Expected: {kind} Actual: {actual} IndexName: {self.index}"
            )
        return (
            f"One or more parameter values were invalid: Type mismatch for key {name} "
            f"expected: {kind} actual: {actual}"
        )

    def _where(self, words: str, name: str) -> str:
        if not self.index:
            return f"{words} Key: {name}"
        return (
            "A value specified for a secondary index key is not supported. "
            f"{words} IndexName: {self.index}, IndexKey: {name}"
        )

    def _check_length(self, name: str, content: Scalar) -> None:
        length = len(content.encode() if isinstance(content, str) else content)
        if length > (_MAX_HASH_BYTES if name == self.hash_key else _MAX_RANGE_BYTES):
            raise invalid(
                "Hash primary key values must be under 2048 bytes, and range primary key values "
                "must be under 1024 bytes"
            )


class Table:
    """The items of one table; a stored item is replaced, never changed."""

    def __init__(
        self, keys: KeySchema, indexes: Mapping[str, KeySchema], *, checks_size: bool = True
    ) -> None:
        self.checks_size = checks_size
        self.keys = keys
        self.indexes = indexes
        self._partitions: Partitions = {}
        self._shared = False

    def share(self) -> Partitions:
        """Return the contents for a snapshot; the next write copies them first."""
        self._shared = True
        return self._partitions

    def reset(self, contents: Partitions) -> None:
        """Restore contents that share() returned."""
        self._partitions = contents
        self._shared = True

    def key_of(self, attributes: Mapping[str, Any]) -> Item:
        """Check a Key parameter and return it in stored form."""
        if attributes.keys() != set(self.keys.names):
            raise invalid("The provided key element does not match the schema")
        key = {name: stored(value) for name, value in attributes.items()}
        for name, value in key.items():
            self.keys.check_value(name, value)
        return key

    def check_item(self, item: Item, *, updated: bool = False) -> None:
        """Raise ValidationException for an item that this table cannot store."""
        for name in self.keys.names:
            if name not in item:
                raise invalid(
                    f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            self.keys.check_value(name, item[name])
        for index in self.indexes.values():
            for name in index.names:
                if name in item:
                    index.check_value(name, item[name])
        if self.checks_size and size_of_item(item) > MAX_ITEM_BYTES:
            what = "Item size to update" if updated else "Item size"
            raise invalid(f"{what} has exceeded the maximum allowed size")

    def identity(self, item: Item) -> tuple[Scalar, Scalar | None]:
        """Return the key values that identify this item in the table."""
        range_key = self.keys.range_key
        hash_value = item[self.keys.hash_key]
        return _content(hash_value), None if range_key is None else _content(item[range_key])

    def find(self, key: Item, contents: Partitions | None = None) -> Item | None:
        """Return the item stored under a key, or None."""
        hash_value, range_value = self.identity(key)
        partitions = self._partitions if contents is None else contents
        partition = partitions.get(hash_value)
        return None if partition is None else partition.get(range_value)

    def store(self, item: Item) -> None:
        """Store an item, replacing one with the same key."""
        hash_value, range_value = self.identity(item)
        partitions = self._own()
        partitions[hash_value] = {**partitions.get(hash_value, {}), range_value: item}

    def remove(self, key: Item) -> None:
        """Remove the item with this key, if it exists."""
        hash_value, range_value = self.identity(key)
        partitions = self._own()
        partition = partitions.get(hash_value, {})
        partitions[hash_value] = {k: v for k, v in partition.items() if k != range_value}

    def _own(self) -> Partitions:
        if self._shared:
            self._partitions = dict(self._partitions)
            self._shared = False
        return self._partitions

    def items(self) -> Iterator[Item]:
        """Yield every item."""
        return _all_items(self._partitions)

    def sorted_items(
        self,
        keys: KeySchema,
        hash_value: AttributeValue,
        contents: Partitions | None = None,
    ) -> list[Item]:
        """Return a partition of the table, or of one of its indexes, in ascending order."""
        partitions = self._partitions if contents is None else contents
        if keys.index is None:
            found: Iterable[Item] = partitions.get(_content(hash_value), {}).values()
        else:
            found = (
                item
                for item in _all_items(partitions)
                if keys.covers(item) and item[keys.hash_key] == hash_value
            )
        return sorted(found, key=lambda item: self.position(keys, item))

    def position(self, keys: KeySchema, item: Item) -> Any:
        """Return an item's position in its partition; the table's key orders ties in an index."""
        if keys.index is None:
            return keys.order_of(item) if keys.range_key else 0
        own = tuple(rank(item[name]) for name in self.keys.names)
        return (keys.order_of(item), own) if keys.range_key else own


def _all_items(partitions: Partitions) -> Iterator[Item]:
    return (item for partition in partitions.values() for item in partition.values())


def _content(value: AttributeValue) -> Scalar:
    content: Scalar = next(iter(value.values()))
    return content
