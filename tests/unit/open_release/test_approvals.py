"""A release with approvals is opened, planned and resumed."""

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from release_core.errors import ManifestInvalid, RollbackRefused
from release_core.ledger import openings
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


def fail_behind_the_approval(world: ReleaseWorld, arn: str) -> None:
    """Open the release; Ada and Grace approve, and ``catalog`` behind the approval fails."""
    world.open_release(arn)
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, ADA)
    answer(world, GRACE)
    world.complete("catalog", fail=FAILURE)
    assert world.close(arn)["status"] == "FAILED"


def test_four_eyes_are_asked_again_while_something_behind_them_is_to_run(
    world: ReleaseWorld,
) -> None:
    """Grace approved and retries: nothing starts behind her vote, which was for another attempt."""
    fail_behind_the_approval(world, through_the_api(world))
    for text in (write_json({"retry": "r"}), write_json(MANIFEST | {"resume": True})):
        with pytest.raises(ManifestInvalid, match="use release-machine retry r"):
            world.open_release(world.start(text))
    assert world.ledger.lock_holders(["orders", "catalog"]) == {}
    arn = through_the_api(world, GRACE, resume=True)
    assert world.open_release(arn)["pipelines"] == ["catalog", "go-live"]
    assert world.release().requesters == (JOAN, GRACE)
    for name in ("catalog", "go-live"):
        world.wait(arn, name)
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "WAITING", "go-live": "RUNNING"}
    asked = node(world)
    assert asked.approval
    assert (asked.attempt, asked.approval.votes) == (2, ())
    assert world.item("pipeline#go-live")["attempts"][0]["status"] == "SUCCEEDED"
    for voter in (ADA, "arn:aws:iam::000000000000:user/lin"):
        assert world.statuses()["catalog"] == "WAITING"
        answer(world, voter)
    assert world.statuses()["catalog"] == "RUNNING"
    world.complete("catalog")
    assert world.close(arn)["status"] == "SUCCEEDED"


def test_four_eyes_hold_what_is_behind_them_through_others(world: ReleaseWorld) -> None:
    """Between them is a pipeline that has succeeded, and does not run again."""
    more: dict[str, Any] = {
        "pipelines": ["orders", after("catalog", "go-live"), after("payments", "catalog")]
    }
    arn = through_the_api(world, **more)
    world.open_release(arn)
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, ADA)
    answer(world, GRACE)
    world.complete("catalog")
    world.complete("payments", fail=FAILURE)
    world.close(arn)
    again = through_the_api(world, GRACE, **more, resume=True)
    assert world.open_release(again)["pipelines"] == ["payments", "go-live"]
    for name in ("payments", "go-live"):
        world.wait(again, name)
    assert world.statuses()["payments"] == "WAITING"
    assert world.release().pipelines["payments"].depends_on == ("catalog", "go-live")
    answer(world, ADA)
    answer(world, JOAN)
    assert world.statuses()["payments"] == "RUNNING"


def test_a_resume_that_is_interrupted_asks_again_all_the_same(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between its writes leaves some nodes renewed; the next try renews the others."""
    monkeypatch.setattr(openings, "TRANSACTION_LIMIT", 2)
    fail_behind_the_approval(world, through_the_api(world))
    arn = through_the_api(world, GRACE, resume=True)
    renew = world.dynamodb.transact_write_items

    def renew_one(**request: Any) -> dict[str, Any]:
        done = renew(**request)
        if "go-live" in str(request) and node(world).attempt == 2:
            monkeypatch.setattr(world.dynamodb, "transact_write_items", renew)
            raise ConnectionClosedError(endpoint_url="dynamodb")
        return done

    monkeypatch.setattr(world.dynamodb, "transact_write_items", renew_one)
    with pytest.raises(ConnectionClosedError):
        world.open_release(arn)
    assert (node(world).attempt, world.release().pipelines["catalog"].attempt) == (2, 1)
    assert world.open_release(arn)["pipelines"] == ["catalog", "go-live"]
    for name in ("catalog", "go-live"):
        world.wait(arn, name)
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "WAITING", "go-live": "RUNNING"}


def test_without_four_eyes_what_was_granted_stays_granted(world: ReleaseWorld) -> None:
    """Only what did not succeed runs again; then no door has to prove anything."""
    asked = [{"name": "go-live", "dependsOn": ["orders"], "minApprovals": 2, "fourEyes": False}]
    fail_behind_the_approval(world, through_the_api(world, approvals=asked))
    again = world.start(write_json({"retry": "r"}))
    assert world.open_release(again)["pipelines"] == ["catalog"]
    world.wait(again, "catalog")
    world.complete("catalog")
    assert world.close(again)["status"] == "SUCCEEDED"


def test_four_eyes_stay_granted_when_all_behind_them_has_succeeded(world: ReleaseWorld) -> None:
    """Nothing more is shipped behind their votes; then no door has to prove anything."""
    arn = through_the_api(world, pipelines=["orders", after("catalog", "go-live"), "payments"])
    world.open_release(arn)
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, ADA)
    answer(world, GRACE)
    world.complete("catalog")
    world.complete("payments", fail=FAILURE)
    world.close(arn)
    again = world.start(write_json({"retry": "r"}))
    assert world.open_release(again)["pipelines"] == ["payments"]
    assert node(world).status == "SUCCEEDED"


def test_a_plan_says_that_four_eyes_are_asked_again(world: ReleaseWorld) -> None:
    """As the opening would."""
    fail_behind_the_approval(world, through_the_api(world))
    planned = world.planner()(MANIFEST | {"resume": True})
    assert planned.valid
    assert [each.granted for each in planned.approvals] == [False]
    assert any("waits for people to approve: go-live" in each for each in planned.warnings)
    assert not world.planner()(MANIFEST | {"resume": True}, channel="direct").valid


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
