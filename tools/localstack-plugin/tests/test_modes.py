"""What executions of one pipeline do to each other, by the pipeline's mode."""

from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, RunAction
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import (
    ConcurrentPipelineExecutionsLimitExceededException,
)

Json = dict[str, Any]
Shop = Callable[..., Driver]
Start = Callable[..., str]
Running = Callable[..., RunAction]
Status = Callable[[str], str]
Told = Callable[..., list[str]]

FAILED = ActionResult("JobFailed", "no")


def test_newer_execution_supersedes_the_one_that_waits(
    shop: Shop, start: Start, running: Running, status: Status, told: Told
) -> None:
    """In SUPERSEDED mode the holder goes on, and of those that wait only the newest stays."""
    driver = shop()
    first = start()
    driver.finish(running("Fetch"))
    second = start()
    driver.finish(running("Fetch"))
    third = start()
    assert status(second) == "InProgress"
    driver.finish(running("Fetch"))
    assert [status(one) for one in (first, second, third)] == [
        "InProgress",
        "Superseded",
        "InProgress",
    ]
    assert told(second)[-1] == "pipeline SUPERSEDED"
    driver.finish(running("Publish", first))
    driver.finish(running("Publish", third))
    assert status(third) == "Succeeded"


def test_execution_that_waits_for_the_source_is_superseded(
    shop: Shop, start: Start, status: Status, told: Told
) -> None:
    """The first stage has a lock too."""
    shop()
    first, second, third = start(), start(), start()
    assert [status(one) for one in (first, second, third)] == [
        "InProgress",
        "Superseded",
        "InProgress",
    ]
    assert told(second) == ["pipeline STARTED", "pipeline SUPERSEDED"]


def test_failure_frees_the_stage(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """An execution that failed holds nobody up."""
    driver = shop()
    first = start()
    driver.finish(running("Fetch"))
    second = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish", first), FAILED)
    assert status(first) == "Failed"
    assert running("Publish").execution_id == second


def test_queued_executions_keep_their_order(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """In QUEUED mode all wait their turn, and none is superseded."""
    driver = shop(executionMode="QUEUED")
    executions = [start() for _ in range(3)]
    for execution in executions:
        assert running("Fetch").execution_id == execution
        driver.finish(running("Fetch"))
    for execution in executions:
        assert running("Publish").execution_id == execution
        driver.finish(running("Publish"))
    assert [status(execution) for execution in executions] == ["Succeeded"] * 3


def test_parallel_executions_do_not_wait(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """In PARALLEL mode a later execution may overtake an earlier one."""
    driver = shop(executionMode="PARALLEL")
    first, second = start(), start()
    driver.finish(running("Fetch", second))
    driver.finish(running("Publish", second))
    assert (status(first), status(second)) == ("InProgress", "Succeeded")


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
def test_fifty_executions_at_once_are_the_most(
    shop: Shop, start: Start, running: Running, mode: str
) -> None:
    """The fifty-first is refused until one of the fifty has ended."""
    driver = shop(executionMode=mode)
    first, *_ = [start() for _ in range(50)]
    with pytest.raises(ConcurrentPipelineExecutionsLimitExceededException):
        start()
    driver.finish(running("Fetch", first), FAILED)
    start()


def test_closed_transition_holds_executions_back(
    shop: Shop, start: Start, running: Running, driver: Driver
) -> None:
    """Nobody passes a closed door; when it opens, the one that waits goes in."""
    shop()
    where = {"pipelineName": "shop", "stageName": "Deploy", "transitionType": "Inbound"}
    driver.call("DisableStageTransition", **where, reason="frozen")
    execution = start()
    driver.finish(running("Fetch"))
    assert not driver.open
    state = driver.call("GetPipelineState", name="shop")["stageStates"][1]
    assert state["inboundTransitionState"]["enabled"] is False
    assert state["inboundTransitionState"]["disabledReason"] == "frozen"
    assert state["inboundExecution"]["pipelineExecutionId"] == execution
    driver.call("EnableStageTransition", **where)
    assert running("Publish").execution_id == execution


def test_outbound_transition_is_the_door_of_the_next_stage(
    shop: Shop, start: Start, running: Running, driver: Driver
) -> None:
    """Closing the way out of a stage holds back what would enter the next."""
    shop()
    where = {"pipelineName": "shop", "stageName": "Source", "transitionType": "Outbound"}
    driver.call("DisableStageTransition", **where, reason="frozen")
    start()
    driver.finish(running("Fetch"))
    assert not driver.open


def test_update_cancels_what_runs_and_what_waits(
    shop: Shop, start: Start, running: Running, status: Status, told: Told, shapes: Json
) -> None:
    """A new structure cancels SUPERSEDED and QUEUED executions, and their actions are abandoned."""
    driver = shop(executionMode="QUEUED")
    holder, waiting = start(), start()
    fetch = running("Fetch")
    answer = driver.call("UpdatePipeline", pipeline=shapes["declare"](executionMode="QUEUED"))
    assert answer["pipeline"]["version"] == 2
    assert (status(holder), status(waiting)) == ("Cancelled", "Cancelled")
    assert told(holder)[-3:] == ["Source/Fetch CANCELED", "Source CANCELED", "pipeline CANCELED"]
    assert told(waiting) == ["pipeline STARTED", "pipeline CANCELED"]
    assert not driver.open
    driver.finish(fetch)
    assert status(holder) == "Cancelled"
    latest = start()
    assert running("Fetch").execution_id == latest


def test_update_leaves_parallel_executions_alone(
    shop: Shop, start: Start, running: Running, status: Status, shapes: Json
) -> None:
    """A PARALLEL execution goes on with the structure it began with."""
    driver = shop(executionMode="PARALLEL")
    execution = start()
    other = shapes["stage"]("Release", shapes["deploy"]("Ship"))
    driver.call("UpdatePipeline", pipeline=shapes["declare"](other, executionMode="PARALLEL"))
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"))
    assert status(execution) == "Succeeded"
