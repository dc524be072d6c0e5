"""A pipeline whose time is up is stopped and counts as timed out; nothing polls for it."""

from datetime import timedelta

import pytest

from release_core.clock import to_iso
from release_core.domain.release import PipelineStatus
from release_core.errors import ManifestInvalid
from release_core.strict_json import write_json
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld


def come_back(world: ReleaseWorld, arn: str, pipeline: str, seconds: int) -> str:
    """Let the task of a pipeline time out after so many seconds and come back."""
    world.clock.advance(timedelta(seconds=seconds))
    world.codepipeline.tick()
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", pipeline, token, wait_seconds=seconds)
    return token


@pytest.mark.parametrize(("limits", "wait"), [((2, 3), 180), ((2, None), LOOK_AFTER)])
def test_the_first_wait_is_as_long_as_the_longest_limit(
    world: ReleaseWorld, limits: tuple[int | None, ...], wait: int
) -> None:
    """The workflow is told a wait for all; a task with a shorter limit asks for its own."""
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


def test_a_pipeline_whose_time_is_up_is_stopped_and_timed_out(world: ReleaseWorld) -> None:
    """At the limit CodePipeline is asked to stop; when it has, the pipeline is TIMED_OUT."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    early = world.outcome(come_back(world, arn, "orders", 121))
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    assert early
    # Nothing is due before the execution has stopped, so the task waits as long as ever again.
    assert (early.error, early.cause) == ("LookAgain", str(LOOK_AFTER))
    token = world.wait(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.TIMED_OUT
    outcome = world.settlement(token)
    assert outcome.error == "PipelineTimedOut"
    assert "its time limit has passed" in str(outcome.cause)


def test_a_pipeline_that_succeeds_in_the_last_moment_succeeded(world: ReleaseWorld) -> None:
    """An execution whose end came before the stop request did not time out."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    world.play("orders")
    assert world.settlement(come_back(world, arn, "orders", 121)).succeeded
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_task_that_comes_back_too_early_waits_just_so_long(world: ReleaseWorld) -> None:
    """A pipeline that started later than its task began to wait is looked at when it is due."""
    arn = world.begin("catalog", {"name": "orders", "timeoutMinutes": 2, "dependsOn": ["catalog"]})
    world.wait(arn, "catalog")
    world.run_pipeline("r", "orders", world.step_functions.wait_for_token(arn), wait_seconds=120)
    world.clock.advance(timedelta(seconds=90))
    world.complete("catalog")
    assert world.pipeline().status is PipelineStatus.RUNNING
    token = come_back(world, arn, "orders", 30)
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "91")
    come_back(world, arn, "orders", 91)
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_the_time_limit_is_the_pipelines_not_the_executions(world: ReleaseWorld) -> None:
    """A new execution in place of one that could not be retried does not begin the time anew."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2, "retries": 1})
    world.wait(arn)
    started = world.pipeline().started_at
    world.clock.advance(timedelta(seconds=100))
    world.ledger.pipelines.start_over("r", world.pipeline(), "other/1")
    world.clock.advance(timedelta(minutes=2))
    world.wait(arn)
    assert world.pipeline().started_at == started


def test_at_the_deadline_everything_stops(world: ReleaseWorld) -> None:
    """Running pipelines are stopped and time out, waiting ones are skipped."""
    deadline = to_iso(world.clock() + timedelta(minutes=10))
    arn = world.begin("orders", {"name": "catalog", "dependsOn": ["orders"]}, deadline=deadline)
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.clock.advance(timedelta(minutes=10))
    come_back(world, arn, "orders", 1)
    assert world.pipeline("catalog").status is PipelineStatus.SKIPPED
    assert "the deadline of the release has passed" in str(world.pipeline("catalog").failure)
    assert world.pipeline("orders").stop_reason == "the deadline of the release has passed"
    world.complete("orders")
    assert world.pipeline("orders").status is PipelineStatus.TIMED_OUT


def test_a_deadline_that_has_passed_is_refused_at_opening(world: ReleaseWorld) -> None:
    """Nothing is claimed or started for a release that is too late."""
    deadline = to_iso(world.clock() - timedelta(seconds=1))
    arn = world.start(f'{{"releaseId": "r", "pipelines": ["orders"], "deadline": "{deadline}"}}')
    with pytest.raises(ManifestInvalid, match=r"deadline: .* has passed"):
        world.open_release(arn)
    assert world.ledger.get_release("r") is None
