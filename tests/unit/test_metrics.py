"""Metrics are written in the form that CloudWatch reads."""

import json
from datetime import UTC, datetime

import pytest

from release_core import metrics
from release_core.logs import about
from release_core.metrics import (
    RELEASE_DURATION,
    RELEASES_ENDED,
    RETRIES,
    Metric,
    Metrics,
    write_line,
)
from tests.worlds.measured import Measured, measured_in

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
CATALOGUE = [each for each in vars(metrics).values() if isinstance(each, Metric)]


def written(*, by: str | None = None, values: metrics.Values) -> str:
    """The line that is written for these values."""
    lines: list[str] = []
    Metrics("shop", clock=lambda: AT, write=lines.append).put(values, by=by)
    (line,) = lines
    return line


def test_a_value_has_its_time_unit_and_deployment() -> None:
    """One metric is one document, as the specification describes it."""
    assert json.loads(written(values={RETRIES: 1})) == {
        "_aws": {
            "Timestamp": 1795341600000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "ReleaseMachine",
                    "Dimensions": [["Deployment"]],
                    "Metrics": [{"Name": "Retries", "Unit": "Count"}],
                }
            ],
        },
        "Deployment": "shop",
        "Retries": 1,
    }


def test_only_metrics_with_a_second_dimension_are_divided_by_it() -> None:
    """Values of one fact are one line, whatever dimensions they have."""
    line = written(values={RELEASES_ENDED: 1, RELEASE_DURATION: 12.5}, by="FAILED")
    whole = {"Deployment": "shop"}
    assert measured_in(line) == [
        Measured("ReleasesEnded", 1, (whole, {**whole, "Status": "FAILED"})),
        Measured("ReleaseDuration", 12.5, (whole,)),
    ]


def test_a_line_says_what_it_is_about_without_a_dimension() -> None:
    """The release is a field to search for, not a dimension: each value of those costs money."""
    with about(release_id="r", pipeline="orders"):
        line = written(values={RETRIES: 1})
    assert json.loads(line)["release_id"] == "r"
    assert json.loads(line)["pipeline"] == "orders"
    assert measured_in(line) == [Measured("Retries", 1, ({"Deployment": "shop"},))]


def test_a_line_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A document is a whole line of the standard output."""
    write_line('{"_aws": {}}')
    assert capsys.readouterr().out == '{"_aws": {}}\n'


def test_each_metric_has_a_name_of_its_own() -> None:
    """Two metrics with one name would be added up."""
    assert len({each.name for each in CATALOGUE}) == len(CATALOGUE)
