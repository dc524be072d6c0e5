"""Conditions fail stages, and CodePipeline retries stages by itself."""

from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from release_core.clock import to_iso
from release_core.decide.timing import LOOK_LAG
from release_core.domain.release import PipelineStatus
from release_core.ledger.executions import Executions
from tests.worlds.faults import FAILURE, meanwhile
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


RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}


def retry_later(world: ReleaseWorld) -> None:
    """Let CodePipeline retry the stage Deploy of ``orders`` 20 seconds after its failure."""
    configure(world, onFailure=RETRY)
    world.codepipeline.set_retry_after(20)


def test_an_automatic_retry_is_waited_for(world: ReleaseWorld) -> None:
    """An execution that CodePipeline retries by itself has not failed yet."""
    retry_later(world)
    arn = world.begin("orders")
    token = world.wait(arn)
    world.complete("orders", fail=FAILURE)
    assert world.settlement(token).error == "LookAgain"
    world.clock.advance(timedelta(seconds=20))
    world.codepipeline.tick()
    token = world.wait(arn)
    world.deliver()
    world.complete("orders")
    assert world.settlement(token).succeeded


@pytest.mark.parametrize("order", [("FAILED", "RESUMED"), ("RESUMED", "FAILED"), ("RESUMED",)])
def test_an_automatic_retry_in_any_order_of_events(
    world: ReleaseWorld, order: tuple[str, ...]
) -> None:
    """The pipeline runs on, whether FAILED comes before RESUMED, after it, or never."""
    configure(world, onFailure=RETRY)
    token = world.wait(world.begin("orders"))
    finish(world, "Fetch")
    finish(world, "Copy", FAILURE)
    events = {event["detail"]["state"]: event for event in world.undelivered()}
    for state in order:
        world.record_state_change(events[state])
    assert world.outcome(token) is None
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_the_failure_of_an_automatic_retry_counts_at_once(world: ReleaseWorld) -> None:
    """CodePipeline retries a stage once: its second failure is an end."""
    configure(world, onFailure=RETRY)
    token = world.wait(world.begin("orders"))
    world.complete("orders", fail=FAILURE)
    assert world.settlement(token).error == "PipelineFailed"


def test_an_automatic_retry_that_does_not_come_is_not_waited_for_long(world: ReleaseWorld) -> None:
    """After a minute the failure counts."""
    retry_later(world)
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    world.clock.advance(LOOK_LAG)
    assert world.settlement(world.wait(arn)).error == "PipelineFailed"


def test_a_retry_of_the_release_comes_after_that_of_codepipeline(world: ReleaseWorld) -> None:
    """A release retries a stage when CodePipeline has used up its own retry."""
    retry_later(world)
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    assert world.pipeline().retried == 0
    world.clock.advance(timedelta(seconds=20))
    world.codepipeline.tick()
    world.deliver()
    token = world.wait(arn)
    world.complete("orders", fail=FAILURE)
    assert world.pipeline().retried == 1
    world.complete("orders")
    assert world.settlement(token).succeeded
    assert len(world.executions_of("orders")) == 1


def begin_after_a_success(world: ReleaseWorld, **more: Any) -> str:
    """Let ``orders`` roll its stage back by itself, succeed once, and start in a release."""
    configure(world, onFailure={"result": "ROLLBACK"})
    world.codepipeline.start_pipeline_execution(name="orders")
    world.complete("orders")
    return world.begin({"name": "orders", **more})


def fail_and_roll_back(world: ReleaseWorld) -> str:
    """Let the execution of the release fail; returns the rollback that CodePipeline starts."""
    finish(world, "Fetch")
    finish(world, "Copy", FAILURE)
    return str(world.executions_of("orders")[0]["pipelineExecutionId"])


def test_a_rollback_by_codepipeline_is_told(world: ReleaseWorld) -> None:
    """The pipeline is FAILED, and its reason names the execution that rolled the stage back."""
    token = world.wait(begin_after_a_success(world))
    rollback = fail_and_roll_back(world)
    world.complete("orders")
    outcome = world.settlement(token)
    assert outcome.error == "PipelineFailed"
    assert "the bucket is gone" in str(outcome.cause)
    assert f"CodePipeline rolled stage Deploy back (execution {rollback})" in str(outcome.cause)


def test_a_stage_that_codepipeline_rolls_back_is_not_retried(world: ReleaseWorld) -> None:
    """A retry would ship again what CodePipeline has just taken back."""
    token = world.wait(begin_after_a_success(world, retries=1))
    fail_and_roll_back(world)
    world.complete("orders")
    assert world.settlement(token).error == "PipelineFailed"
    assert world.pipeline().retried == 0


