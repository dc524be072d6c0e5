"""Hashes of immutable values, each computed only once."""

from collections.abc import Callable
from typing import Any


class Hashes:
    """Remembers values by identity; equal values have equal hashes, others almost never."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, int]] = {}

    def of(self, value: Any, describe: Callable[[Any], object]) -> int:
        """Return the hash of a value's description; the value is kept, so its id stays unique."""
        known = self._known.get(id(value))
        if known is None or known[0] is not value:
            known = (value, hash(describe(value)))
            self._known[id(value)] = known
        return known[1]

    def of_item(self, item: Any) -> int:
        """Return the hash of a stored DynamoDB item."""
        return self.of(item, _describe_item)

    def of_response(self, response: Any) -> int:
        """Return the hash of a response, whose items are the stored ones."""
        items: list[Any] = []
        rest: dict[str, Any] = {}
        for name, member in (response or {}).items():
            match name:
                case "Item" | "Attributes":
                    items.append(member)
                case "Items":
                    items += member
                case "Responses":
                    rest |= {table: len(found) for table, found in member.items()}
                    items += [item for found in member.values() for item in found]
                case _:
                    rest[name] = member
        return hash((repr(rest), tuple(self.of_item(item) for item in items)))


def _describe_item(item: Any) -> str:
    return repr(sorted(item.items()))
