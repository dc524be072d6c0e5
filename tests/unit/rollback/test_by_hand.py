"""What a person is told of a rollback, and which requests and manifests for one are refused."""

from typing import Any

import pytest

from release_core.errors import ManifestInvalid, RollbackRefused
from release_core.strict_json import write_json
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import failed, finish, read, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def test_a_person_sees_what_would_happen(world: ReleaseWorld) -> None:
    """The reader writes nothing, and finds the first id that is free."""
    run(world, "v2", "orders")
    before = world.items("releases"), world.items("pipelines")
    rollback = read(world, "v2")
    assert rollback.manifest["releaseId"] == "v2-rollback"
    assert rollback.wanted["orders"].revisions[0].revision == "orders v1"
    assert (world.items("releases"), world.items("pipelines")) == before


def test_a_persons_manifest_is_linked_like_any_rollback(world: ReleaseWorld) -> None:
    """Through whichever door it comes."""
    run(world, "v2", "orders")
    arn = world.start(write_json({"manifest": read(world, "v2").manifest, "requestedBy": "me"}))
    assert world.open_release(arn)["release_id"] == "v2-rollback"
    assert world.release("v2").rolled_back_by == "v2-rollback"
    assert world.item("release", "v2")["audit"][-1]["who"] == "me"


def test_a_rollback_that_failed_can_be_made_again(world: ReleaseWorld) -> None:
    """Another rollback of the same release is no conflict: it ships the same."""
    run(world, "v2", "orders")
    arn = world.start(write_json(read(world, "v2").manifest))
    world.open_release(arn)
    finish(world, arn, "v2-rollback", "orders", bad="orders")
    again = read(world, "v2")
    assert again.rollback_id == "v2-rollback-2"
    assert (list(again.wanted), again.conflicts) == (["orders"], {})


def test_a_release_that_came_later_is_a_conflict(world: ReleaseWorld) -> None:
    """Whether it succeeded or not, it is named, and rolled back over only when that is wanted."""
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
    """Neither by its id nor by a manifest that says so."""
    arn = world.start(failed(world))
    world.open_release(arn)
    finish(world, arn, "v2-rollback", "catalog", "orders")
    with pytest.raises(RollbackRefused, match="is the rollback of v2"):
        read(world, "v2-rollback")
    manifest = {"releaseId": "x", "pipelines": ["orders"], "rollbackOf": "v2-rollback"}
    with pytest.raises(RollbackRefused, match="is the rollback of v2"):
        world.open_release(world.start(write_json(manifest)))


@pytest.mark.parametrize("rolled_back", ["nothing", "running"])
def test_a_manifest_cannot_roll_back_what_is_not_at_rest(
    world: ReleaseWorld, rolled_back: str
) -> None:
    """The release must be there and have ended; the pipelines of the manifest stay free."""
    world.begin("catalog", release_id="running")
    manifest = {"releaseId": "x", "pipelines": ["orders"], "rollbackOf": rolled_back}
    with pytest.raises(RollbackRefused):
        world.open_release(world.start(write_json(manifest)))
    assert world.ledger.lock_holders(["orders"]) == {}


def test_a_manifest_rolls_back_only_what_the_release_had(world: ReleaseWorld) -> None:
    """A release that says forever by whom it was rolled back must have been: plan and opening."""
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
def test_a_request_that_means_nothing_is_refused(
    world: ReleaseWorld, fields: dict[str, Any]
) -> None:
    """The request for a rollback is read as strictly as a manifest."""
    with pytest.raises(ManifestInvalid, match="The request for a rollback has 1 problem"):
        world.open_release(world.start(write_json({"rollBack": "v2", **fields})))
