"""A task that gave up, or another pipeline's trouble, keeps no release waiting or from ending."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.domain.release import PipelineStatus
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld, after

BUSY = Refused("ConflictException", "no")


def come_back(world: ReleaseWorld, arn: str, pipeline: str) -> str:
    """Let the task of a pipeline come back after an hour without news."""
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    return world.wait(arn, pipeline)


def test_a_task_that_never_came_is_not_waited_for_for_ever(world: ReleaseWorld) -> None:
    """When nobody ever waited for a pipeline, what depends on it is skipped in the end."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "catalog")
    come_back(world, arn, "catalog")
    assert world.settlement(come_back(world, arn, "catalog")).error == "PipelineSkipped"
    assert world.statuses() == {"orders": "SKIPPED", "catalog": "SKIPPED"}
    assert "the workflow did not start its task in time" in str(world.pipeline("orders").failure)


def test_an_end_that_only_a_dead_task_would_have_seen_is_seen_by_another(
    world: ReleaseWorld,
) -> None:
    """The task of a running pipeline gave up and its events were lost: who waits for it looks."""
    arn = world.begin("orders", after("catalog", "orders"))
    tokens = world.wait_for_all(arn)
    world.play("orders")
    world.undelivered()
    world.step_functions.time_out(tokens["orders"])
    come_back(world, arn, "catalog")
    come_back(world, arn, "catalog")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING"}


def test_anothers_trouble_is_not_the_tasks_own(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline that cannot be started does not fail the task of one that runs."""
    arn = world.begin("orders", "catalog", maxConcurrency=2)
    world.wait(arn, "orders")
    with monkeypatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        with pytest.raises(ClientError):
            world.wait(arn, "catalog")
        token = come_back(world, arn, "orders")
    assert world.outcome(token) is None
    assert world.statuses() == {"orders": "RUNNING", "catalog": "STARTING"}


def test_a_start_that_may_still_come_costs_its_task_no_try(world: ReleaseWorld) -> None:
    """In a halted release the task waits until no starter can be alive, then it is settled.

    The workflow's own tries would be used up before, and nobody would settle the token.
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
    """What run_pipeline started is found by record_state_change, long after both have died."""
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
    """However long a chain is, its end is known from one reading of the release."""
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
    # The skips, the settlements, and nothing more to do: the last is our own.
    assert reads <= 4


def test_a_task_that_waits_for_its_turn_does_not_poll(world: ReleaseWorld) -> None:
    """One short limit in a release does not make the tasks of all others come back as often."""
    arn = world.begin(
        "orders", after("catalog", "orders"), after("payments", "orders", timeoutMinutes=1)
    )
    waits = {}
    for name in ("orders", "catalog", "payments"):
        token = world.step_functions.wait_for_token(arn)
        world.run_pipeline("r", name, token, wait_seconds=60)
        outcome = world.outcome(token)
        waits[name] = int(outcome.cause or 0) if outcome else 60
    assert waits == {"orders": LOOK_AFTER, "catalog": LOOK_AFTER, "payments": 60}


def test_no_task_is_sent_to_wait_for_less_than_its_function_may_take(world: ReleaseWorld) -> None:
    """A second is over before a cold function has looked: the task would spin for ever."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 1})
    world.wait(arn)
    world.clock.advance(timedelta(seconds=59))
    token = world.wait(arn)
    outcome = world.settlement(token)
    assert int(outcome.cause or 0) >= 10
    assert world.pipeline().status is PipelineStatus.RUNNING
