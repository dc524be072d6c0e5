"""Stopping an execution, and resuming one that failed or was stopped."""

from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, RunAction
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import (
    DuplicatedStopRequestException,
    NotLatestPipelineExecutionException,
    PipelineExecutionNotFoundException,
    PipelineExecutionNotStoppableException,
    StageNotFoundException,
    StageNotRetryableException,
)

Json = dict[str, Any]
Shop = Callable[..., Driver]
Start = Callable[..., str]
Running = Callable[..., RunAction]
Status = Callable[[str], str]
Told = Callable[..., list[str]]

FAILED = ActionResult("JobFailed", "no")
UNKNOWN = "12345678-1234-4678-8bcd-12345678abcd"


def stop(driver: Driver, execution: str, **more: Any) -> None:
    """Stop an execution of `shop`."""
    driver.call("StopPipelineExecution", pipelineName="shop", pipelineExecutionId=execution, **more)


def retry(driver: Driver, execution: str, stage: str = "Deploy", mode: str = "") -> None:
    """Retry a stage of `shop`."""
    driver.call(
        "RetryStageExecution",
        pipelineName="shop",
        stageName=stage,
        pipelineExecutionId=execution,
        retryMode=mode or "FAILED_ACTIONS",
    )


def test_stop_waits_for_the_running_action(
    shop: Shop, start: Start, running: Running, status: Status, told: Told
) -> None:
    """The execution is Stopping until its action ends, then Stopped, and goes no further."""
    driver = shop()
    execution = start()
    stop(driver, execution, reason="wrong build")
    assert status(execution) == "Stopping"
    event = next(one for one in driver.events if one.state == "STOPPING")
    assert event.detail["stop-execution-comments"] == "wrong build"
    driver.finish(running("Fetch"))
    assert status(execution) == "Stopped"
    assert told()[-3:] == ["Source/Fetch SUCCEEDED", "Source STOPPED", "pipeline STOPPED"]
    assert not driver.open
    listed = driver.call("ListPipelineExecutions", pipelineName="shop")
    assert listed["pipelineExecutionSummaries"][0]["stopTrigger"] == {"reason": "wrong build"}


def test_abandon_stops_at_once(
    shop: Shop, start: Start, running: Running, status: Status, told: Told
) -> None:
    """Abandoning leaves the action to itself, and its result is ignored."""
    driver = shop()
    execution = start()
    fetch = running("Fetch")
    stop(driver, execution, abandon=True)
    assert status(execution) == "Stopped"
    assert told()[-5:] == [
        "pipeline STOPPING",
        "Source STOPPING",
        "Source/Fetch ABANDONED",
        "Source STOPPED",
        "pipeline STOPPED",
    ]
    driver.finish(fetch)
    assert status(execution) == "Stopped"


def test_stopping_an_execution_that_waits_ends_it_at_once(
    shop: Shop, start: Start, status: Status, told: Told
) -> None:
    """Nothing runs for an execution in front of a stage, so there is nothing to wait for."""
    driver = shop(executionMode="QUEUED")
    start()
    waiting = start()
    stop(driver, waiting)
    assert status(waiting) == "Stopped"
    assert told(waiting) == ["pipeline STARTED", "pipeline STOPPING", "pipeline STOPPED"]


def test_stop_frees_the_stage_for_the_next(
    shop: Shop, start: Start, running: Running, driver: Driver
) -> None:
    """The one that waits goes in when the holder has been stopped."""
    shop(executionMode="QUEUED")
    first, second = start(), start()
    stop(driver, first, abandon=True)
    assert running("Fetch").execution_id == second


def test_stop_may_be_followed_by_abandon_only(shop: Shop, start: Start, status: Status) -> None:
    """A second stop is a duplicate; an abandon after a stop is not."""
    driver = shop()
    execution = start()
    stop(driver, execution)
    with pytest.raises(DuplicatedStopRequestException):
        stop(driver, execution)
    stop(driver, execution, abandon=True)
    assert status(execution) == "Stopped"
    with pytest.raises(PipelineExecutionNotStoppableException):
        stop(driver, execution, abandon=True)


def test_stop_of_an_unknown_execution_is_refused(shop: Shop) -> None:
    """The execution must be one of the pipeline."""
    driver = shop()
    with pytest.raises(PipelineExecutionNotFoundException):
        stop(driver, UNKNOWN)


