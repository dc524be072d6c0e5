"""Changes values at document paths, without changing values that snapshots share."""

from functools import lru_cache
from itertools import pairwise
from typing import Any

from tests.fakes.dynamodb.expressions.syntax import DocumentPath, Needs, Reader, check_disjoint
from tests.fakes.dynamodb.expressions.values import AttributeValue, Item, invalid

_INVALID_PATH = "The document path provided in the update expression is invalid for update"


def with_value(item: Item, path: DocumentPath, value: AttributeValue) -> None:
    """Set the value at a path of this item, which the caller owns; copies the parts on the way.

    Raises ValidationException if a part of the path does not exist.
    """
    container, step = _opened(item, path)
    if isinstance(step, int) and step >= len(container):
        container.append(value)
    else:
        container[step] = value


def without_value(item: Item, path: DocumentPath) -> None:
    """Remove the value at a path of this item, which the caller owns, if it exists.

    Raises ValidationException if a part of the path does not exist.
    """
    container, step = _opened(item, path)
    if isinstance(step, str):
        container.pop(step, None)
    elif step < len(container):
        del container[step]


def _opened(item: Item, path: DocumentPath) -> tuple[Any, str | int]:
    """Copy all parts down to the path's last step; return the map or list that holds it."""
    container: Any = item
    for step, following in pairwise(path):
        kind = "L" if isinstance(following, int) else "M"
        try:
            inside = container[step][kind]
        except (KeyError, IndexError):
            raise invalid(_INVALID_PATH) from None
        inside = inside.copy()
        container[step] = {kind: inside}
        container = inside
    return container, path[-1]


@lru_cache(maxsize=1024)
def parse_projection(
    text: str, names: frozenset[tuple[str, str]]
) -> tuple[tuple[DocumentPath, ...], Needs]:
    """Parse a projection expression; names are (placeholder, attribute) pairs."""
    reader = Reader(text, dict(names), source="ProjectionExpression")
    paths = [reader.path()]
    while reader.accept(","):
        paths.append(reader.path())
    reader.expect_end()
    check_disjoint(paths, source="ProjectionExpression")
    return tuple(paths), reader.needs


def project(item: Item, paths: tuple[DocumentPath, ...]) -> Item:
    """Return only the values at these paths, in the item's structure."""
    kept: dict[str, Any] = {}
    for path in paths:
        _keep(kept, item, path)
    return {name: _assembled(item[name], part) for name, part in kept.items()}


def _keep(kept: dict[Any, Any], item: Item, path: DocumentPath) -> None:
    """Add a path to a tree of steps, if the item has a value there."""
    branch: Any = item
    for step, following in zip(path, [*path[1:], None], strict=True):
        try:
            value = branch[step]
            if following is None:
                break
            branch = value["L" if isinstance(following, int) else "M"]
        except (KeyError, IndexError):
            return
    for step in path:
        kept = kept.setdefault(step, {})


def _assembled(value: AttributeValue, part: dict[Any, Any]) -> AttributeValue:
    if not part:
        return value
    ((kind, content),) = value.items()
    if kind == "L":
        return {"L": [_assembled(content[step], part[step]) for step in sorted(part)]}
    return {"M": {step: _assembled(content[step], below) for step, below in part.items()}}
