"""Tasks that gave up, and problems of other pipelines, never block a release."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from release_core.domain.release import PipelineStatus
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld, after

BUSY = Refused("ConflictException", "no")


def come_back(world: ReleaseWorld, arn: str, pipeline: str) -> str:
    """Let the task of a pipeline come back after an hour without an event."""
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    return world.wait(arn, pipeline)


def test_a_pipeline_whose_task_never_came_is_skipped(world: ReleaseWorld) -> None:
    """A pipeline without a task is skipped in the end, and so are its dependents."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "catalog")
    come_back(world, arn, "catalog")
    assert world.settlement(come_back(world, arn, "catalog")).error == "PipelineSkipped"
    assert world.statuses() == {"orders": "SKIPPED", "catalog": "SKIPPED"}
    assert "the workflow did not start its task in time" in str(world.pipeline("orders").failure)


def test_a_missed_end_is_found_by_the_task_of_a_dependent(
    world: ReleaseWorld,
) -> None:
    """If task and events of a pipeline were lost, the task of its dependent finds the end."""
    arn = world.begin("orders", after("catalog", "orders"))
    tokens = world.wait_for_all(arn)
    world.play("orders")
    world.undelivered()
    world.step_functions.time_out(tokens["orders"])
    come_back(world, arn, "catalog")
    come_back(world, arn, "catalog")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING"}


def test_an_error_of_another_pipeline_does_not_fail_a_task(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another pipeline cannot be started, the task of a running one goes on."""
    arn = world.begin("orders", "catalog", maxConcurrency=2)
    world.wait(arn, "orders")
    with monkeypatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        world.wait(arn, "catalog")
        token = come_back(world, arn, "orders")
    assert world.outcome(token) is None
    assert world.statuses() == {"orders": "RUNNING", "catalog": "STARTING"}


def test_waiting_for_a_claimed_start_uses_no_retry(world: ReleaseWorld) -> None:
    """In a halted release the task waits until no starter can still run, and is then settled.

    The workflow's own retries would be used up before that.
    """
    arn = world.begin("orders", "catalog")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/dead")
    world.ledger.headers.halt(world.release(), "catalog")
    first = world.settlement(world.wait(arn))
    assert first.error == "LookAgain"
    seconds = int(first.cause or 0)
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", "orders", token, wait_seconds=seconds)
    assert world.outcome(token) is None
    world.clock.advance(timedelta(seconds=seconds))
    assert world.settlement(world.wait(arn)).error == "PipelineSkipped"
    assert seconds < 60


def test_a_start_taken_over_by_another_function_is_searched_under_both_names(
    world: ReleaseWorld,
) -> None:
    """A start that another function took over is found under the name of the first function."""
    world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/dead")
    started = world.codepipeline.start_pipeline_execution(name="orders")
    for invocation in range(2):
        world.clock.advance(timedelta(hours=1))
        other = f"release-machine-record-state-change/{invocation}"
        if invocation == 0:
            world.ledger.pipelines.claim_start("r", world.pipeline(), other)
        else:
            replace(world.advance(world.parts()), actor=other).pipeline("r", "orders")
    assert world.pipeline().execution_id == started["pipelineExecutionId"]
    assert len(world.executions_of("orders")) == 1


def test_a_long_chain_is_skipped_at_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a chain of dependents is, it is skipped with one read of the release."""
    names = ["orders", "catalog", "payments", "storefront"]
    chain: list[Any] = ["orders", *(after(b, a) for a, b in pairwise(names))]
    arn = world.begin(*reversed(chain), onFailure="continue")
    world.wait_for_all(arn)
    world.play("orders", fail=FAILURE)
    reads = 0
    query = world.dynamodb.query

    def counted(**request: Any) -> Any:
        nonlocal reads
        reads += 1
        return query(**request)

    monkeypatch.setattr(world.dynamodb, "query", counted)
    world.deliver()
    assert set(world.statuses().values()) == {"FAILED", "SKIPPED"}
    assert "it depends on payments, which is SKIPPED" in str(world.pipeline("storefront").failure)
    # One read each for the skips, for the settlements, and to find nothing left to do. The
    # assertion above made the last one.
    assert reads <= 4


def test_a_short_time_limit_does_not_make_other_tasks_poll(world: ReleaseWorld) -> None:
    """A short time limit shortens no wait before its pipeline starts."""
    arn = world.begin(
        "orders", after("catalog", "orders"), after("payments", "orders", timeoutMinutes=1)
    )
    waits = {}
    for name in ("orders", "catalog", "payments"):
        token = world.step_functions.wait_for_token(arn)
        world.run_pipeline("r", name, token, wait_seconds=60)
        outcome = world.outcome(token)
        waits[name] = int(outcome.cause or 0) if outcome else 60
    assert set(waits.values()) == {LOOK_AFTER}


def test_a_task_waits_at_least_ten_seconds(world: ReleaseWorld) -> None:
    """A shorter wait could end before a cold function has looked, and the task would spin."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 1})
    world.wait(arn)
    world.clock.advance(timedelta(seconds=59))
    token = world.wait(arn)
    outcome = world.settlement(token)
    assert int(outcome.cause or 0) >= 10
    assert world.pipeline().status is PipelineStatus.RUNNING