def test_failed_action_while_stopping_still_ends_as_stopped(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """Whatever the last action brings, a stopped execution is Stopped."""
    driver = shop()
    execution = start()
    stop(driver, execution)
    driver.finish(running("Fetch"), FAILED)
    assert status(execution) == "Stopped"


def test_retry_resumes_the_same_execution(
    shop: Shop, start: Start, running: Running, status: Status, told: Told
) -> None:
    """The id stays, the attempt goes up, and RESUMED comes before the action starts again."""
    driver = shop()
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    before = len(driver.events)
    retry(driver, execution)
    assert status(execution) == "InProgress"
    assert told()[before:] == ["pipeline RESUMED", "Deploy RESUMED", "Deploy/Publish STARTED"]
    assert {event.detail["pipeline-execution-attempt"] for event in driver.events[before:]} == {2.0}
    driver.finish(running("Publish"))
    assert status(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("mode", "again"), [("FAILED_ACTIONS", {"B"}), ("ALL_ACTIONS", {"A", "B"})]
)
def test_retry_mode_decides_what_runs_again(
    shop: Shop, start: Start, running: Running, shapes: Json, mode: str, again: set[str]
) -> None:
    """FAILED_ACTIONS keeps what succeeded in the stage; ALL_ACTIONS begins it anew."""
    driver = shop(shapes["stage"]("Deploy", shapes["deploy"]("A"), shapes["deploy"]("B")))
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("A"))
    driver.finish(running("B"), FAILED)
    retry(driver, execution, mode=mode)
    assert {one.action for one in driver.open.values()} == again


def test_stopped_stage_can_be_retried(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """A stopped execution goes on with what it had not done."""
    driver = shop()
    execution = start()
    driver.finish(running("Fetch"))
    stop(driver, execution, abandon=True)
    retry(driver, execution)
    driver.finish(running("Publish"))
    assert status(execution) == "Succeeded"


def test_retry_is_for_the_latest_execution_in_the_stage(
    shop: Shop, start: Start, running: Running
) -> None:
    """Once another execution has entered the stage, the failed one is out of date."""
    driver = shop()
    first = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    start()
    driver.finish(running("Fetch"))
    with pytest.raises(NotLatestPipelineExecutionException):
        retry(driver, first)


def test_parallel_executions_are_retried_independently(
    shop: Shop, start: Start, running: Running, status: Status
) -> None:
    """In PARALLEL mode a later execution does not put an earlier one out of date."""
    driver = shop(executionMode="PARALLEL")
    first, second = start(), start()
    driver.finish(running("Fetch", first), FAILED)
    driver.finish(running("Fetch", second))
    retry(driver, first, "Source")
    assert status(first) == "InProgress"


def test_only_a_failed_stage_is_retried(shop: Shop, start: Start, running: Running) -> None:
    """Stages that run, succeeded or were never entered, and unknown executions, are refused."""
    driver = shop()
    execution = start()
    for stage in ("Source", "Deploy"):
        with pytest.raises(StageNotRetryableException):
            retry(driver, execution, stage)
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    with pytest.raises(StageNotRetryableException):
        retry(driver, execution, "Source")
    with pytest.raises(StageNotRetryableException):
        retry(driver, UNKNOWN)
    with pytest.raises(StageNotFoundException):
        retry(driver, execution, "Nowhere")


def test_stage_that_was_changed_is_not_retried(
    shop: Shop, start: Start, running: Running, shapes: Json
) -> None:
    """The structure the execution began with must still be that of the stage."""
    driver = shop()
    execution = start()
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), FAILED)
    changed = shapes["deploy"](configuration={"BucketName": "elsewhere"})
    stage = shapes["stage"]("Deploy", changed)
    driver.call("UpdatePipeline", pipeline=shapes["declare"](stage))
    with pytest.raises(StageNotRetryableException):
        retry(driver, execution)


def test_token_of_a_failed_execution_starts_nothing_new(
    shop: Shop, start: Start, running: Running
) -> None:
    """The token of an execution names it for ever, also after a failure and a retry."""
    driver = shop()
    execution = start(clientRequestToken="once")
    driver.finish(running("Fetch"), FAILED)
    assert start(clientRequestToken="once") == execution
    assert not driver.open