def test_a_rollback_that_does_not_come_is_not_waited_for_long(world: ReleaseWorld) -> None:
    """A stage that never succeeded is not rolled back: after a minute the failure counts."""
    configure(world, onFailure={"result": "ROLLBACK"})
    arn = world.begin("orders")
    token = world.wait(arn)
    world.complete("orders", fail=FAILURE)
    assert world.settlement(token).error == "LookAgain"
    world.clock.advance(LOOK_LAG)
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert "rolled" not in str(outcome.cause)


def holder(world: ReleaseWorld) -> str | None:
    """The release that holds the lock of ``orders``, if any."""
    found = world.ledger.lock_holders(["orders"]).get("orders")
    return found.release_id if found else None


def test_the_lock_is_kept_until_the_rollback_has_ended(world: ReleaseWorld) -> None:
    """The pipeline ends with the event of the rollback, so that nothing collides with it."""
    arn = begin_after_a_success(world)
    token = world.wait(arn)
    rollback = fail_and_roll_back(world)
    world.deliver()
    assert world.outcome(token) is None
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.release().halted_by == "orders"
    assert holder(world) == "r"
    said = [each["what"] for each in world.item("pipeline#orders")["audit"]]
    assert said[-1] == f"CodePipeline rolls stage Deploy back (execution {rollback})"
    world.complete("orders")
    assert world.settlement(token).error == "PipelineFailed"
    world.close(arn)
    assert holder(world) is None


def test_a_rollback_whose_event_is_lost_is_looked_at(world: ReleaseWorld) -> None:
    """The task of the pipeline finds that the rollback has ended."""
    arn = begin_after_a_success(world)
    world.wait(arn)
    rollback = fail_and_roll_back(world)
    world.deliver()
    world.play("orders", fail=FAILURE)
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert rollback in str(outcome.cause)


def test_a_rollback_that_ends_before_it_is_noted(world: ReleaseWorld) -> None:
    """The event of its end may come between the look and the note; then the next read has it."""
    token = world.wait(begin_after_a_success(world))
    fail_and_roll_back(world)
    failed = world.undelivered()

    def ends() -> None:
        world.play("orders")
        for event in world.undelivered():
            world.record_state_change(event)

    with meanwhile(Executions, "claim", before=ends):
        for event in failed:
            world.record_state_change(event)
    assert world.settlement(token).error == "PipelineFailed"


def test_a_cancelled_release_does_not_wait_for_a_rollback(world: ReleaseWorld) -> None:
    """A release that is over ends its pipeline at once, and its reason names the rollback."""
    arn = begin_after_a_success(world)
    world.wait(arn)
    rollback = fail_and_roll_back(world)
    world.deliver()
    world.cancel(arn)
    assert world.pipeline().status is PipelineStatus.FAILED
    assert rollback in str(world.pipeline().failure)


def test_a_resume_after_a_rollback_by_codepipeline(world: ReleaseWorld) -> None:
    """The next attempt forgets the rollback of the attempt before it."""
    arn = begin_after_a_success(world)
    world.wait(arn)
    fail_and_roll_back(world)
    world.complete("orders")
    world.close(arn)
    again = world.begin("orders", resume=True)
    token = world.wait(again)
    assert "stage_rollback" not in world.item("pipeline#orders")
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_time_limit_does_not_end_a_rollback_by_codepipeline(world: ReleaseWorld) -> None:
    """The time limit is for the pipeline itself: its task waits its usual time."""
    arn = begin_after_a_success(world, timeoutMinutes=1)
    world.wait(arn)
    fail_and_roll_back(world)
    world.deliver()
    world.clock.advance(timedelta(minutes=2))
    assert world.outcome(world.wait(arn)) is None
    assert world.pipeline().status is PipelineStatus.RUNNING


def test_a_deadline_ends_the_wait_for_a_rollback_by_codepipeline(world: ReleaseWorld) -> None:
    """A release never waits for longer than its deadline."""
    configure(world, onFailure={"result": "ROLLBACK"})
    world.codepipeline.start_pipeline_execution(name="orders")
    world.complete("orders")
    deadline = to_iso(world.clock() + timedelta(minutes=5))
    arn = world.begin("orders", deadline=deadline)
    world.wait(arn)
    rollback = fail_and_roll_back(world)
    world.deliver()
    world.clock.advance(timedelta(minutes=5))
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert rollback in str(outcome.cause)
