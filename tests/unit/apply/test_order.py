"""Pipelines start in order, within the concurrency limit, and by the failure policy."""

import pytest

from release_core.apply import advance
from release_core.domain.release import PipelineStatus, ReleaseStatus
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import PIPELINES, ReleaseWorld, after


def test_a_pipeline_starts_when_the_last_it_depends_on_has_succeeded(world: ReleaseWorld) -> None:
    """A pipeline starts as soon as its own dependencies have succeeded, whatever else runs."""
    arn = world.begin("orders", "catalog", after("payments", "orders"), "storefront")
    world.wait_for_all(arn)
    assert world.statuses()["payments"] == "WAITING"
    world.complete("orders")
    assert world.statuses() == {
        "orders": "SUCCEEDED",
        "catalog": "RUNNING",
        "payments": "RUNNING",
        "storefront": "RUNNING",
    }


def test_two_dependencies_are_both_waited_for(world: ReleaseWorld) -> None:
    """A pipeline with two dependencies starts once, after both have succeeded."""
    arn = world.begin(
        "orders",
        after("catalog", "orders"),
        after("payments", "orders"),
        after("storefront", "catalog", "payments"),
    )
    world.wait_for_all(arn)
    world.complete("orders")
    world.complete("catalog")
    assert world.statuses()["storefront"] == "WAITING"
    world.complete("payments")
    world.complete("storefront")
    assert set(world.statuses().values()) == {"SUCCEEDED"}
    assert len(world.executions_of("storefront")) == 1


def test_a_late_token_starts_its_pipeline(world: ReleaseWorld) -> None:
    """If the dependencies have already succeeded, registering the token starts the pipeline."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "orders")
    world.complete("orders")
    assert world.statuses()["catalog"] == "WAITING"
    world.wait(arn, "catalog")
    assert world.statuses()["catalog"] == "RUNNING"


def test_dependents_of_a_failure_are_skipped_with_the_reason(world: ReleaseWorld) -> None:
    """With onFailure continue, only direct and indirect dependents of a failure are skipped."""
    arn = world.begin(
        "orders",
        after("catalog", "orders"),
        after("payments", "catalog"),
        "storefront",
        onFailure="continue",
    )
    tokens = world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    assert world.statuses() == {
        "orders": "FAILED",
        "catalog": "SKIPPED",
        "payments": "SKIPPED",
        "storefront": "RUNNING",
    }
    catalog = world.settlement(tokens["catalog"])
    assert catalog.error == "PipelineSkipped"
    assert "it depends on orders, which is FAILED" in str(catalog.cause)
    assert "it depends on catalog, which is SKIPPED" in str(world.pipeline("payments").failure)


def test_continue_starts_pipelines_that_do_not_depend_on_the_failure(world: ReleaseWorld) -> None:
    """With onFailure continue, pipelines of another branch start after the failure."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"), onFailure="continue")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.complete("catalog")
    assert world.statuses()["payments"] == "RUNNING"


