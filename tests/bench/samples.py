"""Repeated measurements of one quantity: their median and their spread."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Sample:
    """Values in one unit; at least one."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Collect the values. Raises ValueError if there are none."""
        found = tuple(values)
        if not found:
            raise ValueError("a sample needs at least one value")
        return cls(found)

    @property
    def median(self) -> float:
        """The value in the middle. One slow run does not move it, but it moves the mean."""
        return statistics.median(self.values)

    @property
    def mean(self) -> float:
        """The sum over the count."""
        return statistics.fmean(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The spread: half of the values lie between these two."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third

    def show(self, *, scale: float = 1, digits: int = 0) -> str:
        """Return "median (first quartile to third quartile)", each times ``scale``."""
        shown = (f"{value * scale:,.{digits}f}" for value in (self.median, *self.quartiles))
        median, low, high = shown
        return f"{median} ({low} to {high})"


def ratio(one: Sample, other: Sample) -> float:
    """Return how many times the median of ``other`` is in the median of ``one``."""
    return one.median / other.median
