"""A stage that CodePipeline itself rolled back is part of the release: its rollback goes on."""

from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import ROLLBACK, pins, read, request, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account where CodePipeline rolls back ``orders``, and release v1 has shipped it."""
    world = ReleaseWorld()
    changed = declaration("orders")
    changed["stages"][-1]["onFailure"] = {"result": "ROLLBACK"}
    world.codepipeline.update_pipeline(pipeline=changed)
    run(world, "v1", "orders", "catalog")
    return world


def fail(world: ReleaseWorld, *, noted: bool) -> tuple[str, dict[str, Any]]:
    """Let ``orders`` fail in release v2, be rolled back by CodePipeline, and the release end."""
    arn = world.begin("catalog", "orders", release_id="v2", **ROLLBACK)
    world.wait(arn, "catalog", "v2")
    world.ship("catalog v2", "catalog")
    world.wait(arn, "orders", "v2")
    world.finish(world.fetch("orders"), ActionResult(revision=Revision("orders v2", "v2")))
    (copy,) = world.codepipeline.actions.values()
    world.finish(copy, FAILURE)
    if noted:
        world.deliver()
    world.complete("orders")
    return arn, world.close(arn, "v2")


@pytest.mark.parametrize("noted", [True, False])
def test_a_stage_that_was_rolled_back_does_not_repair_the_release(
    world: ReleaseWorld, *, noted: bool
) -> None:
    """The automatic rollback takes all pipelines back, whenever it learned of that execution."""
    arn, closed = fail(world, noted=noted)
    assert closed["rollback"]["release_id"] == "v2-rollback"
    world.open_release(world.start(request(closed, arn)))
    assert pins(world, "v2-rollback") == {"orders": ["orders v1"], "catalog": ["catalog v1"]}


@pytest.mark.parametrize("noted", [True, False])
def test_a_rollback_by_codepipeline_is_not_in_the_way(world: ReleaseWorld, *, noted: bool) -> None:
    """A person who rolls the release back does not have to go over that execution."""
    fail(world, noted=noted)
    rollback = read(world, "v2")
    assert str(rollback) == "release v2-rollback rolls back: orders, catalog"
    assert rollback.foreign == {}
