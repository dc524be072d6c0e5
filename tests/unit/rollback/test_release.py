"""A release is rolled back by another one, automatically or by a person, and once."""

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
from tests.worlds.faults import crash_after, meanwhile
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, failed, finish, pins, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


def test_the_close_names_the_rollback_to_start(world: ReleaseWorld) -> None:
    """A FAILED release with onFailure rollback names its rollback in output and reason."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    assert closed["status"] == "FAILED"
    start = closed["rollback"]
    assert start["release_id"] == "v2-rollback"
    assert start["execution_name"].startswith("rollback-of-v2-")
    assert closed["why"].endswith("\nrelease v2-rollback rolls back: catalog, orders")
    assert world.close_release().at_end("v2", arn) == closed


def test_the_rollback_ships_the_earlier_revisions(world: ReleaseWorld) -> None:
    """The rollback ships v1's revisions in reverse order, and both releases link each other."""
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
    """With halt, continue or stop, a failed release is not rolled back."""
    _, closed = run(world, "v2", "orders", bad="orders", onFailure=policy)
    assert closed["rollback"] is None
    assert "roll" not in closed["why"]


def test_a_success_is_not_rolled_back(world: ReleaseWorld) -> None:
    """A release that succeeded is not rolled back."""
    _, closed = run(world, "v2", "orders", **ROLLBACK)
    assert (closed["status"], closed["rollback"]) == ("SUCCEEDED", None)


def test_a_cancelled_release_is_not_rolled_back(world: ReleaseWorld) -> None:
    """A release that a person cancelled is not rolled back."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, release_id="v2")
    world.cancel(arn)
    release = world.release("v2")
    assert (release.status, release.rolls_back_as) == (ReleaseStatus.CANCELLED, None)
    assert world.close_release().at_end("v2", arn)["rollback"] is None


def test_a_first_release_has_nothing_to_roll_back_to(world: ReleaseWorld) -> None:
    """Without an earlier success, the reason says so and no rollback starts."""
    _, closed = run(world, "v2", "payments", bad="payments", **ROLLBACK)
    assert closed["rollback"] is None
    assert closed["why"].endswith(
        "\nthere is nothing to roll back in release v2:\n"
        "- payments: no release has succeeded in this pipeline before v2"
    )


def test_a_rollback_that_is_too_large_is_rejected(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback manifest that exceeds the limit is rejected before its id is claimed."""
    text = failed(world)
    monkeypatch.setattr(rolling_back, "MAX_BYTES", 100)
    with pytest.raises(RollbackRefused, match=r"the ledger holds at most 100\. Write it to a file"):
        world.open_release(world.start(text))


def test_a_used_rollback_id_is_skipped(world: ReleaseWorld) -> None:
    """If another release has the rollback's id, the rollback gets the next number."""
    run(world, "v2-rollback", "payments")
    _, closed = run(world, "v2", "orders", bad="orders", **ROLLBACK)
    assert closed["rollback"]["release_id"] == "v2-rollback-2"


def test_each_attempt_has_a_rollback_of_its_own(world: ReleaseWorld) -> None:
    """A second failed attempt starts another rollback; the late close of the first does not."""
    first, closed = run(world, "v2", "orders", bad="orders", **ROLLBACK)
    again = {"releaseId": "v2", "pipelines": ["orders"], **ROLLBACK, "resume": True}
    second = world.start(write_json(again))
    assert world.open_release(second)["outcome"] == "OPENED"
    assert world.release("v2").rolls_back_as is None
    repeated = finish(world, second, "v2", "orders", bad="orders")
    assert repeated["rollback"]["release_id"] == "v2-rollback"
    assert repeated["rollback"]["execution_name"] != closed["rollback"]["execution_name"]
    assert world.close_release().at_end("v2", first)["rollback"] is None


def test_the_name_of_the_execution_is_valid(world: ReleaseWorld) -> None:
    """The execution name has at most 80 characters, only letters, digits, - and _."""
    long = "2026.11+" + "x" * 92
    _, closed = run(world, long, "orders", bad="orders", **ROLLBACK)
    name = closed["rollback"]["execution_name"]
    assert len(name) <= 80
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len(closed["rollback"]["release_id"]) <= 100


def test_a_failed_workflow_reports_that_no_rollback_was_started(
    world: ReleaseWorld,
) -> None:
    """If the workflow itself fails, the reason says that no rollback was started."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, release_id="v2")
    world.step_functions.end(arn, "FAILED")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    release = world.release("v2")
    assert (release.status, release.rolls_back_as) == (ReleaseStatus.FAILED, None)
    assert "The automatic rollback was not started. Start it by hand" in str(release.why)


# Races


@pytest.mark.parametrize("method", ["claim", "put_pipelines"])
def test_a_crashed_opening_is_completed_by_its_retry(world: ReleaseWorld, method: str) -> None:
    """The retry builds the same manifest and finds its own claim and link."""
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
    """A second execution with the same request returns the first one's release."""
    text = failed(world)
    first, second = world.start(text), world.start(text)
    world.open_release(first)
    finish(world, first, "v2-rollback", "catalog", "orders")
    answer = world.open_release(second)
    assert (answer["outcome"], answer["released_by"]) == ("ALREADY_RELEASED", first)


