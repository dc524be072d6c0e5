"""DORA's metrics as a picture at each width, and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.domain.release import ReleaseKind
from release_machine.dora.deployments import CommitSource, CommitTime, Deployment, Outcome, Window
from release_machine.dora.figures import Dora, figures
from release_machine.views.metrics_json import metrics_document
from release_machine.views.metrics_view import metrics_view
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.picture_files import compare

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
WINDOW = Window(since=BEGIN, until=BEGIN + timedelta(days=30))
LONG = "shop-payments-production-eu-central-1"
HOSTILE = "a\x1b[31m\u202eb"


def run(pipeline: str, release_id: str, day: float, **more: Any) -> Deployment:
    """A run that ended so many days after the window began; ``lead`` is in hours."""
    ended_at = BEGIN + timedelta(days=day)
    lead, source = more.pop("lead", None), more.pop("source", CommitSource.COMMIT)
    at = None if lead is None else ended_at - timedelta(hours=lead)
    known = {"outcome": Outcome.LIVE, "commit": at and CommitTime(at=at, source=source)} | more
    return Deployment(pipeline=pipeline, release_id=release_id, ended_at=ended_at, **known)


def history() -> Iterator[Deployment]:
    """A month of three pipelines: failures, rollbacks, a hotfix, and what is not known."""
    for number, day in enumerate((0.5, 2, 3.2, 8, 9.1, 15, 16, 22, 23, 29)):
        yield run("shop-orders", f"r{number}", day, lead=1 + 3 * number)
    stored = {"lead": 100, "source": CommitSource.S3}
    for day in (1, 8.2, 20):
        yield run("shop-catalog", f"c{day}", day, **stored)
    yield run("shop-catalog", "bad", 21, **stored)
    yield run("shop-catalog", "bad-rollback", 21.1, rolls_back="bad")
    yield run("shop-orders", "bad", 21.05, outcome=Outcome.FAILED)
    yield run("shop-orders", "fix", 24, lead=0.4, kind=ReleaseKind.HOTFIX)
    yield run("shop-orders", "x", 24.5, outcome=Outcome.HARMLESS)
    yield run("shop-orders", "y", 24.6, outcome=Outcome.UNKNOWN)
    yield run(LONG, "p1", 12)
    yield run(LONG, "p2", 28, outcome=Outcome.FAILED)


def month() -> Dora:
    """Its metrics."""
    return figures(history(), WINDOW)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_metrics(width: int) -> None:
    """The summary, each pipeline, each week, and what is not counted."""
    compare("metrics", metrics_view(month(), width=width), width=width)


@pytest.mark.parametrize("width", [60, 120])
def test_no_deployments(width: int) -> None:
    """Nothing is measured, which is not zero percent."""
    compare("metrics-none", metrics_view(figures([], WINDOW), width=width), width=width)


@pytest.mark.parametrize(
    ("span", "live", "said", "weekly"),
    [
        (timedelta(hours=2), 4, "4 in 2 h", False),
        (timedelta(days=1), 1, "1.0 a day", False),
        (timedelta(days=3), 2, "2 in 3 days", False),
        (timedelta(days=7), 2, "2.0 a week", True),
        (timedelta(days=90), 3, "3 in 90 days", True),
        (timedelta(days=30), 45, "1.5 a day", True),
        (timedelta(days=30), 0, "none", True),
    ],
)
def test_the_frequency_does_not_promise_more_than_was_seen(
    span: timedelta, live: int, said: str, weekly: bool
) -> None:
    """Four deployments in two hours are not 48 a day."""
    window = Window(since=BEGIN, until=BEGIN + span)
    runs = [run("orders", f"r{number}", 0.01) for number in range(live)]
    failed = run("orders", "x", 0.02, outcome=Outcome.FAILED)
    lines = drawn(metrics_view(figures([*runs, failed], window), width=120), width=120)
    assert said in lines.splitlines()[3]
    assert ("A WEEK" in lines) is weekly


def test_the_numbers_as_json() -> None:
    """Durations in seconds; what is not known is null."""
    document = metrics_document(month())
    assert document["since"] == "2026-11-02T09:00:00.000Z"
    assert [each["name"] for each in document["pipelines"]] == [
        "shop-catalog",
        "shop-orders",
        LONG,
    ]
    catalog, orders, payments = document["pipelines"]
    hundred = 100 * 3600
    assert catalog["leadTime"] == {
        "count": 4,
        "median": hundred,
        "p90": hundred,
        "known": 4,
        "of": 4,
        "bySource": {"s3-last-modified": 4},
    }
    assert catalog["changeFailRate"] == {
        "share": 0.25,
        "count": 1,
        "of": 4,
        "causes": {"rolled-back": 1},
    }
    assert catalog["recoveryTime"] == {"count": 1, "median": 8640, "p90": 8640, "open": 0}
    assert orders["reworkRate"] == {"share": 0.0833, "count": 1, "of": 12}
    assert (orders["changedNothing"], orders["unknown"]) == (1, 1)
    assert payments["leadTime"]["median"] is None
    assert payments["recoveryTime"] == {"count": 0, "median": None, "p90": None, "open": 1}
    assert payments["weeks"][0]["leadTimeMedian"] is None
    nothing = metrics_document(figures([], WINDOW))
    assert nothing["all"]["changeFailRate"] == {"share": None, "count": 0, "of": 0, "causes": {}}


def test_a_hostile_name_is_visible() -> None:
    """It cannot change the terminal or the line around it."""
    found = figures([run(HOSTILE, "r", 1)], WINDOW)
    compare("metrics-hostile", metrics_view(found, width=80), width=80)
