"""A pipeline is stopped at its time limit and counts as timed out, without polling."""

from datetime import timedelta
from typing import Any

import pytest

from release_core.clock import to_iso
from release_core.domain.release import PipelineStatus
from release_core.errors import ManifestInvalid
from release_core.ledger.pipelines import Pipelines
from release_core.strict_json import write_json
from tests.worlds.faults import crash_after
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld


def come_back(world: ReleaseWorld, arn: str, pipeline: str, seconds: int) -> str:
    """Let the task of a pipeline time out after this many seconds and come back."""
    world.clock.advance(timedelta(seconds=seconds))
    world.codepipeline.tick()
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", pipeline, token, wait_seconds=seconds)
    return token


@pytest.mark.parametrize(("limits", "wait"), [((2, 3), 180), ((2, None), LOOK_AFTER)])
def test_the_first_wait_is_as_long_as_the_longest_limit(
    world: ReleaseWorld, limits: tuple[int | None, ...], wait: int
) -> None:
    """The workflow gets one wait for all; a task with a shorter limit asks for its own."""
    pipelines = [
        {"name": name, "timeoutMinutes": limit} if limit else name
        for name, limit in zip(("orders", "catalog"), limits, strict=True)
    ]
    opened = world.open_release(world.start(write_json({"releaseId": "r", "pipelines": pipelines})))
    assert (opened["wait_seconds"], opened["look_after_seconds"]) == (wait, LOOK_AFTER)
    token = world.step_functions.wait_for_token(world.release().execution_arn)
    world.run_pipeline("r", "orders", token, wait_seconds=wait)
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "121")


def test_a_pipeline_is_stopped_at_its_limit_and_timed_out(world: ReleaseWorld) -> None:
    """At the limit the execution is stopped; when it has ended, the pipeline is TIMED_OUT."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    early = world.outcome(come_back(world, arn, "orders", 121))
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    assert early
    # Nothing is due before the execution has stopped, so the task waits for the usual hour again.
    assert (early.error, early.cause) == ("LookAgain", str(LOOK_AFTER))
    token = world.wait(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.TIMED_OUT
    outcome = world.settlement(token)
    assert outcome.error == "PipelineTimedOut"
    assert "its time limit has passed" in str(outcome.cause)


def test_a_pipeline_that_succeeds_at_the_last_moment_succeeded(world: ReleaseWorld) -> None:
    """An execution that ended before the stop request is not timed out."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    world.play("orders")
    assert world.settlement(come_back(world, arn, "orders", 121)).succeeded
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_task_that_comes_back_early_waits_the_rest(world: ReleaseWorld) -> None:
    """A task that comes back before its pipeline's limit waits exactly until the limit."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    token = come_back(world, arn, "orders", 30)
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "91")
    come_back(world, arn, "orders", 91)
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_the_function_that_starts_a_pipeline_lets_its_task_look_in_time(
    world: ReleaseWorld,
) -> None:
    """A task that waits its turn looks once an hour; when its pipeline starts, at the limit."""
    arn = world.begin("catalog", {"name": "orders", "timeoutMinutes": 2, "dependsOn": ["catalog"]})
    world.wait(arn, "catalog")
    token = world.wait(arn, "orders")
    assert world.outcome(token) is None
    world.clock.advance(timedelta(seconds=90))
    world.complete("catalog")
    assert world.pipeline().status is PipelineStatus.RUNNING
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "121")
    come_back(world, arn, "orders", 121)
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_a_crash_before_the_task_looks_earlier_is_repaired(world: ReleaseWorld) -> None:
    """If the function dies after the start, the next one that sees it sends the task back."""
    arn = world.begin("catalog", {"name": "orders", "timeoutMinutes": 2, "dependsOn": ["catalog"]})
    world.wait(arn, "catalog")
    token = world.wait(arn, "orders")
    world.play("catalog")
    *_, succeeded = world.undelivered()
    with crash_after(Pipelines, "bind_execution"):
        world.record_state_change(succeeded)
    assert world.outcome(token) is None
    world.record_state_change(succeeded)
    assert world.settlement(token).cause == "121"


def test_a_task_that_waits_for_two_days_looks_once_an_hour(world: ReleaseWorld) -> None:
    """A short limit of a pipeline that waits its turn does not fill the history of its task."""
    arn = world.begin("catalog", {"name": "orders", "timeoutMinutes": 1, "dependsOn": ["catalog"]})
    world.wait(arn, "catalog")
    for _ in range(52):
        world.clock.advance(timedelta(seconds=LOOK_AFTER))
        assert world.outcome(world.wait(arn, "orders")) is None


@pytest.mark.parametrize("turns", [{"maxConcurrency": 1}, {"dependsOn": ["catalog"]}])
def test_the_first_wait_has_no_limit_of_a_pipeline_that_waits_its_turn(
    world: ReleaseWorld, turns: dict[str, Any]
) -> None:
    """The limit of such a pipeline counts from its start, which may be hours away."""
    orders = {"name": "orders", "timeoutMinutes": 1, **turns}
    concurrency = {"maxConcurrency": orders.pop("maxConcurrency", None)}
    pipelines = [{"name": "catalog", "timeoutMinutes": 1}, orders]
    document = {"releaseId": "r", "pipelines": pipelines}
    document |= {name: limit for name, limit in concurrency.items() if limit}
    assert world.open_release(world.start(write_json(document)))["wait_seconds"] == LOOK_AFTER


def test_the_time_limit_is_that_of_the_pipeline(world: ReleaseWorld) -> None:
    """A new execution as a retry does not start the time limit again."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2, "retries": 1})
    world.wait(arn)
    started = world.pipeline().started_at
    world.clock.advance(timedelta(seconds=100))
    world.ledger.pipelines.start_over("r", world.pipeline(), "other/1")
    world.clock.advance(timedelta(minutes=2))
    world.wait(arn)
    assert world.pipeline().started_at == started


def test_at_the_deadline_everything_stops(world: ReleaseWorld) -> None:
    """At the deadline, running pipelines are stopped and time out, and waiting ones are skipped."""
    deadline = to_iso(world.clock() + timedelta(minutes=10))
    arn = world.begin("orders", {"name": "catalog", "dependsOn": ["orders"]}, deadline=deadline)
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.clock.advance(timedelta(minutes=10))
    come_back(world, arn, "orders", 1)
    come_back(world, arn, "catalog", 1)
    assert world.pipeline("catalog").status is PipelineStatus.SKIPPED
    assert "the deadline of the release has passed" in str(world.pipeline("catalog").failure)
    assert world.pipeline("orders").stop_reason == "the deadline of the release has passed"
    world.complete("orders")
    assert world.pipeline("orders").status is PipelineStatus.TIMED_OUT


def test_a_deadline_in_the_past_is_rejected(world: ReleaseWorld) -> None:
    """A manifest with a deadline in the past is rejected, and nothing is claimed."""
    deadline = to_iso(world.clock() - timedelta(seconds=1))
    arn = world.start(f'{{"releaseId": "r", "pipelines": ["orders"], "deadline": "{deadline}"}}')
    with pytest.raises(ManifestInvalid, match=r"deadline: .* has passed"):
        world.open_release(arn)
    assert world.ledger.get_release("r") is None
