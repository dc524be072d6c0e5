"""Reads what functions have measured, and checks it as CloudWatch does.

Source: the CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_UNITS = {"Count", "Seconds"}
_LONGEST_NAME = 1024
_LONGEST_KEY = 250


@dataclass(frozen=True)
class Measured:
    """One value of one metric, as CloudWatch takes it from a log line."""

    name: str
    value: float
    dimensions: tuple[Mapping[str, str], ...]


def measured_in(line: str) -> list[Measured]:
    """The values in a log line; fails if CloudWatch would not read it."""
    document = json.loads(line)
    meta = document["_aws"]
    assert type(meta["Timestamp"]) is int
    values: list[Measured] = []
    for directive in meta["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert directive["Namespace"] == "ReleaseMachine"
        dimensions = tuple(_dimensions(document, keys) for keys in directive["Dimensions"])
        assert dimensions
        for metric in directive["Metrics"]:
            assert metric.keys() == {"Name", "Unit"}
            assert metric["Unit"] in _UNITS
            value = document[metric["Name"]]
            assert type(value) in {int, float}, metric
            values.append(Measured(metric["Name"], value, dimensions))
    assert values
    return values


def is_metrics(line: str) -> bool:
    """Whether a log line holds metrics."""
    return '"_aws"' in line


def totals(lines: Iterable[str]) -> dict[str, float]:
    """The sum of the values by metric, and by metric and second dimension: ``Name/value``."""
    sums: dict[str, float] = {}
    for line in lines:
        for each in measured_in(line):
            for dimensions in each.dimensions:
                _, *second = dimensions.values()
                key = "/".join([each.name, *second])
                sums[key] = sums.get(key, 0) + each.value
    return sums


def _dimensions(document: Mapping[str, Any], keys: list[str]) -> Mapping[str, str]:
    values = {key: document[key] for key in keys}
    for key, value in values.items():
        assert 0 < len(key) <= _LONGEST_KEY
        assert isinstance(value, str)
        assert 0 < len(value) <= _LONGEST_NAME
    return values
