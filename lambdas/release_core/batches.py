"""Batches: `itertools.batched` begins with Python 3.12, and the command runs on 3.11, too."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The values in tuples of this size, in order; the last tuple may be shorter."""
    left = iter(values)
    while batch := tuple(islice(left, size)):
        yield batch
