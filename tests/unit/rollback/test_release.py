"""A release is rolled back by another one: by itself or by a person, once, and both know of it."""

from typing import Any

import pytest

from open_release.reservations import Reservations
from release_core.domain.release import ReleaseStatus
from release_core.errors import (
    LedgerBusy,
    ReleaseNotResumable,
    RollbackRefused,
)
from release_core.ledger.openings import Openings
from release_core.rollback import manifest as rolling_back
from release_core.strict_json import write_json
from tests.worlds.faults import crash_after
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, failed, finish, pins, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def test_the_close_says_what_to_start(world: ReleaseWorld) -> None:
    """A FAILED release with the policy names its rollback, in its answer and in its reason."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    assert closed["status"] == "FAILED"
    start = closed["rollback"]
    assert start["release_id"] == "v2-rollback"
    assert start["execution_name"].startswith("rollback-of-v2-")
    assert closed["why"].endswith("\nrelease v2-rollback rolls back: catalog, orders")
    assert world.close_release().at_end("v2", arn) == closed


def test_the_rollback_ships_what_was_there_before(world: ReleaseWorld) -> None:
    """Its pins are the revisions of v1, in the opposite order, and both releases know."""
    arn = world.start(failed(world))
    answer = world.open_release(arn)
    assert answer["outcome"] == "OPENED"
    assert answer["pipelines"] == ["catalog", "orders"]
    assert pins(world, "v2-rollback") == {"orders": ["orders v1"], "catalog": ["catalog v1"]}
    rollback = world.release("v2-rollback")
    assert (rollback.rollback_of, rollback.on_failure) == ("v2", "continue")
    assert world.release("v2").rolled_back_by == "v2-rollback"
    header = world.item("release", "v2-rollback")
    assert (header["channel"], header["requester"]) == ("rollback", "onFailure of release v2")
    entry = world.item("release", "v2")["audit"][-1]
    assert entry["what"] == "rolled back by release v2-rollback"
    assert (entry["who"], entry["before"], entry["after"]) == (
        "onFailure of release v2",
        "FAILED",
        "FAILED",
    )


@pytest.mark.parametrize("policy", ["halt", "continue", "stop"])
def test_no_other_policy_rolls_back(world: ReleaseWorld, policy: str) -> None:
    """A person decides."""
    _, closed = run(world, "v2", "orders", bad="orders", onFailure=policy)
    assert closed["rollback"] is None
    assert "roll" not in closed["why"]


def test_a_success_is_not_rolled_back(world: ReleaseWorld) -> None:
    """The policy is about failures."""
    _, closed = run(world, "v2", "orders", **ROLLBACK)
    assert (closed["status"], closed["rollback"]) == ("SUCCEEDED", None)


def test_a_release_that_a_person_stopped_is_not_rolled_back(world: ReleaseWorld) -> None:
    """Whoever cancels decides what comes next."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, release_id="v2")
    world.cancel(arn)
    release = world.release("v2")
    assert (release.status, release.rolls_back_as) == (ReleaseStatus.CANCELLED, None)
    assert world.close_release().at_end("v2", arn)["rollback"] is None


def test_what_was_good_nowhere_is_told_and_nothing_is_started(world: ReleaseWorld) -> None:
    """A first release has nothing to go back to."""
    _, closed = run(world, "v2", "payments", bad="payments", **ROLLBACK)
    assert closed["rollback"] is None
    assert closed["why"].endswith(
        "\nthere is nothing to roll back in release v2:\n"
        "- payments: no release has succeeded in this pipeline before v2"
    )


