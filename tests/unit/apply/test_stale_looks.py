"""CodePipeline may show a state of seconds ago; an end that an event reported stays true."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from release_core.decide.timing import LOOK_LAG, UNCONFIRMED_WAIT
from release_core.domain.execution import ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.errors import EndUnconfirmed
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld

RETRIED = {"name": "orders", "retries": 1}


@contextmanager
def stale(world: ReleaseWorld) -> Iterator[None]:
    """Let CodePipeline show executions and their actions as they are now, whatever follows."""
    shown = world.codepipeline.snapshot()

    def as_shown(read: Callable[..., Any]) -> Callable[..., Any]:
        def answer(**request: Any) -> Any:
            current = world.codepipeline.snapshot()
            world.codepipeline.restore(shown)
            try:
                return read(**request)
            finally:
                world.codepipeline.restore(current)

        return answer

    with pytest.MonkeyPatch.context() as patch:
        for name in ("get_pipeline_execution", "list_action_executions"):
            read = getattr(world.codepipeline, name)
            patch.setattr(world.codepipeline, name, as_shown(read), raising=False)
        yield


def changes(world: ReleaseWorld) -> list[ExecutionState]:
    """The recorded states of the execution of ``orders``."""
    execution_id = str(world.pipeline().execution_id)
    return [
        each.state for each in world.ledger.get_executions([execution_id])[execution_id].changes
    ]


def next_task(world: ReleaseWorld, arn: str) -> str:
    """Let the task that was sent back come again; returns its new token."""
    world.clock.advance(timedelta(seconds=UNCONFIRMED_WAIT))
    return world.wait(arn)


def test_a_failure_that_is_not_shown_yet_is_looked_at_again(world: ReleaseWorld) -> None:
    """The task is sent back for seconds, nothing is recorded, and then the reason is known."""
    arn = world.begin("orders")
    token = world.wait(arn)
    with stale(world):
        world.complete("orders", fail=FAILURE)
        assert world.settlement(token).error == "LookAgain"
        assert world.settlement(token).cause == str(UNCONFIRMED_WAIT)
    assert changes(world)[-1] is ExecutionState.FAILED
    outcome = world.settlement(next_task(world, arn))
    assert outcome.error == "PipelineFailed"
    assert "the bucket is gone" in str(outcome.cause)


def test_a_failure_that_is_never_shown_is_believed(world: ReleaseWorld) -> None:
    """After a minute the event counts, although CodePipeline still shows InProgress."""
    arn = world.begin("orders")
    world.wait(arn)
    with stale(world):
        world.complete("orders", fail=FAILURE)
        world.clock.advance(LOOK_LAG)
        assert world.settlement(world.wait(arn)).error == "PipelineFailed"
    assert ExecutionState.RESUMED not in changes(world)


def test_a_failure_that_is_not_shown_yet_is_retried(world: ReleaseWorld) -> None:
    """The retry comes when CodePipeline shows the failure, and only once."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    with stale(world):
        world.complete("orders", fail=FAILURE)
    token = next_task(world, arn)
    assert world.pipeline().retried == 1
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_look_that_still_shows_the_failure_before_a_retry_is_not_believed(
    world: ReleaseWorld,
) -> None:
    """Right after a retry a look may show FAILED; it is no second failure."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    with stale(world):
        world.deliver()
        assert world.pipeline().retried == 1
        world.wait(arn)
    assert changes(world)[-1] is ExecutionState.RESUMED
    assert world.pipeline().status is PipelineStatus.RUNNING
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_late_success_is_kept_when_it_is_shown(world: ReleaseWorld) -> None:
    """A success after the release failed is recorded by the repeated event, once, and said."""
    world.wait(world.begin("orders"))
    world.complete("orders", fail=FAILURE)
    execution_id = str(world.pipeline().execution_id)
    world.codepipeline.retry_stage_execution(
        pipelineName="orders",
        pipelineExecutionId=execution_id,
        stageName="Deploy",
        retryMode="FAILED_ACTIONS",
    )
    with stale(world):
        world.play("orders")
        events = world.undelivered()
        for event in events[:-1]:
            world.record_state_change(event)
        with pytest.raises(EndUnconfirmed):
            world.record_state_change(events[-1])
    for _ in range(2):
        world.record_state_change(events[-1])
    assert world.ledger.last_good(["orders"])["orders"]["execution_id"] == execution_id
    said = [each["what"] for each in world.item("pipeline#orders")["audit"]]
    assert [what for what in said if "succeeded later" in what] == [
        f"execution {execution_id} succeeded later, after a retry in CodePipeline"
    ]
    assert world.pipeline().status is PipelineStatus.FAILED
    assert world.pipeline().late_success == world.clock()


def test_what_is_unclear_about_another_pipeline_puts_off_only_that_one(world: ReleaseWorld) -> None:
    """A stop finds a failure that may be the one before a retry: that pipeline looks again soon."""
    arn = world.begin(RETRIED, "catalog", onFailure="stop")
    token, _ = world.wait(arn), world.wait(arn, "catalog")
    world.complete("orders", fail=FAILURE)
    world.play("orders", fail=FAILURE)
    (late,) = [
        event
        for event in world.undelivered()
        if event["detail"]["pipeline"] == "orders" and event["detail"]["state"] == "FAILED"
    ]
    world.complete("catalog", fail=FAILURE)
    assert world.settlement(token).error == "LookAgain"
    world.record_state_change(late)
    assert world.settlement(world.wait(arn)).error == "PipelineFailed"
