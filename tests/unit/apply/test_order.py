"""Pipelines start in order, within the limit, and as the failure policy says."""

from release_core.domain.release import PipelineStatus, ReleaseStatus
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import PIPELINES, ReleaseWorld, after


def test_a_pipeline_starts_when_the_last_it_depends_on_has_succeeded(world: ReleaseWorld) -> None:
    """Order is a graph, not waves: what else still runs does not matter."""
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
    """A diamond starts its last pipeline once, after both of its sides."""
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


def test_a_token_that_comes_late_starts_its_pipeline_itself(world: ReleaseWorld) -> None:
    """When the dependencies have succeeded first, registering the token starts the pipeline."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "orders")
    world.complete("orders")
    assert world.statuses()["catalog"] == "WAITING"
    world.wait(arn, "catalog")
    assert world.statuses()["catalog"] == "RUNNING"


def test_what_depends_on_a_failure_is_skipped_with_the_reason(world: ReleaseWorld) -> None:
    """With onFailure continue, only the dependents of the failure are skipped, transitively."""
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


def test_continue_starts_what_does_not_depend_on_the_failure(world: ReleaseWorld) -> None:
    """With onFailure continue, pipelines of another branch are started after the failure."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"), onFailure="continue")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.complete("catalog")
    assert world.statuses()["payments"] == "RUNNING"


def test_halt_starts_nothing_new_and_lets_the_running_ones_end(world: ReleaseWorld) -> None:
    """The default: after a failure waiting pipelines are skipped, running ones go on."""
    arn = world.begin("orders", "catalog", after("payments", "catalog"))
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    assert world.statuses() == {"orders": "FAILED", "catalog": "RUNNING", "payments": "SKIPPED"}
    assert world.executions_of("catalog")[0]["status"] == "InProgress"
    world.complete("catalog")
    assert world.statuses()["catalog"] == "SUCCEEDED"
    assert "halted: orders did not succeed" in str(world.pipeline("payments").failure)


def test_stop_stops_the_running_ones_too(world: ReleaseWorld) -> None:
    """With onFailure stop every running execution is asked to stop, gracefully."""
    arn = world.begin("orders", "catalog", "payments", onFailure="stop")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.executions_of("payments")[0]["status"] == "Stopping"
    world.complete("catalog")
    world.complete("payments")
    assert world.statuses() == {"orders": "FAILED", "catalog": "STOPPED", "payments": "STOPPED"}


def test_stop_abandons_only_when_asked(world: ReleaseWorld) -> None:
    """With stopMode abandon the running actions are not waited for."""
    arn = world.begin("orders", "catalog", onFailure="stop", stopMode="abandon")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.deliver()
    assert world.statuses() == {"orders": "FAILED", "catalog": "STOPPED"}


def test_no_more_run_than_the_limit_and_a_freed_slot_is_taken_at_once(
    world: ReleaseWorld,
) -> None:
    """maxConcurrency bounds what is in flight; the next starts when one ends, in order."""
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
    assert world.statuses()["orders"] == "RUNNING"


def test_a_cancel_skips_stops_and_empties(world: ReleaseWorld) -> None:
    """Stopping a release with order and limit leaves nothing waiting and no slot taken."""
    arn = world.begin("orders", after("catalog", "orders"), maxConcurrency=1)
    world.wait_for_all(arn)
    world.cancel(arn)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.pipeline("catalog").status is PipelineStatus.SKIPPED
    assert world.pipeline("orders").status is PipelineStatus.STOPPED
    assert "in_flight" not in world.item("release")


def test_a_missed_wake_up_is_repaired_by_any_look(world: ReleaseWorld) -> None:
    """When nobody advanced the release after an end, the next task to come back does."""
    arn = world.begin("orders", after("catalog", "orders"))
    tokens = world.wait_for_all(arn)
    world.play("orders")
    world.undelivered()
    world.step_functions.time_out(tokens["orders"])
    world.wait(arn, "orders")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING"}
