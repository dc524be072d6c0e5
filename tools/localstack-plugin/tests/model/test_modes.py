"""How executions of one pipeline affect each other, by execution mode."""

import pytest

from shop import FAILED, Shop, declare, deploy, fetched, refused, stage


def test_newer_execution_supersedes_the_one_that_waits() -> None:
    """In SUPERSEDED mode the running execution continues, and only the newest waiting one stays."""
    shop, first = fetched()
    second = shop.start()
    shop.end("Fetch")
    third = shop.start()
    assert shop.status(second) == "InProgress"
    shop.end("Fetch")
    assert [shop.status(one) for one in (first, second, third)] == [
        "InProgress",
        "Superseded",
        "InProgress",
    ]
    assert shop.emitted(second)[-1] == "pipeline SUPERSEDED"
    shop.end("Publish", execution=first)
    shop.end("Publish", execution=third)
    assert shop.status(third) == "Succeeded"


def test_execution_that_waits_for_the_source_is_superseded() -> None:
    """In the first stage, too, a newer execution supersedes the waiting one."""
    shop = Shop()
    first, second, third = shop.start(), shop.start(), shop.start()
    assert [shop.status(one) for one in (first, second, third)] == [
        "InProgress",
        "Superseded",
        "InProgress",
    ]
    assert shop.emitted(second) == ["pipeline STARTED", "pipeline SUPERSEDED"]


def test_failure_frees_the_stage() -> None:
    """When an execution fails, the next one enters its stage."""
    shop, first = fetched()
    second = shop.start()
    shop.end("Fetch")
    shop.end("Publish", FAILED, execution=first)
    assert shop.status(first) == "Failed"
    assert shop.running("Publish").execution_id == second


def test_queued_executions_keep_their_order() -> None:
    """In QUEUED mode executions enter each stage in order, and none is superseded."""
    shop = Shop(executionMode="QUEUED")
    executions = [shop.start() for _ in range(3)]
    for execution in executions:
        assert shop.running("Fetch").execution_id == execution
        shop.end("Fetch")
    for execution in executions:
        assert shop.running("Publish").execution_id == execution
        shop.end("Publish")
    assert [shop.status(execution) for execution in executions] == ["Succeeded"] * 3


def test_parallel_executions_do_not_wait() -> None:
    """In PARALLEL mode a later execution can finish before an earlier one."""
    shop = Shop(executionMode="PARALLEL")
    first, second = shop.start(), shop.start()
    shop.end("Fetch", execution=second)
    shop.end("Publish", execution=second)
    assert (shop.status(first), shop.status(second)) == ("InProgress", "Succeeded")


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
def test_fifty_executions_are_the_limit(mode: str) -> None:
    """The fifty-first execution is rejected until one of the fifty has ended."""
    shop = Shop(executionMode=mode)
    first, *_ = [shop.start() for _ in range(50)]
    with refused("ConcurrentPipelineExecutionsLimitExceededException"):
        shop.start()
    shop.end("Fetch", FAILED, execution=first)
    shop.start()


def test_disabled_transition_holds_executions_back() -> None:
    """An execution waits at a disabled transition and enters the stage when it is enabled."""
    shop = Shop()
    where = {"pipelineName": "shop", "stageName": "Deploy", "transitionType": "Inbound"}
    shop.call("DisableStageTransition", **where, reason="frozen")
    execution = shop.start()
    shop.end("Fetch")
    assert not shop.open
    state = shop.call("GetPipelineState", name="shop")["stageStates"][1]
    assert state["inboundTransitionState"]["enabled"] is False
    assert state["inboundTransitionState"]["disabledReason"] == "frozen"
    assert state["inboundExecution"]["pipelineExecutionId"] == execution
    shop.call("EnableStageTransition", **where)
    assert shop.running("Publish").execution_id == execution


def test_outbound_transition_closes_the_next_stage() -> None:
    """Disabling the outbound transition of a stage keeps executions out of the next stage."""
    shop = Shop()
    where = {"pipelineName": "shop", "stageName": "Source", "transitionType": "Outbound"}
    shop.call("DisableStageTransition", **where, reason="frozen")
    shop.start()
    shop.end("Fetch")
    assert not shop.open


def test_update_cancels_what_runs_and_what_waits() -> None:
    """UpdatePipeline cancels running and waiting QUEUED executions and abandons their actions."""
    shop = Shop(executionMode="QUEUED")
    holder, waiting = shop.start(), shop.start()
    fetch = shop.running("Fetch")
    answer = shop.call("UpdatePipeline", pipeline=declare(executionMode="QUEUED"))
    assert answer["pipeline"]["version"] == 2
    assert (shop.status(holder), shop.status(waiting)) == ("Cancelled", "Cancelled")
    assert shop.emitted(holder)[-3:] == [
        "Source/Fetch CANCELED",
        "Source CANCELED",
        "pipeline CANCELED",
    ]
    assert shop.emitted(waiting) == ["pipeline STARTED", "pipeline CANCELED"]
    assert not shop.open
    shop.finish(fetch)
    assert shop.status(holder) == "Cancelled"
    latest = shop.start()
    assert shop.running("Fetch").execution_id == latest


def test_update_leaves_parallel_executions_alone() -> None:
    """UpdatePipeline leaves PARALLEL executions running with their old structure."""
    shop = Shop(executionMode="PARALLEL")
    execution = shop.start()
    other = stage("Release", deploy("Ship"))
    shop.call("UpdatePipeline", pipeline=declare(other, executionMode="PARALLEL"))
    shop.end("Fetch")
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"
