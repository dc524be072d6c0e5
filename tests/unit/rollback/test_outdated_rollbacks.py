"""An automatic rollback belongs to one attempt: if that has changed since, it does not run."""

from typing import Any

import pytest

from open_release.reservations import Reservations
from release_core.errors import RollbackRefused
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.worlds.faults import meanwhile
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, finish, read, request, run

AGAIN: dict[str, Any] = {
    "releaseId": "v2",
    "pipelines": ["orders", "catalog"],
    **ROLLBACK,
    "resume": True,
}


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def fail(world: ReleaseWorld) -> str:
    """Let catalog fail in v2, while orders succeeds; returns the execution of the rollback."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    return world.start(request(closed, arn))


def resume(world: ReleaseWorld, *, bad: str = "") -> tuple[str, dict[str, Any]]:
    """Run the next attempt of v2 to its end; returns its execution and its close."""
    arn = world.start(write_json(AGAIN))
    assert world.open_release(arn)["outcome"] == "OPENED"
    return arn, finish(world, arn, "v2", "catalog", bad=bad)


def test_a_release_that_was_resumed_and_succeeded_is_kept(world: ReleaseWorld) -> None:
    """The resume overtakes the rollback that waits; the rollback is woken, ends and says why."""
    rollback = fail(world)
    other = world.begin("orders", release_id="other")
    assert world.open_release(rollback)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(rollback)
    world.opener().wait(rollback, token)
    resume(world)
    assert world.step_functions.task(token).outcome
    world.cancel(other)
    with pytest.raises(RollbackRefused, match="release v2 was resumed as attempt 2"):
        world.open_release(rollback)
    assert world.ledger.get_header("v2-rollback") is None
    assert world.release("v2").rolled_back_by is None
    told = [each["what"] for each in world.item("release", "v2")["audit"]]
    assert told[-1].startswith("rollback v2-rollback was refused: release v2 was resumed")


def test_each_failed_attempt_has_only_its_own_rollback(world: ReleaseWorld) -> None:
    """After a second failure the rollback of the first one ends, and that of the second runs."""
    first = fail(world)
    arn, closed = resume(world, bad="catalog")
    second = world.start(request(closed, arn))
    with pytest.raises(RollbackRefused, match="resumed as attempt 2"):
        world.open_release(first)
    assert world.open_release(second)["pipelines"] == ["catalog", "orders"]
    assert world.release("v2").rolled_back_by == "v2-rollback"


def test_a_release_that_a_person_rolls_back_is_not_rolled_back_again(world: ReleaseWorld) -> None:
    """A rollback with another id came first: the automatic one names it and ends."""
    rollback = fail(world)
    by_hand = {**read(world, "v2", rollback_id="by-hand").manifest}
    world.open_release(world.start(write_json(by_hand)))
    with pytest.raises(RollbackRefused, match="release v2 was rolled back by release by-hand"):
        world.open_release(rollback)
    assert world.release("v2").rolled_back_by == "by-hand"


def test_a_rollback_during_the_claim_of_another_one_wins(world: ReleaseWorld) -> None:
    """Of two rollbacks with different ids that read the same, one claims."""
    rollback = fail(world)
    by_hand = {**read(world, "v2", rollback_id="by-hand").manifest}

    def roll_back_by_hand() -> None:
        for name in ("catalog", "orders"):
            world.ledger.locks.free(name, rollback)
        world.open_release(world.start(write_json(by_hand)))

    with (
        meanwhile(Openings, "claim", before=roll_back_by_hand),
        pytest.raises(RollbackRefused, match="was just resumed or rolled back"),
    ):
        world.open_release(rollback)
    assert world.release("v2").rolled_back_by == "by-hand"
    assert world.ledger.get_header("v2-rollback") is None


def test_a_resume_between_the_two_reads_is_noticed(world: ReleaseWorld) -> None:
    """The release is resumed and succeeds before the pipelines are locked."""
    rollback = fail(world)
    with (
        meanwhile(Reservations, "take", before=lambda: resume(world)),
        pytest.raises(RollbackRefused, match="resumed as attempt 2"),
    ):
        world.open_release(rollback)
    assert world.ledger.lock_holders(["orders", "catalog"]) == {}


@pytest.mark.parametrize("heard", [True, False], ids=("event", "no event"))
def test_a_release_that_was_repaired_in_the_console_is_kept(
    world: ReleaseWorld, *, heard: bool
) -> None:
    """The failed stage was retried in the console and succeeded, whether its event came or not."""
    rollback = fail(world)
    execution_id = str(world.pipeline("catalog", "v2").execution_id)
    world.codepipeline.retry_stage_execution(
        pipelineName="catalog",
        pipelineExecutionId=execution_id,
        stageName="Deploy",
        retryMode="FAILED_ACTIONS",
    )
    world.play("catalog")
    if heard:
        world.deliver()
    with pytest.raises(RollbackRefused, match="what failed in release v2 has succeeded since"):
        world.open_release(rollback)
    assert world.release("v2").rolled_back_by is None


@pytest.mark.parametrize(
    "started_by", ["", "arn:aws:states:us-east-1:000000000000:execution:nightly:1"]
)
def test_a_person_may_roll_back_the_next_attempt(world: ReleaseWorld, started_by: str) -> None:
    """A request by a person, or by a workflow of their own, is about the release as it is."""
    fail(world)
    resume(world)
    asked = {
        "rollBack": "v2",
        "releaseId": "v2-rollback",
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": started_by,
    }
    assert world.open_release(world.start(write_json(asked)))["outcome"] == "OPENED"
