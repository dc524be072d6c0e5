"""A pipeline whose task the workflow has given up fails at once, with the last trouble."""

from datetime import timedelta

import pytest

from release_core.domain.release import PipelineStatus
from release_core.errors import StartUnresolved
from release_core.ledger.pipelines import Pipelines
from release_core.strict_json import write_json
from run_pipeline.running import FailedTask
from tests.worlds.faults import FAILURE, meanwhile
from tests.worlds.release_world import STARTER, ReleaseWorld, after

CAUSE = write_json({"errorType": "ClientError", "errorMessage": "the table is throttled"})


def give_up(world: ReleaseWorld, arn: str, *, cause: str = CAUSE) -> None:
    """Let the workflow give up the task of ``orders``."""
    world.give_up(
        FailedTask(
            release_id="r", pipeline="orders", execution_arn=arn, error="ClientError", cause=cause
        )
    )


@pytest.mark.parametrize(
    ("cause", "said"), [(CAUSE, "the table is throttled"), ("no JSON", "no JSON"), ("[]", "[]")]
)
def test_a_pipeline_that_was_not_started_fails_with_the_last_trouble(
    world: ReleaseWorld, cause: str, said: str
) -> None:
    """It is FAILED on record with the error of the last try, and its dependent is skipped."""
    arn = world.begin("orders", after("catalog", "orders"))
    token = world.wait(arn, "catalog")
    give_up(world, arn, cause=cause)
    assert world.statuses() == {"orders": "FAILED", "catalog": "SKIPPED"}
    failure = str(world.pipeline().failure)
    assert failure == f"its task failed too often, last with ClientError: {said}"
    assert world.settlement(token).error == "PipelineSkipped"
    assert world.close(arn)["status"] == "FAILED"


def test_a_cause_that_is_nested_too_deeply_is_a_text(world: ReleaseWorld) -> None:
    """Python does not read it as JSON."""
    arn = world.begin("orders")
    give_up(world, arn, cause="[" * 100_000)
    assert "last with ClientError: [[[" in str(world.pipeline().failure)


def test_a_pipeline_that_runs_is_stopped_and_failed(world: ReleaseWorld) -> None:
    """Nobody watches its execution any more, so it is stopped, and counts as failed."""
    arn = world.begin("orders")
    world.wait(arn)
    give_up(world, arn)
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    world.complete("orders")
    assert world.statuses() == {"orders": "FAILED"}
    assert "the table is throttled" in str(world.pipeline().failure)


def test_a_pipeline_that_succeeds_all_the_same_succeeded(world: ReleaseWorld) -> None:
    """An execution that ended before the stop has its own outcome."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    give_up(world, arn)
    world.deliver()
    assert world.statuses() == {"orders": "SUCCEEDED"}


def test_a_start_that_may_still_happen_is_waited_for(world: ReleaseWorld) -> None:
    """While its starter may be alive, the workflow tries again; then the pipeline fails."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), f"{STARTER}/dead")
    with pytest.raises(StartUnresolved):
        give_up(world, arn)
    world.clock.advance(timedelta(minutes=1))
    give_up(world, arn)
    assert world.statuses() == {"orders": "FAILED"}
    assert world.executions_of("orders") == []


def test_a_task_of_an_earlier_attempt_fails_nothing(world: ReleaseWorld) -> None:
    """A release that was resumed is not touched by a task of its former workflow execution."""
    first = world.begin("orders")
    world.wait(first)
    world.cancel(first)
    world.complete("orders")
    again = write_json({"releaseId": "r", "pipelines": ["orders"], "resume": True})
    assert world.open_release(world.start(again))["outcome"] == "OPENED"
    give_up(world, first)
    assert world.pipeline().status is PipelineStatus.WAITING


def test_a_pipeline_that_has_ended_keeps_its_end(world: ReleaseWorld) -> None:
    """A task that was given up after the end of its pipeline changes nothing."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders")
    give_up(world, arn)
    assert world.statuses() == {"orders": "SUCCEEDED"}


def test_a_retry_that_was_decided_before_is_not_claimed(world: ReleaseWorld) -> None:
    """A function decides to retry, then the task is given up: the pipeline fails at once."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    (failed,) = [each for each in world.undelivered() if each["detail"]["state"] == "FAILED"]

    def given_up() -> None:
        world.ledger.pipelines.give_up("r", world.pipeline(), "its task failed too often")

    with meanwhile(Pipelines, "claim_retry", before=given_up):
        world.record_state_change(failed)
    assert (world.pipeline().status, world.pipeline().retried) == (PipelineStatus.FAILED, 0)
