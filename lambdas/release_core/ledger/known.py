"""Values of items that another build may have written."""

from collections.abc import Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")


def known(kind: type[Value], item: Mapping[str, Any]) -> Value:
    """The value of a dataclass that a map in an item holds.

    What a newer build has added is left out: its functions write items that workflow executions of
    this build still read.
    """
    names: Mapping[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: value for name, value in item.items() if name in names})