def test_halt_starts_nothing_new_and_lets_the_running_ones_end(world: ReleaseWorld) -> None:
    """With onFailure halt, the default, waiting pipelines are skipped and running ones go on."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"))
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    assert world.statuses() == {"orders": "FAILED", "catalog": "RUNNING", "payments": "SKIPPED"}
    assert world.executions_of("catalog")[0]["status"] == "InProgress"
    world.complete("catalog")
    assert world.statuses()["catalog"] == "SUCCEEDED"
    assert "halted: orders did not succeed" in str(world.pipeline("payments").failure)


def test_stop_also_stops_running_pipelines(world: ReleaseWorld) -> None:
    """With onFailure stop, every running execution is stopped after its current action."""
    arn = world.begin("orders", "catalog", "payments", onFailure="stop")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.executions_of("payments")[0]["status"] == "Stopping"
    world.complete("catalog")
    world.complete("payments")
    assert world.statuses() == {"orders": "FAILED", "catalog": "STOPPED", "payments": "STOPPED"}


def test_stop_mode_abandon_stops_at_once(world: ReleaseWorld) -> None:
    """With stopMode abandon, executions stop without waiting for their running actions."""
    arn = world.begin("orders", "catalog", onFailure="stop", stopMode="abandon")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.deliver()
    assert world.statuses() == {"orders": "FAILED", "catalog": "STOPPED"}


def test_the_concurrency_limit_is_kept_and_a_free_slot_is_used_at_once(
    world: ReleaseWorld,
) -> None:
    """No more pipelines run than maxConcurrency; when one ends, the next in order starts."""
    arn = world.begin(*PIPELINES, maxConcurrency=2)
    world.wait_for_all(arn)
    assert list(world.statuses().values()).count("RUNNING") == 2
    assert world.statuses()["orders"] == world.statuses()["catalog"] == "RUNNING"
    world.complete("catalog")
    assert world.statuses()["payments"] == "RUNNING"
    assert world.statuses()["storefront"] == "WAITING"
    for pipeline in ("orders", "payments", "storefront"):
        world.complete(pipeline)
    assert set(world.statuses().values()) == {"SUCCEEDED"}
    assert "in_flight" not in world.item("release")


def test_two_functions_cannot_claim_the_same_slot(world: ReleaseWorld) -> None:
    """Two functions with the same old view of the release get one free slot between them."""
    world.begin("orders", "catalog", maxConcurrency=1)
    seen = world.release()
    assert world.ledger.headers.claim_slot(seen, "orders")
    assert not world.ledger.headers.claim_slot(seen, "catalog")
    assert world.ledger.headers.claim_slot(seen, "orders")


def test_a_halted_release_gives_no_slot(world: ReleaseWorld) -> None:
    """After a release was halted, no function can claim a slot."""
    world.begin("orders", "catalog", maxConcurrency=2)
    seen = world.release()
    world.ledger.headers.halt(seen, "orders")
    assert not world.ledger.headers.claim_slot(seen, "catalog")


def test_a_claimed_slot_is_used_after_a_crash(world: ReleaseWorld) -> None:
    """A pipeline whose function crashed after claiming a slot is started with that slot."""
    arn = world.begin("orders", "catalog", maxConcurrency=1)
    world.ledger.headers.claim_slot(world.release(), "orders")
    world.wait(arn, "orders")
    assert world.statuses()["orders"] == "RUNNING"


def test_a_cancel_leaves_no_pipeline_waiting_and_no_slot_taken(world: ReleaseWorld) -> None:
    """After a cancel, waiting pipelines are SKIPPED, running ones STOPPED, and all slots free."""
    arn = world.begin("orders", after("catalog", "orders"), maxConcurrency=1)
    world.wait_for_all(arn)
    world.cancel(arn)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.pipeline("catalog").status is PipelineStatus.SKIPPED
    assert world.pipeline("orders").status is PipelineStatus.STOPPED
    assert "in_flight" not in world.item("release")


def test_a_missed_end_is_found_by_the_next_task(world: ReleaseWorld) -> None:
    """If the end of a pipeline was missed, the next task that comes back starts its dependents."""
    arn = world.begin("orders", after("catalog", "orders"))
    tokens = world.wait_for_all(arn)
    world.play("orders")
    world.undelivered()
    world.step_functions.time_out(tokens["orders"])
    world.wait(arn, "orders")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING"}


def test_pipelines_that_cannot_start_hand_their_slot_on(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that wait are decided in one invocation, each with rounds of its own."""
    monkeypatch.setattr(advance, "MAX_ROUNDS", 6)
    tokens = world.wait_for_all(world.begin(*PIPELINES, maxConcurrency=1, onFailure="continue"))
    denied = Refused("AccessDeniedException", "not allowed")
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", denied)
    world.complete(next(iter(tokens)))
    assert sorted(world.statuses().values()) == ["FAILED"] * (len(PIPELINES) - 1) + ["SUCCEEDED"]
