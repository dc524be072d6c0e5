"""Tables of the fake: keys and their checks, and items that snapshots share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.values import (
    MAX_ITEM_BYTES,
    AttributeValue,
    Item,
    invalid,
    size_of_item,
    stored_item,
)

# Items by the value of the hash key, then by the value of the range key, if there is one.
type Partitions = dict[str, dict[str | None, Item]]

_MAX_KEY_BYTES = (2048, 1024)


@dataclass(frozen=True, slots=True)
class Keys:
    """The key attributes of a table or an index, hash key first; all are strings."""

    names: tuple[str, ...]

    def check(self, item: Item) -> None:
        """Raise ValidationException for a key attribute that is empty, too long or no string."""
        for name, most in zip(self.names, _MAX_KEY_BYTES, strict=False):
            if name in item and not 0 < len(item[name].get("S", "").encode()) <= most:
                raise invalid(f"One or more parameter values are not valid. Key: {name}")

    def cover(self, item: Item) -> bool:
        """Whether an item has all key attributes; otherwise the index leaves it out."""
        return all(name in item for name in self.names)


class Table:
    """The items of one table; a stored item is replaced, never changed."""

    def __init__(
        self, keys: Keys, indexes: Mapping[str, Keys], *, checks_size: bool = True
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
        key = stored_item(attributes)
        self.keys.check(key)
        return key

    def checked(self, item: Item) -> Item:
        """Return the item; raise ValidationException if this table cannot store it."""
        if not self.keys.cover(item):
            raise invalid("One or more parameter values were invalid: Missing the key")
        for keys in (self.keys, *self.indexes.values()):
            keys.check(item)
        if self.checks_size and size_of_item(item) > MAX_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        return item

    def identity(self, item: Item) -> tuple[str, str | None]:
        """Return the key values that identify this item in the table."""
        hash_key, *range_key = (item[name]["S"] for name in self.keys.names)
        return hash_key, range_key[0] if range_key else None

    def find(self, key: Item) -> Item | None:
        """Return the item stored under a key, or None."""
        hash_value, range_value = self.identity(key)
        return self._partitions.get(hash_value, {}).get(range_value)

    def store(self, item: Item) -> None:
        """Store an item, replacing one with the same key."""
        hash_value, range_value = self.identity(item)
        if self._shared:
            self._partitions = dict(self._partitions)
            self._shared = False
        partition = self._partitions.get(hash_value, {})
        self._partitions[hash_value] = {**partition, range_value: item}

    def remove(self, key: Item) -> None:
        """Remove the item stored under a key, if there is one."""
        hash_value, range_value = self.identity(key)
        if self._shared:
            self._partitions = dict(self._partitions)
            self._shared = False
        kept = self._partitions.get(hash_value, {})
        self._partitions[hash_value] = {
            each: item for each, item in kept.items() if each != range_value
        }

    def items(self) -> Iterator[Item]:
        """Yield every item."""
        return (item for partition in self._partitions.values() for item in partition.values())

    def sorted_items(self, keys: Keys, hash_value: AttributeValue) -> list[Item]:
        """Return a partition of the table, or of one of its indexes, in ascending order."""
        found: Iterable[Item] = self._partitions.get(hash_value["S"], {}).values()
        if keys is not self.keys:
            of_index = (item for item in self.items() if keys.cover(item))
            found = [item for item in of_index if item[keys.names[0]] == hash_value]
        return sorted(found, key=lambda item: self.position(keys, item))

    def position(self, keys: Keys, item: Item) -> list[str]:
        """Return an item's position in its partition; the table's key orders ties in an index."""
        names = keys.names[1:] if keys is self.keys else (*keys.names[1:], *self.keys.names)
        return [item[name]["S"] for name in names]
