"""A release with approvals is opened, planned and resumed."""

import pytest

from release_core.errors import ManifestInvalid, RollbackRefused
from release_core.strict_json import write_json
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, after
from tests.worlds.rollbacks import run
from tests.worlds.votes import ADA, GRACE, JOAN, answer, approval, node

MANIFEST = {
    "releaseId": "r",
    "pipelines": ["orders", after("catalog", "go-live")],
    "approvals": [{"name": "go-live", "dependsOn": ["orders"], "minApprovals": 2}],
}


@pytest.fixture
def world() -> ReleaseWorld:
    """The pipelines and no release."""
    return ReleaseWorld()


def through_the_api(world: ReleaseWorld, by: str = JOAN, **more: object) -> str:
    """Hand the manifest in through the API; returns the ARN of its execution."""
    wrapped = {"manifest": MANIFEST | more, "requestedBy": by, "apiRequestId": "1"}
    return world.start(write_json(wrapped), alias="api")


def test_only_the_api_takes_four_eyes(world: ReleaseWorld) -> None:
    """The other doors refuse them, also when they look like the API."""
    wrapped = {"manifest": MANIFEST, "requestedBy": JOAN}
    for text in (write_json(MANIFEST), write_json(wrapped)):
        with pytest.raises(ManifestInvalid, match="submit --via api"):
            world.open_release(world.start(text))
    assert world.ledger.lock_holders(["orders", "catalog"]) == {}
    assert world.open_release(through_the_api(world))["outcome"] == "OPENED"
    assert world.release().requesters == (JOAN,)


@pytest.mark.parametrize("alias", [None, "api"])
def test_a_dry_run_refuses_the_same(world: ReleaseWorld, alias: str | None) -> None:
    """Through the API it is planned; through another door it says the same as the opening."""
    planned = write_json({"manifest": MANIFEST | {"dryRun": True}, "requestedBy": JOAN})
    arn = world.start(planned, alias=alias)
    if alias:
        assert world.open_release(arn)["outcome"] == "PLANNED"
    else:
        with pytest.raises(ManifestInvalid, match="submit --via api"):
            world.open_release(arn)


def test_the_same_manifest_again_needs_no_proof(world: ReleaseWorld) -> None:
    """It starts nothing: the answer is the release that exists."""
    world.open_release(through_the_api(world))
    again = world.start(write_json(MANIFEST))
    assert world.open_release(again)["outcome"] == "ALREADY_RELEASED"


def fail_at_the_approval(world: ReleaseWorld) -> None:
    """Open the release; Ada approves and Grace rejects, and it is closed."""
    arn = through_the_api(world)
    world.open_release(arn)
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, ADA)
    answer(world, GRACE, approves=False)
    assert world.close(arn)["status"] == "FAILED"


def test_a_resume_asks_again_without_the_old_votes(world: ReleaseWorld) -> None:
    """The approval has its own tasks and votes in each attempt; the audit keeps the old ones."""
    fail_at_the_approval(world)
    arn = through_the_api(world, ADA, resume=True)
    opened = world.open_release(arn)
    assert opened["pipelines"] == ["catalog", "go-live"]
    assert world.release().requesters == (JOAN, ADA)
    for name in opened["pipelines"]:
        world.wait(arn, name)
    asked = node(world)
    assert (asked.status, asked.attempt) == ("RUNNING", 2)
    assert asked.approval
    assert asked.approval.votes == ()
    said = [each["what"] for each in world.item("pipeline#go-live")["audit"]]
    assert said.count("approved: fine") == said.count("rejected: not today") == 1
    answer(world, GRACE)
    answer(world, JOAN)
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING", "go-live": "SUCCEEDED"}


def test_who_retries_must_be_proved_while_an_approval_is_open(world: ReleaseWorld) -> None:
    """Who retried is a requester, so a retry through another door is refused."""
    fail_at_the_approval(world)
    with pytest.raises(ManifestInvalid, match="use release-machine retry r"):
        world.open_release(world.start(write_json({"retry": "r"})))
    assert world.release().attempt == 1
    assert world.ledger.lock_holders(["orders", "catalog"]) == {}


def test_what_was_granted_stays_granted(world: ReleaseWorld) -> None:
    """Only what did not succeed runs again; then no door has to prove anything."""
    arn = through_the_api(world)
    world.open_release(arn)
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, ADA)
    answer(world, GRACE)
    world.complete("catalog", fail=FAILURE)
    world.close(arn)
    again = world.start(write_json({"retry": "r"}))
    assert world.open_release(again)["pipelines"] == ["catalog"]
    world.wait(again, "catalog")
    world.complete("catalog")
    assert world.close(again)["status"] == "SUCCEEDED"


def test_what_waits_behind_an_approval_has_no_time_limit_yet(world: ReleaseWorld) -> None:
    """The wait of the tasks is the usual one, whatever the pipelines' limits are."""
    limited = [{"name": "orders", "timeoutMinutes": 5}]
    manifest = {"releaseId": "r", "pipelines": limited, "approvals": [approval("done")]}
    opened = world.open_release(world.start(write_json(manifest)))
    assert opened["wait_seconds"] == opened["look_after_seconds"]


def test_a_rollback_asks_nobody(world: ReleaseWorld) -> None:
    """It ships what was live before, in the reverse order also through an approval."""
    run(world, "v1", "orders", "catalog")
    order = ("orders", after("catalog", "go-live"))
    arn = world.begin(*order, approvals=[approval("go-live", "orders")])
    world.wait_for_all(arn)
    world.ship("v2")
    answer(world)
    world.ship("v2", "catalog", fails=True)
    world.close(arn)
    found = world.rollbacks().get("r")
    assert found.left_alone == ()
    assert found.manifest
    assert "approvals" not in found.manifest
    orders = next(each for each in found.manifest["pipelines"] if each["name"] == "orders")
    assert orders["dependsOn"] == ["catalog"]


def test_a_rollback_restores_no_approval(world: ReleaseWorld) -> None:
    """A pipeline with the name of an approval is none of the release that is rolled back."""
    arn = world.begin("orders", approvals=[approval("catalog", "orders")])
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, name="catalog")
    world.close(arn)
    document = {"releaseId": "back", "pipelines": ["catalog"], "rollbackOf": "r"}
    with pytest.raises(RollbackRefused, match="does not have these pipelines: catalog"):
        world.open_release(world.start(write_json(document)))
