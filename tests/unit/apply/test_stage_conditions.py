"""Conditions fail stages, and CodePipeline retries stages by itself."""

from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from release_core.domain.release import PipelineStatus
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, declaration

ALARM = ActionResult("JobFailed", "alarm errors is in state ALARM")


def condition(result: str) -> dict[str, Any]:
    """A condition with one rule, which looks at an alarm."""
    type_id = {"category": "Rule", "owner": "AWS", "provider": "CloudWatchAlarm", "version": "1"}
    rule = {"name": "Alarm", "ruleTypeId": type_id, "configuration": {"AlarmName": "errors"}}
    return {"conditions": [{"result": result, "rules": [rule]}]}


def configure(world: ReleaseWorld, **conditions: Any) -> None:
    """Give the stage Deploy of ``orders`` conditions."""
    changed = declaration("orders")
    changed["stages"][1] |= conditions
    world.codepipeline.update_pipeline(pipeline=changed)


def finish(world: ReleaseWorld, action: str, result: ActionResult | None = None) -> None:
    """End the running action, or rule, of that name."""
    (running,) = [one for one in world.codepipeline.actions.values() if one.action == action]
    world.finish(running, result)


@pytest.mark.parametrize("member", ["beforeEntry", "onSuccess"])
def test_a_condition_that_fails_a_stage_is_the_reason(world: ReleaseWorld, member: str) -> None:
    """No action has failed, so the reason is that of the rule."""
    configure(world, **{member: condition("FAIL")})
    token = world.wait(world.begin("orders"))
    finish(world, "Fetch")
    if member == "onSuccess":
        finish(world, "Copy")
    finish(world, "Alarm", ALARM)
    world.deliver()
    outcome = world.settlement(token)
    assert outcome.error == "PipelineFailed"
    assert (
        "stage Deploy: rule Alarm of a stage condition failed: alarm errors is in state ALARM"
        in str(outcome.cause)
    )


def test_a_skipped_stage_is_no_reason(world: ReleaseWorld) -> None:
    """A rule that let a stage be skipped did not fail the stages after it."""
    changed = declaration("orders")
    gate = condition("SKIP")
    gate["conditions"][0]["rules"][0]["ruleTypeId"]["provider"] = "LambdaInvoke"
    gate["conditions"][0]["rules"][0]["configuration"] = {"FunctionName": "gate"}
    last = {**changed["stages"][1], "name": "Last"}
    last["actions"] = [{**last["actions"][0], "name": "Again"}]
    changed["stages"][1] |= {"beforeEntry": gate}
    changed["stages"].append(last)
    world.codepipeline.update_pipeline(pipeline=changed)
    token = world.wait(world.begin("orders"))
    finish(world, "Fetch")
    finish(world, "Alarm", ALARM)
    finish(world, "Again", FAILURE)
    world.deliver()
    cause = str(world.settlement(token).cause)
    assert "the bucket is gone" in cause
    assert "Alarm" not in cause


def test_a_stage_that_a_condition_failed_is_retried(world: ReleaseWorld) -> None:
    """A retry of the release checks the condition again, in the same execution."""
    configure(world, onSuccess=condition("FAIL"))
    token = world.wait(world.begin({"name": "orders", "retries": 1}))
    finish(world, "Fetch")
    finish(world, "Copy")
    finish(world, "Alarm", ALARM)
    world.deliver()
    assert world.outcome(token) is None
    finish(world, "Alarm")
    world.deliver()
    assert world.settlement(token).succeeded
    assert len(world.executions_of("orders")) == 1


def test_a_stage_is_retried_as_often_as_its_condition_fails(world: ReleaseWorld) -> None:
    """Each failure of the condition uses up one retry, and then it counts."""
    configure(world, onSuccess=condition("FAIL"))
    token = world.wait(world.begin({"name": "orders", "retries": 1}))
    finish(world, "Fetch")
    finish(world, "Copy")
    for _ in range(2):
        finish(world, "Alarm", ALARM)
        world.deliver()
    assert world.settlement(token).error == "PipelineFailed"
    assert world.pipeline().status is PipelineStatus.FAILED
