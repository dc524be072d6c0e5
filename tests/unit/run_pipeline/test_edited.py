"""A pipeline that is edited while its execution runs: on record, and not cancelled for certain."""

from datetime import timedelta

import pytest

from release_core.domain.release import PipelineStatus
from tests.worlds.approvals import ask, gated
from tests.worlds.release_world import ReleaseWorld, declaration

WHAT = "the pipeline was edited while it ran: its execution has version 2, the pipeline has 3"


@pytest.fixture
def world(world: ReleaseWorld) -> ReleaseWorld:
    """A world in which the pipeline ``orders`` asks before it deploys."""
    world.codepipeline.update_pipeline(pipeline=gated())
    return world


def notes(world: ReleaseWorld) -> int:
    """How often the audit says that the pipeline was edited."""
    return [entry["what"] for entry in world.item("pipeline#orders")["audit"]].count(WHAT)


def test_an_edit_that_leaves_the_execution_running(world: ReleaseWorld) -> None:
    """As seen on AWS, the execution goes on; the next look records the edit, once."""
    world.codepipeline.leaves_executions_at_update()
    arn = world.begin("orders")
    world.wait(arn)
    ask(world)
    world.codepipeline.update_pipeline(pipeline=gated())
    for _ in range(2):
        world.clock.advance(timedelta(hours=1))
        world.wait(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.pipeline().edited_at == world.clock() - timedelta(hours=1)
    assert notes(world) == 1


def test_an_edit_that_cancels_the_execution(world: ReleaseWorld) -> None:
    """As AWS documents it, the execution is cancelled; the record says why."""
    token = world.wait(world.begin("orders"))
    ask(world)
    world.codepipeline.update_pipeline(pipeline=gated())
    world.deliver()
    assert world.settlement(token).error == "PipelineCancelled"
    assert world.pipeline().edited_at == world.clock()
    assert notes(world) == 1


def test_a_stop_after_an_edit(world: ReleaseWorld) -> None:
    """A person who stops the execution because of the edit finds the edit on record."""
    world.codepipeline.leaves_executions_at_update()
    world.wait(world.begin("orders"))
    ask(world)
    world.codepipeline.update_pipeline(pipeline=gated())
    world.codepipeline.stop_pipeline_execution(
        pipelineName="orders", pipelineExecutionId=str(world.pipeline().execution_id), abandon=True
    )
    world.deliver()
    assert world.pipeline().status is PipelineStatus.STOPPED
    assert notes(world) == 1


def test_an_edit_before_the_start_is_none(world: ReleaseWorld) -> None:
    """A pipeline that was edited before its execution began, or in another mode, is not edited."""
    arn = world.begin("orders")
    world.wait(arn)
    world.clock.advance(timedelta(hours=1))
    world.wait(arn)
    assert world.pipeline().edited_at is None


def test_parallel_executions_keep_their_version(world: ReleaseWorld) -> None:
    """An edit does not touch PARALLEL executions, so nobody is warned."""
    parallel = declaration("orders") | {"executionMode": "PARALLEL"}
    world.codepipeline.update_pipeline(pipeline=parallel)
    arn = world.begin("orders")
    world.wait(arn)
    world.codepipeline.update_pipeline(pipeline=parallel)
    world.clock.advance(timedelta(hours=1))
    world.wait(arn)
    assert world.pipeline().edited_at is None


def test_a_new_execution_has_the_new_version(world: ReleaseWorld) -> None:
    """A pipeline that is started over after an edit is no longer marked as edited."""
    world.codepipeline.leaves_executions_at_update()
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    world.codepipeline.update_pipeline(pipeline=gated())
    world.clock.advance(timedelta(hours=1))
    world.wait(arn)
    assert world.pipeline().edited_at
    world.ledger.pipelines.start_over("r", world.pipeline(), "other/1")
    assert world.pipeline().edited_at is None
