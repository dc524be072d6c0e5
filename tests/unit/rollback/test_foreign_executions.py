"""Executions that no release started count: what they shipped before a release, and since."""

from datetime import timedelta
from typing import Any

import pytest

from open_release.reservations import Reservations
from release_core.errors import LedgerBusy, RollbackRefused
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import meanwhile, refuse
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, by_hand, pins, read, request, run, start_by_hand


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def roll_back(world: ReleaseWorld, release_id: str, **more: Any) -> dict[str, list[str]]:
    """Let a person roll a release back by a request; returns what the rollback ships."""
    asked = {"rollBack": release_id, "releaseId": f"{release_id}-rollback", **more}
    assert world.open_release(world.start(write_json(asked)))["outcome"] == "OPENED"
    return pins(world, f"{release_id}-rollback")


def test_what_was_shipped_by_hand_before_the_release_comes_back(world: ReleaseWorld) -> None:
    """v1 ships A, a person ships B, v2 ships C: the rollback of v2 ships B, and says so."""
    execution_id = by_hand(world, "orders by hand")
    run(world, "v2", "orders", "catalog")
    rollback = read(world, "v2")
    foreign = f"execution {execution_id} that no release started"
    assert str(rollback) == f"release v2-rollback rolls back: catalog, orders (to {foreign})"
    assert (rollback.foreign, rollback.restores) == ({}, {"orders": execution_id})
    shipped = roll_back(world, "v2")
    assert shipped == {"orders": ["orders by hand"], "catalog": ["catalog v1"]}
    assert world.release("v2-rollback").restores == {"orders": execution_id}


def test_the_variables_of_what_was_shipped_by_hand_come_back(world: ReleaseWorld) -> None:
    """The execution's own variables are restored with its revisions."""
    structure = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    structure["variables"] = [{"name": "STAGE", "defaultValue": "prod"}]
    world.codepipeline.update_pipeline(pipeline=structure)
    by_hand(world, "orders by hand")
    run(world, "v2", "orders")
    (entry,) = read(world, "v2").manifest["pipelines"]
    assert entry["variables"] == {"STAGE": "prod"}


