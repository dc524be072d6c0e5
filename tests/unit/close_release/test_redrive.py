"""A redrive of a workflow execution runs the states that failed again, and changes no outcome."""

import pytest

from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ExecutionEnded
from release_core.strict_json import write_json
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, after


def test_a_redrive_of_a_cancelled_release_starts_nothing(world: ReleaseWorld) -> None:
    """Its tasks settle at once with the outcomes on record, and nothing is announced again."""
    arn = world.begin("orders", after("catalog", "orders"), stopMode="abandon")
    world.wait_for_all(arn)
    world.cancel(arn)
    world.deliver()
    world.step_functions.redrive(arn)
    ends = {world.settlement(token).error for token in world.wait_for_all(arn).values()}
    assert ends == {"PipelineStopped", "PipelineSkipped"}
    closed = world.close(arn)
    assert (closed["status"], closed["rollback"]) == ("CANCELLED", None)
    assert len(world.executions_of("orders")) == 1
    assert world.executions_of("catalog") == []
    assert [each["DetailType"] for each in world.events.ends] == ["Release Cancelled"]


def test_a_redrive_of_an_execution_that_waited_opens_nothing(world: ReleaseWorld) -> None:
    """An execution that was stopped before it opened its release cannot open it any more."""
    world.begin("orders", release_id="first")
    manifest = {"releaseId": "r", "pipelines": ["orders"], "onBusy": "wait"}
    arn = world.start(write_json(manifest))
    assert world.open_release(arn)["outcome"] == "BUSY"
    world.cancel(arn)
    world.ledger.locks.free("orders", world.ledger.get_header("first").execution_arn)  # type: ignore[union-attr] # it is open
    world.step_functions.redrive(arn)
    with pytest.raises(ExecutionEnded):
        world.open_release(arn)
    assert world.ledger.lock_holders(["orders"]) == {}


def test_a_redrive_of_an_earlier_attempt_changes_nothing(world: ReleaseWorld) -> None:
    """The retry of the release ends as it would, at the latest with its next look."""
    first = world.begin("orders")
    world.wait(first)
    world.complete("orders", fail=FAILURE)
    world.close(first)
    second = world.start(write_json({"retry": "r"}))
    assert world.open_release(second)["outcome"] == "OPENED"
    world.wait(second)
    world.step_functions.redrive(first)
    redriven = world.wait(first)
    assert len(world.executions_of("orders")) == 2
    world.complete("orders")
    assert world.settlement(redriven).succeeded
    assert world.close(first)["status"] == "RUNNING"
    assert world.ledger.lock_holders(["orders"])["orders"].execution_arn == second
    assert world.settlement(world.wait(second)).succeeded
    assert world.close(second)["status"] == "SUCCEEDED"
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.release().status is ReleaseStatus.SUCCEEDED
