"""Pipelines start in order, within the limit, and as the failure policy says."""

from typing import Any

import pytest

from release_core.domain.release import PipelineStatus, ReleaseStatus
from tests.unit.run_pipeline.test_running import FAILURE
from tests.worlds.release_world import PIPELINES, ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with four pipelines and no release."""
    return ReleaseWorld()


def after(name: str, *before: str, **more: Any) -> dict[str, Any]:
    """A pipeline that depends on others."""
    return {"name": name, "dependsOn": list(before), **more}


def statuses(world: ReleaseWorld) -> dict[str, str]:
    """The status of every pipeline of the release."""
    return {name: each.status.value for name, each in world.release().pipelines.items()}


def wait_for_all(world: ReleaseWorld, arn: str) -> dict[str, str]:
    """Let the workflow come to the task of every pipeline; answers the tokens."""
    return {name: world.wait(arn, name) for name in world.release().pipelines}


def succeed(world: ReleaseWorld, pipeline: str) -> None:
    """Let a pipeline run to its end and its events arrive."""
    world.play(pipeline)
    world.deliver()


def fail(world: ReleaseWorld, pipeline: str) -> None:
    """Let a pipeline fail and its events arrive."""
    world.play(pipeline, fail=FAILURE)
    world.deliver()


def test_a_pipeline_starts_when_the_last_it_depends_on_has_succeeded(world: ReleaseWorld) -> None:
    """Order is a graph, not waves: what else still runs does not matter."""
    arn = world.begin("orders", "catalog", after("payments", "orders"), "storefront")
    wait_for_all(world, arn)
    assert statuses(world)["payments"] == "WAITING"
    succeed(world, "orders")
    assert statuses(world) == {
        "orders": "SUCCEEDED",
        "catalog": "RUNNING",
        "payments": "RUNNING",
        "storefront": "RUNNING",
    }


def test_two_dependencies_are_both_waited_for(world: ReleaseWorld) -> None:
    """A diamond starts its last pipeline once, after both of its sides."""
    arn = world.begin(
        "orders",
        after("catalog", "orders"),
        after("payments", "orders"),
        after("storefront", "catalog", "payments"),
    )
    wait_for_all(world, arn)
    succeed(world, "orders")
    succeed(world, "catalog")
    assert statuses(world)["storefront"] == "WAITING"
    succeed(world, "payments")
    succeed(world, "storefront")
    assert set(statuses(world).values()) == {"SUCCEEDED"}
    assert len(world.executions_of("storefront")) == 1


def test_a_token_that_comes_late_starts_its_pipeline_itself(world: ReleaseWorld) -> None:
    """When the dependencies have succeeded first, registering the token starts the pipeline."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "orders")
    succeed(world, "orders")
    assert statuses(world)["catalog"] == "WAITING"
    world.wait(arn, "catalog")
    assert statuses(world)["catalog"] == "RUNNING"


def test_what_depends_on_a_failure_is_skipped_with_the_reason(world: ReleaseWorld) -> None:
    """With onFailure continue, only the dependents of the failure are skipped, transitively."""
    arn = world.begin(
        "orders",
        after("catalog", "orders"),
        after("payments", "catalog"),
        "storefront",
        onFailure="continue",
    )
    tokens = wait_for_all(world, arn)
    fail(world, "orders")
    assert statuses(world) == {
        "orders": "FAILED",
        "catalog": "SKIPPED",
        "payments": "SKIPPED",
        "storefront": "RUNNING",
    }
    catalog = world.outcome(tokens["catalog"])
    assert catalog
    assert catalog.error == "PipelineSkipped"
    assert "it depends on orders, which is FAILED" in str(catalog.cause)
    assert "it depends on catalog, which is SKIPPED" in str(world.pipeline("payments").failure)


def test_continue_starts_what_does_not_depend_on_the_failure(world: ReleaseWorld) -> None:
    """With onFailure continue, pipelines of another branch are started after the failure."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"), onFailure="continue")
    wait_for_all(world, arn)
    fail(world, "orders")
    succeed(world, "catalog")
    assert statuses(world)["payments"] == "RUNNING"


def test_halt_starts_nothing_new_and_lets_the_running_ones_end(world: ReleaseWorld) -> None:
    """The default: after a failure waiting pipelines are skipped, running ones go on."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"))
    wait_for_all(world, arn)
    fail(world, "orders")
    assert statuses(world) == {"orders": "FAILED", "catalog": "RUNNING", "payments": "SKIPPED"}
    assert world.executions_of("catalog")[0]["status"] == "InProgress"
    succeed(world, "catalog")
    assert statuses(world)["catalog"] == "SUCCEEDED"
    assert "halted: orders did not succeed" in str(world.pipeline("payments").failure)


