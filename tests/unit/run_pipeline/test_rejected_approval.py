"""A rejected approval is an answer: it is final, whatever the retries of its pipeline."""

from typing import Any

from release_core.domain.release import PipelineStatus
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, declaration


def gated() -> dict[str, Any]:
    """The pipeline ``orders`` with a manual approval before it deploys."""
    pipeline = declaration("orders")
    approval = {
        "name": "Ask",
        "actionTypeId": {
            "category": "Approval",
            "owner": "AWS",
            "provider": "Manual",
            "version": "1",
        },
        "runOrder": 1,
    }
    pipeline["stages"].insert(1, {"name": "Approve", "actions": [approval]})
    return pipeline


def answer(world: ReleaseWorld, status: str) -> None:
    """Let the source run, and answer the approval that follows."""
    world.finish(next(iter(world.codepipeline.actions.values())))
    stages = world.codepipeline.get_pipeline_state(name="orders")["stageStates"]
    (waiting,) = stages[1]["actionStates"]
    world.codepipeline.put_approval_result(
        pipelineName="orders",
        stageName="Approve",
        actionName="Ask",
        token=waiting["latestExecution"]["token"],
        result={"status": status, "summary": "not today"},
    )
    world.deliver()


def test_a_rejected_approval_is_not_asked_again(world: ReleaseWorld) -> None:
    """With retries left, a rejection fails the pipeline at once, with the words of the answer."""
    world.codepipeline.update_pipeline(pipeline=gated())
    token = world.wait(world.begin({"name": "orders", "retries": 2}))
    answer(world, "Rejected")
    assert world.settlement(token).error == "PipelineFailed"
    assert world.pipeline().status is PipelineStatus.FAILED
    assert world.pipeline().retried == 0
    assert "not today" in str(world.pipeline().failure)


def test_a_failure_after_an_approval_is_retried(world: ReleaseWorld) -> None:
    """The retries of a pipeline with an approval are for its other actions."""
    world.codepipeline.update_pipeline(pipeline=gated())
    token = world.wait(world.begin({"name": "orders", "retries": 1}))
    answer(world, "Approved")
    world.complete("orders", fail=FAILURE)
    world.complete("orders")
    assert world.settlement(token).succeeded
    assert world.pipeline().retried == 1