def test_a_rollback_waits_for_a_later_release_and_skips_its_pipelines(world: ReleaseWorld) -> None:
    """A rollback waits for a later release, and leaves out the pipelines that this one ran."""
    text = failed(world)
    later = world.begin("orders", release_id="v3")
    arn = world.start(text)
    assert world.open_release(arn)["outcome"] == "BUSY"
    finish(world, later, "v3", "orders")
    assert world.open_release(arn)["outcome"] == "OPENED"
    assert pins(world, "v2-rollback") == {"catalog": ["catalog v1"]}


def test_a_later_release_that_ran_nothing_is_no_conflict(world: ReleaseWorld) -> None:
    """A later release that was cancelled before it ran anything is no conflict."""
    text = failed(world)
    later = world.begin("orders", release_id="v3")
    world.cancel(later, "no")
    assert world.open_release(world.start(text))["pipelines"] == ["catalog", "orders"]


def test_a_rollback_without_remaining_pipelines_is_rejected(world: ReleaseWorld) -> None:
    """If later releases ran all its pipelines, the rollback is rejected and names them."""
    text = failed(world)
    run(world, "v3", "orders", "catalog")
    with pytest.raises(RollbackRefused, match="- orders: release v3 has run this pipeline since"):
        world.open_release(world.start(text))
    assert world.release("v2").rolled_back_by is None
    told = world.item("release", "v2")["audit"][-1]["what"]
    assert told.startswith("rollback v2-rollback was refused: there is nothing to roll back")


@pytest.mark.parametrize("bad", ["", "orders"], ids=("well", "in vain"))
def test_a_release_during_the_opening_of_a_rollback_is_noticed(
    world: ReleaseWorld, bad: str
) -> None:
    """If a release runs before the pipelines are held, the opening fails and is tried again."""
    arn = world.start(failed(world))
    with (
        meanwhile(Reservations, "take", before=lambda: run(world, "v3", "orders", bad=bad)),
        pytest.raises(LedgerBusy, match="has just changed"),
    ):
        world.open_release(arn)
    assert world.open_release(arn)["pipelines"] == ["catalog"]


def test_the_last_release_that_ran_a_pipeline_is_recorded(world: ReleaseWorld) -> None:
    """The close of a release records it; a release that ran nothing does not change the record."""
    stopped = world.begin("orders", release_id="v2")
    world.cancel(stopped, "no")
    arn = world.begin("catalog", release_id="v3")
    finish(world, arn, "v3", "catalog", bad="catalog")
    latest = {each["pipeline"]: each["latest_release"] for each in world.items("pipelines")}
    assert latest == {"orders": "v1", "catalog": "v3"}


def test_a_crashed_holder_is_recorded_by_the_next_one(world: ReleaseWorld) -> None:
    """A release that takes over a pipeline from a crashed one records that one."""
    dead = world.begin("orders", release_id="v2")
    world.step_functions.end(dead, "FAILED")
    world.begin("orders", release_id="v3")
    (latest,) = [each for each in world.items("pipelines") if each["pipeline"] == "orders"]
    assert (latest["latest_release"], latest["held_for"]) == ("v1", "v3")
    assert latest["taken_from"] == {"v2"}


def test_a_resume_before_the_claim_of_the_rollback_wins(world: ReleaseWorld) -> None:
    """The claim of a rollback fails if the release was resumed, and the pipelines are freed."""
    again = {"releaseId": "v2", "pipelines": ["orders", "catalog"], **ROLLBACK, "resume": True}
    request = failed(world)
    rollback = world.start(request)

    def resume() -> None:
        for name in ("catalog", "orders"):
            world.ledger.locks.free(name, rollback)
        world.open_release(world.start(write_json(again)))

    with (
        meanwhile(Openings, "claim", before=resume),
        pytest.raises(RollbackRefused, match="was just resumed"),
    ):
        world.open_release(rollback)
    assert world.ledger.get_header("v2-rollback") is None
    assert world.release("v2").rolled_back_by is None
    with pytest.raises(RollbackRefused, match="was just resumed"):
        world.open_release(rollback)  # a retry of the task answers as the first try
    with pytest.raises(RollbackRefused, match="was resumed as attempt 2"):
        world.open_release(world.start(request))


def test_a_rolled_back_release_is_not_resumed(world: ReleaseWorld) -> None:
    """A release that was rolled back cannot be resumed."""
    world.open_release(world.start(failed(world)))
    again = {"releaseId": "v2", "pipelines": ["orders", "catalog"], **ROLLBACK, "resume": True}
    with pytest.raises(ReleaseNotResumable, match="rolled back by release v2-rollback"):
        world.open_release(world.start(write_json(again)))