def test_stop_stops_the_running_ones_too(world: ReleaseWorld) -> None:
    """With onFailure stop every running execution is asked to stop, gracefully."""
    arn = world.begin("orders", "catalog", "payments", onFailure="stop")
    wait_for_all(world, arn)
    fail(world, "orders")
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.executions_of("payments")[0]["status"] == "Stopping"
    succeed(world, "catalog")
    succeed(world, "payments")
    assert statuses(world) == {"orders": "FAILED", "catalog": "STOPPED", "payments": "STOPPED"}


def test_stop_abandons_only_when_asked(world: ReleaseWorld) -> None:
    """With stopMode abandon the running actions are not waited for."""
    arn = world.begin("orders", "catalog", onFailure="stop", stopMode="abandon")
    wait_for_all(world, arn)
    fail(world, "orders")
    world.deliver()
    assert statuses(world) == {"orders": "FAILED", "catalog": "STOPPED"}


def test_no_more_run_than_the_limit_and_a_freed_slot_is_taken_at_once(
    world: ReleaseWorld,
) -> None:
    """maxConcurrency bounds what is in flight; the next starts when one ends, in order."""
    arn = world.begin(*PIPELINES, maxConcurrency=2)
    wait_for_all(world, arn)
    assert list(statuses(world).values()).count("RUNNING") == 2
    assert statuses(world)["orders"] == statuses(world)["catalog"] == "RUNNING"
    succeed(world, "catalog")
    assert statuses(world)["payments"] == "RUNNING"
    assert statuses(world)["storefront"] == "WAITING"
    for pipeline in ("orders", "payments", "storefront"):
        succeed(world, pipeline)
    assert set(statuses(world).values()) == {"SUCCEEDED"}
    assert "in_flight" not in world.item("release")


def test_a_slot_is_claimed_exactly_by_the_header(world: ReleaseWorld) -> None:
    """From one stale view, two functions that both see a free slot get one between them."""
    world.begin("orders", "catalog", maxConcurrency=1)
    seen = world.release()
    assert world.ledger.headers.claim_slot(seen, "orders")
    assert not world.ledger.headers.claim_slot(seen, "catalog")
    assert world.ledger.headers.claim_slot(seen, "orders")


def test_a_halted_release_gives_no_slot(world: ReleaseWorld) -> None:
    """The halt and the slot are in one item: what was halted first starts nothing."""
    world.begin("orders", "catalog", maxConcurrency=2)
    seen = world.release()
    world.ledger.headers.halt(seen, "orders")
    assert not world.ledger.headers.claim_slot(seen, "catalog")


def test_a_crash_between_slot_and_start_is_gone_on_with(world: ReleaseWorld) -> None:
    """A pipeline that has a slot and still waits is started with it by whoever looks next."""
    arn = world.begin("orders", "catalog", maxConcurrency=1)
    world.ledger.headers.claim_slot(world.release(), "orders")
    world.wait(arn, "orders")
    assert statuses(world)["orders"] == "RUNNING"


def test_a_cancel_skips_stops_and_empties(world: ReleaseWorld) -> None:
    """Stopping a release with order and limit leaves nothing waiting and no slot taken."""
    arn = world.begin("orders", after("catalog", "orders"), maxConcurrency=1)
    wait_for_all(world, arn)
    world.step_functions.stop_execution(executionArn=arn, cause="wrong version")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    succeed(world, "orders")
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.pipeline("catalog").status is PipelineStatus.SKIPPED
    assert world.pipeline("orders").status is PipelineStatus.STOPPED
    assert "in_flight" not in world.item("release")


def test_a_missed_wake_up_is_repaired_by_any_look(world: ReleaseWorld) -> None:
    """When nobody advanced the release after an end, the next task to come back does."""
    arn = world.begin("orders", after("catalog", "orders"))
    tokens = wait_for_all(world, arn)
    world.play("orders")
    world.undelivered()
    world.step_functions.time_out(tokens["orders"])
    world.wait(arn, "orders")
    assert statuses(world) == {"orders": "SUCCEEDED", "catalog": "RUNNING"}
