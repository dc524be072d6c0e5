"""Estimates of the time left for a release."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_machine.errors import UnreachableError
from release_machine.follow.past_runs import PastRuns
from release_machine.release.estimating import Past, estimate
from release_machine.release.model import Activity
from release_machine.release.phrases import progress
from release_machine.text.wording import roughly
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.made_release import by_name

PAST = {name: [timedelta(minutes=10)] * 3 for name in ("catalog", "orders", "web")}


def running(**changed: object) -> Release:
    """A release of three pipelines in a chain; the first has run for four minutes."""
    release = Release(
        release_id="5.10",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn:execution",
        opened_at=at(0),
        pipeline_count=3,
        pipelines=by_name(
            (
                Pipeline(
                    name="catalog", position=0, status=PipelineStatus.RUNNING, started_at=at(0)
                ),
                Pipeline(
                    name="orders",
                    position=1,
                    depends_on=("catalog",),
                ),
                Pipeline(name="web", position=2, depends_on=("orders",)),
            )
        ),
    )
    return replace(release, **changed)  # type: ignore[arg-type] # any of its fields


def left(release: Release, at: datetime, past: Past = PAST, **doing: Activity) -> timedelta | None:
    """The estimated time left for the release."""
    return estimate(release, past, activity=doing, at=at).left


def test_one_after_the_other() -> None:
    """A running pipeline needs the rest of its usual time, a waiting one all of it."""
    assert left(running(), at(240)) == timedelta(minutes=26)


def test_one_slot() -> None:
    """One slot has the same effect as a chain of dependencies."""
    free = by_name(replace(each, depends_on=()) for each in running().pipelines.values())
    assert left(running(pipelines=free), at(240)) == timedelta(minutes=10)
    assert left(running(pipelines=free, max_concurrency=1), at(240)) == timedelta(minutes=26)


def test_longer_than_usual() -> None:
    """The estimate uses the runs that took longer than now; without one there is none."""
    past = {**PAST, "catalog": [timedelta(minutes=each) for each in (10, 10, 10, 20)]}
    assert left(running(), at(660), past) == timedelta(minutes=9 + 20)
    assert left(running(), at(1260), past) is None


def test_no_estimate_without_past_runs() -> None:
    """A pipeline without past runs has no estimate, but the usual durations are known."""
    past: Past = {**PAST, "web": ()}
    told = estimate(running(), past, activity={}, at=at(240))
    assert told.left is None
    assert set(told.usual) == {"catalog", "orders"}


def test_no_estimate_while_a_person_is_needed() -> None:
    """Nobody knows when a person approves."""
    assert left(running(), at(240), catalog=Activity(waits_for="manual approval")) is None
    assert left(running(), at(240), catalog=Activity(stage="Deploy")) is not None


@pytest.mark.parametrize(
    ("past", "doing", "unknown"),
    [
        (PAST, {}, None),
        ({**PAST, "web": ()}, {}, "web has no successful run"),
        ({**PAST, "web": None}, {}, "the past runs of web could not be read"),
        ({**PAST, "catalog": [timedelta(minutes=3)]}, {}, "catalog has run longer than ever"),
        (PAST, {"catalog": Activity(waits_for="approval")}, "catalog waits for approval"),
        ({"catalog": PAST["catalog"]}, {}, None),
    ],
)
def test_the_reason_without_an_estimate(
    past: Past, doing: dict[str, Activity], unknown: str | None
) -> None:
    """It names the first pipeline without an estimate, after past runs have been read."""
    assert estimate(running(), past, activity=doing, at=at(240)).unknown == unknown


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_pipelines_that_cannot_start(status: str) -> None:
    """Direct and indirect dependents of a failed pipeline need no time."""
    catalog, orders, web = running().pipelines.values()
    catalog = replace(catalog, status=PipelineStatus(status))
    pipelines = by_name((catalog, orders, web))
    assert left(running(pipelines=pipelines), at(240)) == timedelta()
    free = replace(web, depends_on=())
    assert left(running(pipelines=by_name((catalog, orders, free))), at(240)) == timedelta(
        minutes=10
    )


def test_a_halted_release() -> None:
    """A halted release ends when its running pipelines end."""
    assert left(running(halted_by="search"), at(240)) == timedelta(minutes=6)


def test_a_closed_release() -> None:
    """There is no estimate for a closed release."""
    assert left(running(status=ReleaseStatus.CANCELLED), at(240)) is None


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.4, "about 1 s"),
        (41, "about 41 s"),
        (200, "about 3 min"),
        (3590, "about 1 h"),
        (4800, "about 1 h 20 min"),
        (40_000, "about 11 h"),
    ],
)
def test_estimates_are_rounded(seconds: float, written: str) -> None:
    """An estimate is rounded to seconds, minutes or hours."""
    assert roughly(timedelta(seconds=seconds)) == written


def test_progress() -> None:
    """Without an estimate, and at the very end, only ended pipelines are counted."""
    assert progress(running(), timedelta(minutes=3)) == "0 of 3 ended, about 3 min left"
    assert progress(running(), None) == "0 of 3 ended"
    assert progress(running(), timedelta()) == "0 of 3 ended"


class AtOnce(Executor):
    """An executor that runs everything at once."""

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_past_runs_that_cannot_be_read() -> None:
    """An endpoint that is not AWS only means that there are no estimates."""

    class Other:
        def list_pipeline_executions(self, **_: object) -> None:
            raise UnreachableError("It is not AWS.", "Check the address.")

    other: Any = Other()
    past = PastRuns(other, pool=AtOnce())
    assert past.of(["web"]) == past.of(["web"]) == {"web": None}


def test_past_runs(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    """The latest successful executions of each pipeline are read once; errors give None."""
    client, stubber = stubbed("codepipeline")
    executions = [
        {
            "pipelineExecutionId": f"e{seconds}",
            "status": status,
            "startTime": at(0),
            "lastUpdateTime": at(seconds),
        }
        for status, seconds in (("Succeeded", 60), ("Failed", 9), ("Succeeded", 80))
    ]
    stubber.add_response(
        "list_pipeline_executions",
        {"pipelineExecutionSummaries": executions},
        {"pipelineName": "catalog", "maxResults": 50},
    )
    stubber.add_client_error("list_pipeline_executions", "AccessDenied")
    past = PastRuns(client, pool=AtOnce())
    past.of(["catalog"])
    assert past.of(["catalog", "secret"]) == {
        "catalog": (timedelta(minutes=1), timedelta(seconds=80)),
        "secret": None,
    }
