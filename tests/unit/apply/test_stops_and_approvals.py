"""A stop does not wait for a manual approval, and never abandons an action that does anything."""

from datetime import timedelta

import pytest

from release_core.clock import to_iso
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import EndUnconfirmed
from tests.worlds.approvals import (
    answer,
    ask,
    deploys_beside,
    gated,
    listed_late,
    state_late,
)
from tests.worlds.faults import FAILURE, meanwhile
from tests.worlds.release_world import ReleaseWorld


def status_of(world: ReleaseWorld) -> str:
    """The status of the newest execution of ``orders``."""
    return str(world.executions_of("orders")[0]["status"])


@pytest.fixture
def world(world: ReleaseWorld) -> ReleaseWorld:
    """A world in which the pipeline ``orders`` asks before it deploys, alone in its stage."""
    world.codepipeline.update_pipeline(pipeline=gated())
    return world


@pytest.mark.parametrize("policy", ["stop", "rollback"])
def test_a_failure_stops_a_pipeline_that_waits_for_an_approval(
    world: ReleaseWorld, policy: str
) -> None:
    """With onFailure stop and rollback, a pipeline that waits for an answer ends at once."""
    arn = world.begin("orders", "catalog", onFailure=policy)
    world.wait(arn)
    world.wait(arn, "catalog")
    ask(world)
    world.complete("catalog", fail=FAILURE)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.STOPPED
    audit = [entry["what"] for entry in world.item("pipeline#orders")["audit"]]
    assert "the stop does not wait for the manual approval" in audit


def test_a_cancel_does_not_wait_for_an_approval(world: ReleaseWorld) -> None:
    """A cancelled release whose pipeline waits for an answer has ended and is announced."""
    arn = world.begin("orders")
    world.wait(arn)
    ask(world)
    world.cancel(arn)
    world.deliver()
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.pipeline().status is PipelineStatus.STOPPED
    assert "wrong version" not in str(world.pipeline().approvals)


@pytest.mark.parametrize("limit", ["timeoutMinutes", "deadline"])
def test_a_time_limit_does_not_wait_for_an_approval(world: ReleaseWorld, limit: str) -> None:
    """At its time limit or the deadline, a pipeline that waits for an answer has timed out."""
    end = world.clock() + timedelta(minutes=2)
    timed = {"name": "orders", "timeoutMinutes": 2} if limit == "timeoutMinutes" else "orders"
    more = {} if limit == "timeoutMinutes" else {"deadline": to_iso(end)}
    arn = world.begin(timed, **more)
    world.wait(arn)
    ask(world)
    world.clock.advance(timedelta(seconds=121))
    world.wait(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.TIMED_OUT


def test_an_action_that_runs_is_not_abandoned(world: ReleaseWorld) -> None:
    """A stop waits for a deploy that runs beside the approval, and then abandons the approval."""
    world.codepipeline.update_pipeline(pipeline=gated(deploys_beside()))
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    ask(world)
    world.clock.advance(timedelta(seconds=121))
    world.wait(arn)
    assert status_of(world) == "Stopping"
    (preview,) = [a for a in world.codepipeline.actions.values() if a.action == "Preview"]
    world.finish(preview)
    world.deliver()
    world.clock.advance(timedelta(hours=1))
    world.wait(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.TIMED_OUT


def test_an_answered_approval_is_not_abandoned(world: ReleaseWorld) -> None:
    """Where the list still shows an approval that was answered, the deploy after it ends first."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    token = ask(world)
    world.clock.advance(timedelta(seconds=121))
    with listed_late(world):
        answer(world, token, "Approved")
        world.wait(arn)
    assert status_of(world) == "Stopping"
    assert "Copy" in {each.action for each in world.codepipeline.actions.values()}


def test_an_approval_that_is_answered_while_it_is_stopped(world: ReleaseWorld) -> None:
    """An answer before the stop begins a deploy, which is not abandoned; one after it does not."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    token = ask(world)
    world.clock.advance(timedelta(seconds=121))
    with meanwhile(
        world.codepipeline,
        "stop_pipeline_execution",
        before=lambda: answer(world, token, "Approved"),
    ):
        world.wait(arn)
    assert status_of(world) == "Stopping"
    assert "Copy" in {each.action for each in world.codepipeline.actions.values()}


@pytest.mark.parametrize("mode", ["SUPERSEDED", "PARALLEL"])
def test_what_is_not_certain_is_looked_at_again(world: ReleaseWorld, mode: str) -> None:
    """In a stage with more actions a late list may hide one: the task looks again for a minute."""
    world.codepipeline.update_pipeline(pipeline=gated(deploys_beside(), mode=mode))
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    ask(world)
    (preview,) = [a for a in world.codepipeline.actions.values() if a.action == "Preview"]
    world.finish(preview)
    world.clock.advance(timedelta(seconds=121))
    outcome = world.settlement(world.wait(arn))
    assert (outcome.error, outcome.cause) == ("LookAgain", "15")
    assert status_of(world) == "Stopping"
    world.clock.advance(timedelta(seconds=55))
    world.wait(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.TIMED_OUT


def test_a_cancel_that_is_not_certain_is_tried_again(world: ReleaseWorld) -> None:
    """Lambda retries the event of the stop after a minute, when the list is complete."""
    world.codepipeline.update_pipeline(pipeline=gated(mode="PARALLEL"))
    arn = world.begin("orders")
    world.wait(arn)
    with state_late(world):
        ask(world)
        event = world.stop(arn)
        with pytest.raises(EndUnconfirmed):
            world.close_release().when_ended(event)
        world.clock.advance(timedelta(minutes=1))
        world.close_release().when_ended(event)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.STOPPED


def test_an_edited_pipeline_is_stopped(world: ReleaseWorld) -> None:
    """An execution that hangs because its pipeline was edited ends by a stop."""
    world.codepipeline.leaves_executions_at_update()
    arn = world.begin({"name": "orders", "timeoutMinutes": 2})
    world.wait(arn)
    ask(world)
    world.codepipeline.update_pipeline(pipeline=gated())
    for seconds in (121, 55):
        world.clock.advance(timedelta(seconds=seconds))
        world.wait(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.TIMED_OUT


def test_a_person_who_stops_decides_alone(world: ReleaseWorld) -> None:
    """The stop of a person in the console is not turned into an abandon."""
    arn = world.begin("orders")
    world.wait(arn)
    ask(world)
    world.codepipeline.stop_pipeline_execution(
        pipelineName="orders", pipelineExecutionId=str(world.pipeline().execution_id)
    )
    world.deliver()
    world.clock.advance(timedelta(hours=1))
    world.wait(arn)
    assert status_of(world) == "Stopping"
