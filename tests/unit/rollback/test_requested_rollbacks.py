"""Rollbacks that a person requests, and requests and manifests that are rejected."""

from typing import Any

import pytest

from release_core.errors import ManifestInvalid, OpeningElsewhere, RollbackRefused
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.worlds.faults import meanwhile
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import by_hand, failed, finish, read, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def test_reading_a_rollback_writes_nothing(world: ReleaseWorld) -> None:
    """The reader shows the rollback with the first free id, and writes nothing."""
    run(world, "v2", "orders")
    before = world.items("releases"), world.items("pipelines")
    rollback = read(world, "v2")
    assert rollback.manifest["releaseId"] == "v2-rollback"
    assert rollback.wanted["orders"].revisions[0].revision == "orders v1"
    assert (world.items("releases"), world.items("pipelines")) == before


def test_a_submitted_rollback_is_linked_to_its_release(world: ReleaseWorld) -> None:
    """A submitted manifest of a rollback is recorded in the release that it rolls back."""
    run(world, "v2", "orders")
    arn = world.start(write_json({"manifest": read(world, "v2").manifest, "requestedBy": "me"}))
    assert world.open_release(arn)["release_id"] == "v2-rollback"
    assert world.release("v2").rolled_back_by == "v2-rollback"
    assert world.item("release", "v2")["audit"][-1]["who"] == "me"


def test_a_failed_rollback_can_be_repeated(world: ReleaseWorld) -> None:
    """A second rollback of the same release ships the same, without a conflict."""
    run(world, "v2", "orders")
    arn = world.start(write_json(read(world, "v2").manifest))
    world.open_release(arn)
    finish(world, arn, "v2-rollback", "orders", bad="orders")
    again = read(world, "v2")
    assert again.rollback_id == "v2-rollback-2"
    assert (list(again.wanted), again.conflicts) == (["orders"], {})


def test_two_rollbacks_at_one_instant_become_one(world: ReleaseWorld) -> None:
    """The second request waits for the first, then names it, whatever has changed meanwhile."""
    run(world, "v2", "orders")
    asked = write_json({"rollBack": "v2", "releaseId": "v2-rollback"})
    first, second = world.start(asked), world.start(asked)
    with meanwhile(Openings, "claim", before=lambda: _opens_elsewhere(world, second)):
        world.open_release(first)
    finish(world, first, "v2-rollback", "orders")
    by_hand(world, "orders by hand")
    answer = world.open_release(second)
    assert answer["outcome"] == "ALREADY_RELEASED"
    assert (answer["release_id"], answer["released_by"]) == ("v2-rollback", first)
    assert world.ledger.lock_holders(["orders"]) == {}


def _opens_elsewhere(world: ReleaseWorld, arn: str) -> None:
    with pytest.raises(OpeningElsewhere, match="is opening release v2-rollback at this instant"):
        world.open_release(arn)


def test_a_release_that_came_later_is_a_conflict(world: ReleaseWorld) -> None:
    """A later release is a conflict, even a failed one, unless over_later is set."""
    run(world, "v2", "orders", "catalog")
    run(world, "v3", "orders")
    run(world, "v4", "catalog", bad="catalog")
    rollback = read(world, "v2")
    assert rollback.manifest is None
    assert rollback.conflicts == {"orders": "v3", "catalog": "v4"}
    over = read(world, "v2", over_later=True)
    assert list(over.wanted) == ["catalog", "orders"]
    assert {good.release_id for good in over.wanted.values()} == {"v1"}


def test_a_rollback_is_not_rolled_back(world: ReleaseWorld) -> None:
    """A rollback cannot be rolled back, neither by a request nor by a manifest."""
    arn = world.start(failed(world))
    world.open_release(arn)
    finish(world, arn, "v2-rollback", "catalog", "orders")
    with pytest.raises(RollbackRefused, match="is the rollback of v2"):
        read(world, "v2-rollback")
    manifest = {"releaseId": "x", "pipelines": ["orders"], "rollbackOf": "v2-rollback"}
    with pytest.raises(RollbackRefused, match="is the rollback of v2"):
        world.open_release(world.start(write_json(manifest)))


@pytest.mark.parametrize("rolled_back", ["nothing", "running"])
def test_a_manifest_can_roll_back_only_an_ended_release(
    world: ReleaseWorld, rolled_back: str
) -> None:
    """Rolling back an unknown or running release is rejected, and nothing is held."""
    world.begin("catalog", release_id="running")
    manifest = {"releaseId": "x", "pipelines": ["orders"], "rollbackOf": rolled_back}
    with pytest.raises(RollbackRefused):
        world.open_release(world.start(write_json(manifest)))
    assert world.ledger.lock_holders(["orders"]) == {}


def test_a_manifest_can_roll_back_only_pipelines_of_the_release(world: ReleaseWorld) -> None:
    """Plan and opening reject a rollback with a pipeline that the release never had."""
    run(world, "v2", "orders", bad="orders")
    manifest = {"releaseId": "x", "pipelines": ["payments", "orders"], "rollbackOf": "v2"}
    (problem,) = world.planner()(manifest).problems
    assert problem.startswith("release v2 does not have these pipelines: payments. ")
    with pytest.raises(RollbackRefused, match="does not have these pipelines: payments"):
        world.open_release(world.start(write_json(manifest)))
    assert world.release("v2").rolled_back_by is None
    assert world.ledger.lock_holders(["orders", "payments"]) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"releaseId": "v2-rollback", "more": 1},
        {"releaseId": 5},
        {"releaseId": "a/b"},
        {},
        {"releaseId": "v2-rollback", "requestedBy": 1},
    ],
    ids=("unknown key", "number", "bad id", "no id", "bad name"),
)
def test_an_invalid_rollback_request_is_rejected(
    world: ReleaseWorld, fields: dict[str, Any]
) -> None:
    """Wrong types and unknown keys in a rollback request are rejected."""
    with pytest.raises(ManifestInvalid, match="The request for a rollback has 1 problem"):
        world.open_release(world.start(write_json({"rollBack": "v2", **fields})))
