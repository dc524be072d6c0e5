"""A workflow that fails by itself is counted, and an ordinary outcome is not."""

import pytest

from release_core.decide.outcome import is_fault
from release_core.domain.release import ReleaseStatus
from release_core.domain.workflow_end import WorkflowEnd
from release_core.errors import Rejection
from tests.worlds.measured import totals
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, run

REJECTIONS = [each.__name__ for each in Rejection.__subclasses__()]


def faults(world: ReleaseWorld) -> float:
    """How many faults of the workflow were counted."""
    return totals(world.metric_lines).get("WorkflowFaults", 0)


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        ("FAILED", "States.Runtime", True),
        ("FAILED", "ClientError", True),
        ("FAILED", None, True),
        ("TIMED_OUT", None, True),
        ("ABORTED", "StoppedByHand", False),
        ("SUCCEEDED", None, False),
        ("FAILED", "ReleaseFailed", False),
        *[("FAILED", each, False) for each in REJECTIONS],
    ],
)
def test_what_is_a_fault(status: str, error: str | None, *, fault: bool) -> None:
    """Neither a stop, nor a failed release, nor a rejected manifest."""
    assert is_fault(WorkflowEnd(execution_arn="a", status=status, error=error)) is fault


def test_a_workflow_that_failed_by_itself(world: ReleaseWorld) -> None:
    """It counts, whether or not it has opened a release."""
    arn = world.begin("orders")
    world.step_functions.end(arn, "FAILED", error="States.Runtime", cause="no such path")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert faults(world) == 1
    other = world.start('{"releaseId": "s", "pipelines": ["orders"]}')
    world.step_functions.end(other, "FAILED", error="ClientError", cause="throttled")
    world.close_release().when_ended(world.step_functions.status_event(other))
    assert world.ledger.get_release("s") is None
    assert faults(world) == 2


def test_a_workflow_whose_release_failed(world: ReleaseWorld) -> None:
    """The event of its failure counts nothing, nor does that of a stop."""
    arn = world.begin("orders")
    world.wait(arn)
    closed = world.close_release().at_end("r", arn)
    world.step_functions.end(arn, "FAILED", error="ReleaseFailed", cause=closed["why"])
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.release().status is ReleaseStatus.FAILED
    assert faults(world) == 0


@pytest.mark.parametrize(
    ("status", "error", "counted"), [("FAILED", "ReleaseFailed", 1), ("ABORTED", None, 0)]
)
def test_a_rollback_that_could_not_be_started(
    world: ReleaseWorld, status: str, error: str | None, counted: int
) -> None:
    """The release failed as it may, but the rollback that it asked for is missing."""
    run(world, "v1", "orders")
    arn = run_to_close(world)
    world.step_functions.end(arn, status, error=error, cause="could not be started")
    for _ in range(2):
        world.close_release().when_ended(world.step_functions.status_event(arn))
    assert "The rollback v2-rollback was not started" in str(world.release("v2").why)
    assert faults(world) == counted


def run_to_close(world: ReleaseWorld) -> str:
    """Run a release that fails and asks for a rollback, to its close."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, "orders", "v2")
    world.ship("orders v2", fails=True)
    world.close_release().at_end("v2", arn)
    return arn


def test_a_stop_is_no_fault(world: ReleaseWorld) -> None:
    """A person wanted it."""
    world.cancel(world.begin("orders"))
    assert faults(world) == 0
