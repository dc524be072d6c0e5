"""Stopping an execution, and retrying a stage of one that failed or was stopped."""

from typing import Any

import pytest

from shop import FAILED, UNKNOWN_ID, Shop, declare, deploy, fetched, refused, stage


def stop(shop: Shop, execution: str, **more: Any) -> None:
    """Stop an execution of `shop`."""
    shop.call("StopPipelineExecution", pipelineName="shop", pipelineExecutionId=execution, **more)


def test_stop_waits_for_the_running_action() -> None:
    """A stopped execution is Stopping until its running action ends, then Stopped."""
    shop = Shop()
    execution = shop.start()
    stop(shop, execution, reason="wrong build")
    assert shop.status(execution) == "Stopping"
    event = next(one for one in shop.events if one.state == "STOPPING")
    assert event.detail["stop-execution-comments"] == "wrong build"
    shop.end("Fetch")
    assert shop.status(execution) == "Stopped"
    assert shop.emitted()[-3:] == ["Source/Fetch SUCCEEDED", "Source STOPPED", "pipeline STOPPED"]
    assert not shop.open
    listed = shop.call("ListPipelineExecutions", pipelineName="shop")
    assert listed["pipelineExecutionSummaries"][0]["stopTrigger"] == {"reason": "wrong build"}


def test_abandon_stops_at_once() -> None:
    """Abandoning stops the execution at once and ignores the action's later result."""
    shop = Shop()
    execution = shop.start()
    fetch = shop.running("Fetch")
    stop(shop, execution, abandon=True)
    assert shop.status(execution) == "Stopped"
    assert shop.emitted()[-5:] == [
        "pipeline STOPPING",
        "Source STOPPING",
        "Source/Fetch ABANDONED",
        "Source STOPPED",
        "pipeline STOPPED",
    ]
    shop.finish(fetch)
    assert shop.status(execution) == "Stopped"


def test_stopping_an_execution_that_waits_ends_it_at_once() -> None:
    """An execution that waits for a stage has no running action, so it stops at once."""
    shop = Shop(executionMode="QUEUED")
    shop.start()
    waiting = shop.start()
    stop(shop, waiting)
    assert shop.status(waiting) == "Stopped"
    assert shop.emitted(waiting) == ["pipeline STARTED", "pipeline STOPPING", "pipeline STOPPED"]


def test_stop_frees_the_stage_for_the_next() -> None:
    """When an execution is stopped, the next one enters its stage."""
    shop = Shop(executionMode="QUEUED")
    first, second = shop.start(), shop.start()
    stop(shop, first, abandon=True)
    assert shop.running("Fetch").execution_id == second


def test_stop_may_be_followed_by_abandon_only() -> None:
    """A second stop is a duplicate; an abandon after a stop is accepted."""
    shop = Shop()
    execution = shop.start()
    stop(shop, execution)
    with refused("DuplicatedStopRequestException"):
        stop(shop, execution)
    stop(shop, execution, abandon=True)
    assert shop.status(execution) == "Stopped"
    with refused("PipelineExecutionNotStoppableException"):
        stop(shop, execution, abandon=True)


def test_stop_of_an_unknown_execution_is_rejected() -> None:
    """The execution to stop must belong to the pipeline."""
    shop = Shop()
    with refused("PipelineExecutionNotFoundException"):
        stop(shop, UNKNOWN_ID)


def test_failed_action_while_stopping_still_ends_as_stopped() -> None:
    """A stopping execution ends as Stopped even if its last action fails."""
    shop = Shop()
    execution = shop.start()
    stop(shop, execution)
    shop.end("Fetch", FAILED)
    assert shop.status(execution) == "Stopped"


def test_retry_resumes_the_same_execution() -> None:
    """A retry keeps the execution's id, counts up its attempt and emits RESUMED first."""
    shop, execution = fetched()
    shop.end("Publish", FAILED)
    before = len(shop.events)
    shop.retry(execution)
    assert shop.status(execution) == "InProgress"
    assert shop.emitted()[before:] == [
        "pipeline RESUMED",
        "Deploy RESUMED",
        "Deploy/Publish STARTED",
    ]
    assert {event.detail["pipeline-execution-attempt"] for event in shop.events[before:]} == {2.0}
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("mode", "again"), [("FAILED_ACTIONS", {"B"}), ("ALL_ACTIONS", {"A", "B"})]
)
def test_retry_mode_decides_what_runs_again(mode: str, again: set[str]) -> None:
    """FAILED_ACTIONS runs only the failed actions of the stage again; ALL_ACTIONS runs all."""
    shop, execution = fetched(stage("Deploy", deploy("A"), deploy("B")))
    shop.end("A")
    shop.end("B", FAILED)
    shop.retry(execution, mode=mode)
    assert {one.action for one in shop.open.values()} == again


def test_stopped_stage_can_be_retried() -> None:
    """A retry of a stopped stage runs the actions that had not succeeded."""
    shop, execution = fetched()
    stop(shop, execution, abandon=True)
    shop.retry(execution)
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


def test_retry_is_for_the_latest_execution_in_the_stage() -> None:
    """After another execution has entered the stage, the failed one cannot be retried."""
    shop, first = fetched()
    shop.end("Publish", FAILED)
    shop.start()
    shop.end("Fetch")
    with refused("NotLatestPipelineExecutionException"):
        shop.retry(first)


def test_parallel_executions_are_retried_independently() -> None:
    """In PARALLEL mode an earlier execution can be retried after a later one ran."""
    shop = Shop(executionMode="PARALLEL")
    first, second = shop.start(), shop.start()
    shop.end("Fetch", FAILED, execution=first)
    shop.end("Fetch", execution=second)
    shop.retry(first, "Source")
    assert shop.status(first) == "InProgress"


def test_only_a_failed_stage_is_retried() -> None:
    """A stage that runs, succeeded or never started cannot be retried, nor an unknown execution."""
    shop = Shop()
    execution = shop.start()
    for name in ("Source", "Deploy"):
        with refused("StageNotRetryableException"):
            shop.retry(execution, name)
    shop.end("Fetch")
    shop.end("Publish", FAILED)
    with refused("StageNotRetryableException"):
        shop.retry(execution, "Source")
    with refused("StageNotRetryableException"):
        shop.retry(UNKNOWN_ID)
    with refused("StageNotFoundException"):
        shop.retry(execution, "Nowhere")


def test_stage_that_was_changed_is_not_retried() -> None:
    """A stage cannot be retried after UpdatePipeline changed it."""
    shop, execution = fetched()
    shop.end("Publish", FAILED)
    changed = deploy(configuration={"BucketName": "elsewhere"})
    shop.call("UpdatePipeline", pipeline=declare(stage("Deploy", changed)))
    with refused("StageNotRetryableException"):
        shop.retry(execution)


def test_token_of_a_failed_execution_starts_nothing_new() -> None:
    """A request token returns its execution even after that execution failed."""
    shop = Shop()
    execution = shop.start(clientRequestToken="once")
    shop.end("Fetch", FAILED)
    assert shop.start(clientRequestToken="once") == execution
    assert not shop.open