def test_an_unreadable_list_of_actions_leaves_the_pipeline_out(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person shipped counts as live before v2; the other pipelines are rolled back."""
    by_hand(world, "orders by hand")
    run(world, "v2", "orders", "catalog")
    denied = Refused("AccessDeniedException", "no")
    refuse(monkeypatch, world.codepipeline, "list_action_executions", denied)
    assert list(read(world, "v2").wanted) == ["catalog"]


def test_what_was_shipped_by_hand_since_is_in_the_way(world: ReleaseWorld) -> None:
    """A person ships after v2: its rollback names the execution, and goes over it only if told."""
    run(world, "v2", "orders", "catalog")
    world.clock.advance(timedelta(minutes=1))
    first, second = by_hand(world, "orders 1"), by_hand(world, "orders 2")
    rollback = read(world, "v2")
    assert (list(rollback.wanted), rollback.foreign) == (["catalog"], {"orders": (second, first)})
    assert list(rollback.omissions) == [
        f"- orders: executions {second}, {first} that no release started have run since"
    ]
    assert list(read(world, "v2", over=[first]).wanted) == ["catalog"]
    assert list(read(world, "v2", over=[first, second]).wanted) == ["catalog", "orders"]
    assert list(read(world, "v2", over_later=True).wanted) == ["catalog"]
    assert roll_back(world, "v2", over=[first, second]) == {
        "orders": ["orders v1"],
        "catalog": ["catalog v1"],
    }


def test_an_execution_that_still_runs_is_in_the_way(world: ReleaseWorld) -> None:
    """It may have begun before the release; a failed one is not in the way."""
    before = start_by_hand(world, "catalog")
    world.codepipeline.stop_pipeline_execution(
        pipelineName="catalog", pipelineExecutionId=before, abandon=True
    )
    world.deliver()
    run(world, "v2", "orders", "catalog")
    failed = by_hand(world, "catalog broken", "catalog", fails=True)
    running = start_by_hand(world)
    rollback = read(world, "v2")
    assert rollback.foreign == {"orders": (running,)}
    assert failed not in str(rollback)


def test_an_automatic_rollback_omits_what_was_shipped_by_hand_since(world: ReleaseWorld) -> None:
    """The automatic rollback leaves the pipeline alone, and both releases say so."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    execution_id = by_hand(world, "orders by hand")
    world.open_release(world.start(request(closed, arn)))
    assert pins(world, "v2-rollback") == {"catalog": ["catalog v1"]}
    told = world.item("release", "v2")["audit"][-1]["what"]
    assert told == (
        "rolled back by release v2-rollback. Not rolled back:\n"
        f"- orders: execution {execution_id} that no release started has run since"
    )


def test_the_close_knows_what_was_shipped_by_hand(world: ReleaseWorld) -> None:
    """The first release of a pipeline can go back to what a person had shipped before."""
    execution_id = by_hand(world, "payments by hand", "payments")
    arn, closed = run(world, "v2", "payments", bad="payments", **ROLLBACK)
    assert closed["why"].endswith(
        "\nrelease v2-rollback rolls back: payments "
        f"(to execution {execution_id} that no release started)"
    )
    world.open_release(world.start(request(closed, arn)))
    assert pins(world, "v2-rollback") == {"payments": ["payments by hand"]}


def test_a_rollback_blocked_by_executions_is_not_announced(world: ReleaseWorld) -> None:
    """If somebody has started the only pipeline again, the release closes without a rollback."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, "orders", "v2")
    world.ship("orders v2", fails=True)
    execution_id = start_by_hand(world)
    closed = world.close(arn, "v2")
    assert closed["rollback"] is None
    assert closed["why"].endswith(
        "\nthere is nothing to roll back in release v2:\n"
        f"- orders: execution {execution_id} that no release started has run since"
    )


def test_executions_of_releases_are_not_foreign(world: ReleaseWorld) -> None:
    """Executions of this release, of failed releases and of rollbacks are known."""
    run(world, "vx", "orders", bad="orders")
    run(world, "v2", "orders", bad="orders")
    rollback = read(world, "v2")
    assert (rollback.foreign, rollback.restores) == ({}, {})
    arn = world.start(write_json(rollback.manifest))
    world.open_release(arn)
    world.wait(arn, "orders", "v2-rollback")
    world.ship("orders v1", fails=True)
    world.close(arn, "v2-rollback")
    again = read(world, "v2")
    assert (again.rollback_id, again.foreign) == ("v2-rollback-2", {})


def test_a_release_that_came_after_the_execution_hides_it(world: ReleaseWorld) -> None:
    """What a person shipped before the last good release does not come back."""
    by_hand(world, "orders by hand")
    run(world, "v2", "orders")
    run(world, "v3", "orders")
    rollback = read(world, "v3")
    assert (rollback.wanted["orders"].release_id, rollback.restores) == ("v2", {})


def test_what_was_shipped_by_hand_between_two_attempts_comes_back(world: ReleaseWorld) -> None:
    """The release took the pipeline again with its second attempt: that counts."""
    run(world, "v2", "orders", bad="orders")
    execution_id = by_hand(world, "orders by hand")
    assert read(world, "v2").foreign == {"orders": (execution_id,)}
    again = world.start(write_json({"releaseId": "v2", "pipelines": ["orders"], "resume": True}))
    world.open_release(again)
    world.wait(again, "orders", "v2")
    world.ship("orders v2")
    world.close(again, "v2")
    rollback = read(world, "v2")
    assert (rollback.foreign, rollback.restores) == ({}, {"orders": execution_id})


def test_an_execution_that_begins_while_a_rollback_opens_is_noticed(world: ReleaseWorld) -> None:
    """A person starts a pipeline before the rollback locks it: the rollback is computed again."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    rollback = world.start(request(closed, arn))
    with (
        meanwhile(Reservations, "take", before=lambda: start_by_hand(world)),
        pytest.raises(LedgerBusy, match="has just changed"),
    ):
        world.open_release(rollback)
    assert world.open_release(rollback)["pipelines"] == ["catalog"]


def test_an_execution_without_a_known_revision_is_named(world: ReleaseWorld) -> None:
    """What a person shipped cannot be pinned: the pipeline is omitted, and A does not come back."""
    execution_id = by_hand(world, "")
    run(world, "v2", "orders")
    (omitted,) = read(world, "v2").omissions
    assert omitted == (
        f"- orders: the revision of Fetch in execution {execution_id} that no release started "
        "has no id on record"
    )


def test_the_plan_of_a_rollback_says_what_comes_back(world: ReleaseWorld) -> None:
    """The plan of a manifest that rolls back names the executions that no release started."""
    execution_id = by_hand(world, "orders by hand")
    run(world, "v2", "orders")
    manifest = read(world, "v2").manifest
    (orders,) = world.planner()(manifest).pipelines
    assert f"goes back to execution {execution_id} that no release started" in orders.warnings
    since = by_hand(world, "orders later")
    (orders,) = world.planner()(manifest).pipelines
    assert f"also rolls back execution {since} that no release started" in orders.warnings


@pytest.mark.parametrize("over", ["e1", [1], [""], {"e1": 1}])
def test_the_executions_in_a_request_are_checked(world: ReleaseWorld, over: object) -> None:
    """``over`` of a request is a list of ids."""
    run(world, "v2", "orders")
    asked = {"rollBack": "v2", "releaseId": "v2-rollback", "over": over}
    with pytest.raises(Exception, match="over: must be a list of ids of pipeline executions"):
        world.open_release(world.start(write_json(asked)))


def test_a_rollback_that_only_executions_block_is_refused(world: ReleaseWorld) -> None:
    """The refusal names the execution."""
    run(world, "v2", "orders", bad="orders")
    execution_id = by_hand(world, "orders by hand")
    with pytest.raises(RollbackRefused, match=f"- orders: execution {execution_id}"):
        roll_back(world, "v2")
