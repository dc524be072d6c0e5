"""Conditions, automatic retries and rollbacks behind boto3, with rules that workers run."""

from collections.abc import Iterator
from typing import Any

import pytest

from shop import Json, condition, rule
from test_emulator import DEADLINE, World

PIPELINE_EVENT = "CodePipeline Pipeline Execution State Change"
ALARM = rule("Alarm", "CloudWatchAlarm", AlarmName="errors")


@pytest.fixture
def world() -> Iterator[World]:
    """An emulator without pipelines."""
    world = World()
    yield world
    world.emulator.stop()


def started(world: World, **conditions: Json) -> str:
    """Create the pipeline with these conditions, and start it."""
    world.create(**conditions)
    return str(world.client.start_pipeline_execution(name="shop")["pipelineExecutionId"])


def succeed(world: World) -> None:
    """Let the function that was invoked next report success."""
    job = world.services.invoked.get(timeout=DEADLINE)
    world.client.put_job_success_result(jobId=job["id"])


def fail(world: World) -> None:
    """Let the function that was invoked next report a failure."""
    job = world.services.invoked.get(timeout=DEADLINE)
    details: Any = {"type": "JobFailed", "message": "no"}
    world.client.put_job_failure_result(jobId=job["id"], failureDetails=details)


def rules(world: World) -> list[Json]:
    """List the runs of rules, newest first."""
    return list(world.client.list_rule_executions(pipelineName="shop")["ruleExecutionDetails"])


def test_function_of_a_rule_is_invoked(world: World) -> None:
    """A LambdaInvoke rule invokes its function, whose failure skips the stage."""
    gate = rule("Gate", FunctionName="gate", UserParameters="tier=1")
    started(world, beforeEntry=condition("SKIP", gate))
    job = world.services.invoked.get(timeout=DEADLINE)
    assert job["data"]["actionConfiguration"]["configuration"]["UserParameters"] == "tier=1"
    details: Any = {"type": "JobFailed", "message": "not today"}
    world.client.put_job_failure_result(jobId=job["id"], failureDetails=details)
    world.inbox.wait_for("SUCCEEDED")
    state = world.client.get_pipeline_state(name="shop")["stageStates"][1]
    assert state["latestExecution"]["status"] == "Skipped"
    assert rules(world)[0]["output"]["executionResult"]["errorDetails"]["message"] == "not today"


def test_rule_of_another_provider_succeeds_without_a_fault(world: World) -> None:
    """A CloudWatchAlarm rule lets the stage go on."""
    started(world, beforeEntry=condition("FAIL", ALARM))
    succeed(world)
    world.inbox.wait_for("SUCCEEDED")
    assert rules(world)[0]["status"] == "Succeeded"


def test_fault_fails_a_rule(world: World) -> None:
    """The rule fails with the code and message of the fault, and with it the execution."""
    message = "Alarm errors is in state ALARM"
    fault = {"kind": "rule", "effect": "fail", "rule": "Alarm", "code": "JobFailed"}
    world.emulator.faults.add(fault | {"message": message})
    started(world, beforeEntry=condition("FAIL", ALARM))
    world.inbox.wait_for("FAILED")
    reason = rules(world)[0]["output"]["executionResult"]["errorDetails"]
    assert reason == {"code": "JobFailed", "message": message}


def test_rule_that_waits_is_overridden(world: World) -> None:
    """A delayed rule is in progress until the condition is overridden."""
    window = rule("Window", "DeploymentWindow", Cron="* * 9-17 ? * MON-FRI")
    fault = {"kind": "rule", "effect": "delay", "rule": "Window", "seconds": 3600}
    world.emulator.faults.add(fault)
    execution = started(world, beforeEntry=condition("FAIL", window))
    world.inbox.wait_for("SUCCEEDED", kind="Stage")
    assert rules(world)[0]["status"] == "InProgress"
    world.client.override_stage_condition(
        pipelineName="shop",
        stageName="Check",
        pipelineExecutionId=execution,
        conditionType="BEFORE_ENTRY",
    )
    succeed(world)
    world.inbox.wait_for("SUCCEEDED")
    assert rules(world)[0]["status"] == "Abandoned"


def test_event_of_a_failure_before_an_automatic_retry_can_be_lost(world: World) -> None:
    """With a fault RESUMED comes without FAILED, as it may on AWS."""
    fault = {"kind": "event", "effect": "lose", "state": "FAILED", "detailType": PIPELINE_EVENT}
    world.emulator.faults.add(fault)
    started(world, onFailure={"result": "RETRY"})
    fail(world)
    succeed(world)
    world.inbox.wait_for("SUCCEEDED")
    states = [
        letter.event.state for letter in world.inbox.letters if "stage" not in letter.event.detail
    ]
    assert states == ["STARTED", "RESUMED", "SUCCEEDED"]


def test_automatic_retry_comes_after_a_time() -> None:
    """With the setting, the alarm makes the retry after the execution has failed."""
    world = World(retry_after=0.05)
    started(world, onFailure={"result": "RETRY"})
    fail(world)
    world.inbox.wait_for("RESUMED")
    succeed(world)
    world.inbox.wait_for("SUCCEEDED")
    world.emulator.stop()


def test_stage_is_rolled_back(world: World) -> None:
    """RollbackStage and a failed stage start executions of the type ROLLBACK."""
    target = started(world, onFailure={"result": "ROLLBACK"})
    succeed(world)
    world.inbox.wait_for("SUCCEEDED")
    manual = world.client.rollback_stage(
        pipelineName="shop", stageName="Check", targetPipelineExecutionId=target
    )
    fail(world)
    world.inbox.wait_for("FAILED")
    world.client.start_pipeline_execution(name="shop")
    fail(world)
    succeed(world)
    newest, failed, rollback, first = world.executions()
    assert first["pipelineExecutionId"] == target
    assert rollback["pipelineExecutionId"] == manual["pipelineExecutionId"]
    assert newest["trigger"]["triggerType"] == "AutomatedRollback"
    assert failed["pipelineExecutionId"] in newest["trigger"]["triggerDetail"]
    assert newest["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == target