def test_more_than_the_ledger_holds_is_refused(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is claimed, with a way out."""
    text = failed(world)
    monkeypatch.setattr(rolling_back, "MAX_BYTES", 100)
    with pytest.raises(RollbackRefused, match=r"the ledger holds at most 100\. Write it to a file"):
        world.open_release(world.start(text))


def test_an_id_that_is_taken_is_not_taken_away(world: ReleaseWorld) -> None:
    """Another release may have the name that a rollback would have."""
    run(world, "v2-rollback", "payments")
    _, closed = run(world, "v2", "orders", bad="orders", **ROLLBACK)
    assert closed["rollback"]["release_id"] == "v2-rollback-2"


def test_each_attempt_has_a_rollback_of_its_own(world: ReleaseWorld) -> None:
    """A resume that fails too starts another execution; the late close of the first one does not.

    Nobody has rolled the release back in between.
    """
    first, closed = run(world, "v2", "orders", bad="orders", **ROLLBACK)
    again = {"releaseId": "v2", "pipelines": ["orders"], **ROLLBACK, "resume": True}
    second = world.start(write_json(again))
    assert world.open_release(second)["outcome"] == "OPENED"
    assert world.release("v2").rolls_back_as is None
    repeated = finish(world, second, "v2", "orders", bad="orders")
    assert repeated["rollback"]["release_id"] == "v2-rollback"
    assert repeated["rollback"]["execution_name"] != closed["rollback"]["execution_name"]
    assert world.close_release().at_end("v2", first)["rollback"] is None


def test_the_name_of_the_execution_is_one_that_aws_takes(world: ReleaseWorld) -> None:
    """At most 80 characters, of those that CloudWatch Logs takes too."""
    long = "2026.11+" + "x" * 92
    _, closed = run(world, long, "orders", bad="orders", **ROLLBACK)
    name = closed["rollback"]["execution_name"]
    assert len(name) <= 80
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len(closed["rollback"]["release_id"]) <= 100


def test_a_workflow_that_failed_itself_says_that_nothing_is_rolled_back(
    world: ReleaseWorld,
) -> None:
    """Nobody shall wait for a rollback that the workflow did not live to start."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, release_id="v2")
    world.step_functions.end(arn, "FAILED")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    release = world.release("v2")
    assert (release.status, release.rolls_back_as) == (ReleaseStatus.FAILED, None)
    assert "The automatic rollback was not started. Start it by hand" in str(release.why)


# Races


@pytest.mark.parametrize("method", ["claim", "put_pipelines"])
def test_an_opening_that_died_is_opened_whole(world: ReleaseWorld, method: str) -> None:
    """The retry makes the same manifest, and finds its own claim and link."""
    arn = world.start(failed(world))
    with crash_after(Openings, method):
        world.open_release(arn)
    assert world.open_release(arn)["outcome"] == "OPENED"
    assert set(world.release("v2-rollback").pipelines) == {"orders", "catalog"}
    links = [
        each["what"]
        for each in world.item("release", "v2")["audit"]
        if each["what"].startswith("rolled back")
    ]
    assert links == ["rolled back by release v2-rollback"]


def test_a_rollback_that_starts_twice_runs_once(world: ReleaseWorld) -> None:
    """A second execution with the same request finds the first one's release."""
    text = failed(world)
    first, second = world.start(text), world.start(text)
    world.open_release(first)
    finish(world, first, "v2-rollback", "catalog", "orders")
    answer = world.open_release(second)
    assert (answer["outcome"], answer["released_by"]) == ("ALREADY_RELEASED", first)


def test_a_later_release_that_was_quicker_keeps_what_it_ran(world: ReleaseWorld) -> None:
    """It took ``orders`` first: the rollback waits for its end, and then leaves that alone."""
    text = failed(world)
    later = world.begin("orders", release_id="v3")
    arn = world.start(text)
    assert world.open_release(arn)["outcome"] == "BUSY"
    finish(world, later, "v3", "orders")
    assert world.open_release(arn)["outcome"] == "OPENED"
    assert pins(world, "v2-rollback") == {"catalog": ["catalog v1"]}


def test_a_later_release_that_ran_nothing_is_no_conflict(world: ReleaseWorld) -> None:
    """It held the pipelines, was stopped, and changed nothing."""
    text = failed(world)
    later = world.begin("orders", release_id="v3")
    world.cancel(later, "no")
    assert world.open_release(world.start(text))["pipelines"] == ["catalog", "orders"]


def test_later_releases_of_all_its_pipelines_leave_nothing_to_do(world: ReleaseWorld) -> None:
    """Then the rollback is refused, and says for whose sake."""
    text = failed(world)
    run(world, "v3", "orders", "catalog")
    with pytest.raises(RollbackRefused, match="- orders: release v3 has run this pipeline since"):
        world.open_release(world.start(text))
    assert world.release("v2").rolled_back_by is None
    told = world.item("release", "v2")["audit"][-1]["what"]
    assert told.startswith("rollback v2-rollback was refused: there is nothing to roll back")


@pytest.mark.parametrize("bad", ["", "orders"], ids=("well", "in vain"))
def test_a_release_that_ran_while_the_rollback_was_opened_is_seen(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    """What was read before the pipelines were taken is read again, and all of it tried again."""
    arn = world.start(failed(world))
    taken = Reservations.take

    def take(self: Reservations, *args: Any) -> bool:
        patch.undo()
        run(world, "v3", "orders", bad=bad)
        return taken(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Reservations, "take", take)
        with pytest.raises(LedgerBusy, match="has just changed"):
            world.open_release(arn)
    assert world.open_release(arn)["pipelines"] == ["catalog"]


def test_the_release_that_ran_a_pipeline_last_is_on_record(world: ReleaseWorld) -> None:
    """Its close says so; who only held it, or gave it back at once, leaves that as it is."""
    stopped = world.begin("orders", release_id="v2")
    world.cancel(stopped, "no")
    arn = world.begin("catalog", release_id="v3")
    finish(world, arn, "v3", "catalog", bad="catalog")
    latest = {each["pipeline"]: each["latest_release"] for each in world.items("pipelines")}
    assert latest == {"orders": "v1", "catalog": "v3"}


def test_a_release_that_died_may_have_been_the_last_to_run(world: ReleaseWorld) -> None:
    """Whoever takes its pipelines over says so in the place of its close, which comes too late."""
    dead = world.begin("orders", release_id="v2")
    world.step_functions.end(dead, "FAILED")
    world.begin("orders", release_id="v3")
    (latest,) = [each for each in world.items("pipelines") if each["pipeline"] == "orders"]
    assert (latest["latest_release"], latest["held_for"]) == ("v1", "v3")
    assert latest["taken_from"] == {"v2"}


def test_a_resume_that_was_quicker_wins(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is written with the claim, or neither is; and the pipelines are given back."""
    again = {"releaseId": "v2", "pipelines": ["orders", "catalog"], **ROLLBACK, "resume": True}
    rollback = world.start(failed(world))
    claim = Openings.claim

    def resume_and_claim(self: Openings, opening: Any) -> Any:
        patch.undo()
        for name in opening.manifest.names:
            world.ledger.locks.free(name, opening.execution_arn)
        world.open_release(world.start(write_json(again)))
        return claim(self, opening)

    with monkeypatch.context() as patch:
        patch.setattr(Openings, "claim", resume_and_claim)
        with pytest.raises(RollbackRefused, match="was just resumed"):
            world.open_release(rollback)
    assert world.ledger.get_header("v2-rollback") is None
    assert world.release("v2").rolled_back_by is None
    with pytest.raises(RollbackRefused, match="still runs"):
        world.open_release(rollback)


def test_what_was_rolled_back_is_not_resumed(world: ReleaseWorld) -> None:
    """Half of it would be missing: it needs an id of its own."""
    world.open_release(world.start(failed(world)))
    again = {"releaseId": "v2", "pipelines": ["orders", "catalog"], **ROLLBACK, "resume": True}
    with pytest.raises(ReleaseNotResumable, match="rolled back by release v2-rollback"):
        world.open_release(world.start(write_json(again)))
