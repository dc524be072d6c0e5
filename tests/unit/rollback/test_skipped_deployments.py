"""What others shipped counts for a rollback, unless CodePipeline skipped its deployment."""

from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from tests.worlds.faults import FAILURE
from tests.worlds.gates import GATE
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import read, start_by_hand

CLOSED = ActionResult("JobFailed", "gate says no")


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with an empty history."""
    return ReleaseWorld()


def with_second_stage(gate: dict[str, Any]) -> dict[str, Any]:
    """The pipeline ``orders`` with one more stage that deploys, behind a gate."""
    changed = declaration("orders")
    second = {**changed["stages"][1], "name": "Second", "beforeEntry": gate}
    second["actions"] = [{**changed["stages"][1]["actions"][0], "name": "Copy2"}]
    changed["stages"].append(second)
    return changed


def gated() -> dict[str, Any]:
    """The pipeline ``orders`` with a gate before its deployment."""
    changed = declaration("orders")
    changed["stages"][1]["beforeEntry"] = GATE
    return changed


def play(world: ReleaseWorld, version: str, *results: tuple[str, ActionResult | None]) -> None:
    """Let ``orders`` ship a version: its actions and rules end with these results, in order."""
    shipped = ActionResult(revision=Revision(version, f"Amazon S3 version id: {version}"))
    for action, result in (("Fetch", shipped), *results):
        (running,) = [one for one in world.codepipeline.actions.values() if one.action == action]
        world.finish(running, result)
    world.deliver()
    world.clock.advance(timedelta(minutes=5))


def release(world: ReleaseWorld, version: str, *results: tuple[str, ActionResult | None]) -> None:
    """Release ``orders`` once."""
    arn = world.begin("orders", release_id=version)
    world.wait(arn, release_id=version)
    play(world, version, *results)
    world.close(arn, version)


def test_a_hotfix_of_another_version_is_named(world: ReleaseWorld) -> None:
    """The gated stage was renamed since, so the hotfix skipped nothing."""
    world.codepipeline.update_pipeline(pipeline=gated())
    for version in ("v1", "v2"):
        release(world, version, ("Gate", None), ("Copy", None))
    renamed = declaration("orders")
    renamed["stages"][1]["name"] = "Production"
    world.codepipeline.update_pipeline(pipeline=renamed)
    hotfix = start_by_hand(world)
    play(world, "hotfix", ("Copy", None))
    assert read(world, "v2").foreign == {"orders": (hotfix,)}


def test_a_hotfix_that_shipped_in_part_is_named(world: ReleaseWorld) -> None:
    """One stage deployed and the other one was skipped: a rollback would overwrite it."""
    world.codepipeline.update_pipeline(pipeline=with_second_stage(GATE))
    for version in ("v1", "v2"):
        release(world, version, ("Copy", None), ("Gate", None), ("Copy2", None))
    hotfix = start_by_hand(world)
    play(world, "hotfix", ("Copy", None), ("Gate", CLOSED))
    assert read(world, "v2").foreign == {"orders": (hotfix,)}


def test_a_hotfix_before_a_gate_was_added_is_live(world: ReleaseWorld) -> None:
    """A stage that did not exist then was not skipped."""
    release(world, "v1", ("Copy", None))
    hotfix = start_by_hand(world)
    play(world, "hotfix", ("Copy", None))
    world.codepipeline.update_pipeline(pipeline=with_second_stage(GATE))
    release(world, "v2", ("Copy", FAILURE))
    assert read(world, "v2").restores == {"orders": hotfix}


def test_a_late_success_without_its_deployment_repairs_nothing(world: ReleaseWorld) -> None:
    """A person retries the stage, and its gate is closed by now: the rollback takes place."""
    world.codepipeline.update_pipeline(pipeline=gated())
    release(world, "v1", ("Gate", None), ("Copy", None))
    arn = world.begin("orders", onFailure="rollback")
    world.wait(arn)
    play(world, "v2", ("Gate", None), ("Copy", FAILURE))
    world.close(arn)
    world.codepipeline.retry_stage_execution(
        pipelineName="orders",
        pipelineExecutionId=world.pipeline().execution_id,
        stageName="Deploy",
        retryMode="ALL_ACTIONS",
    )
    (gate,) = world.codepipeline.actions.values()
    world.finish(gate, CLOSED)
    events = world.undelivered()
    world.clock.advance(timedelta(minutes=2))
    for event in events:
        world.record_state_change(event)
    assert world.pipeline().late_success is None
    assert [each.stage for each in world.pipeline().skipped_stages] == ["Deploy"]
    automatic = read(world, "r", cause=arn, rollback_id="r-rollback")
    assert [each["name"] for each in automatic.manifest["pipelines"]] == ["orders"]
