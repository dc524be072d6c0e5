"""The hourly check measures how long releases have waited, also when one of its jobs fails."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from close_release.handler import handler
from close_release.hourly import run_each
from release_core.apply.wiring import FunctionParts
from release_core.clock import to_iso
from release_core.decide.timing import OVERRUN
from release_core.errors import LedgerBusy, Unfinished
from tests.simulation.world.functions import ENVIRONMENT
from tests.worlds.measured import totals
from tests.worlds.release_world import ReleaseWorld

HOUR = timedelta(hours=1)
NOTHING = {"OldestWaitSeconds": 0, "ReleasesPastDeadline": 0}


class Context:
    """Lambda's context."""

    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        """Five minutes."""
        return 300_000


@pytest.fixture
def hour(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, float]]:
    """Let an hour pass: what the check has measured."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    parts = world.parts("close-release")
    monkeypatch.setattr(FunctionParts, "of", lambda *_settings, **_more: parts)

    def passes() -> dict[str, float]:
        world.metric_lines.clear()
        handler({"source": "aws.events", "detail-type": "Scheduled Event"}, Context())
        found = totals(world.metric_lines)
        return {name: found[name] for name in NOTHING}

    return passes


def test_zeros_when_nothing_runs(hour: Callable[[], dict[str, float]]) -> None:
    """An alarm fires when the values are missing, so they are written each hour."""
    assert hour() == NOTHING


def test_a_release_that_is_looked_at(
    world: ReleaseWorld, hour: Callable[[], dict[str, float]]
) -> None:
    """The age of the oldest look of all releases counts."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.clock.advance(HOUR)
    world.wait(arn, "catalog")
    world.clock.advance(HOUR)
    assert hour() == {"OldestWaitSeconds": 7200, "ReleasesPastDeadline": 0}
    world.wait(arn, "orders")
    assert hour()["OldestWaitSeconds"] == 3600
    world.complete("orders")
    world.complete("catalog")
    world.close(arn)
    assert hour() == NOTHING


def test_the_oldest_wait_is_logged(
    world: ReleaseWorld,
    hour: Callable[[], dict[str, float]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line names the release and the pipeline, for the page of the alarm."""
    caplog.set_level(logging.INFO)
    arn = world.begin("orders")
    world.wait(arn, "orders")
    since = world.clock()
    world.clock.advance(3 * HOUR)
    hour()
    (line,) = [each for each in caplog.records if "the oldest wait" in each.message]
    assert line.message == f"the oldest wait began {to_iso(since)}"
    assert (line.__dict__["release_id"], line.__dict__["pipeline"]) == ("r", "orders")


def test_a_release_past_its_deadline(
    world: ReleaseWorld,
    hour: Callable[[], dict[str, float]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It counts when its stop has had the time to end, and the log names it."""
    deadline = world.clock() + HOUR
    arn = world.begin("orders", deadline=to_iso(deadline))
    world.wait(arn, "orders")
    world.clock.set(deadline + OVERRUN)
    assert hour()["ReleasesPastDeadline"] == 0
    world.clock.advance(HOUR)
    assert hour()["ReleasesPastDeadline"] == 1
    (line,) = [each for each in caplog.records if "past its deadline" in each.message]
    assert line.__dict__["release_id"] == "r"


@pytest.mark.parametrize("error", [LedgerBusy, Unfinished])
def test_one_job_does_not_keep_the_others_from_running(error: type[Unfinished]) -> None:
    """The first error is raised after all jobs, so that Lambda tries again and counts it."""
    done: list[str] = []

    def fails(name: str) -> Callable[[], None]:
        def job() -> None:
            done.append(name)
            raise error(name)

        return job

    with pytest.raises(error, match="one"):
        run_each(fails("one"), lambda: done.append("two"), fails("three"))
    assert done == ["one", "two", "three"]
