"""The title, the notes and the kind of a release are recorded, announced, and stay."""

import json
from datetime import timedelta
from typing import Any

import pytest

from release_core.clock import to_iso
from release_core.domain.release import Release, ReleaseKind
from release_core.ledger.history import HistoryReader
from release_core.manifest.limits import MAX_TITLE
from release_core.strict_json import write_json
from tests.worlds.ledger_world import TABLES
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import failed, finish, run

ABOUT: dict[str, Any] = {"title": "Prices with tax", "notes": "At 18:00.\nAsk Maria."}
HOTFIX: dict[str, Any] = ABOUT | {"kind": "hotfix"}


def about(release: Release) -> tuple[str | None, str | None, ReleaseKind]:
    """What is on record of the release."""
    return release.title, release.notes, release.kind


def known(world: ReleaseWorld, release_id: str = "r") -> Release:
    """What people read of a release."""
    client: Any = world.dynamodb
    release = HistoryReader(client, TABLES).get_release(release_id)
    assert release
    return release


def latest(world: ReleaseWorld) -> list[Release]:
    """What people read of the latest release."""
    client: Any = world.dynamodb
    return HistoryReader(client, TABLES).latest(1)


def announced(world: ReleaseWorld, release_id: str = "r") -> set[tuple[str | None, str | None]]:
    """The title and kind in every event of a release."""
    details = [json.loads(entry["Detail"]) for entry in world.events.entries]
    of_release = [each for each in details if each["releaseId"] == release_id]
    assert all("notes" not in each for each in of_release)
    return {(each["title"], each["releaseKind"]) for each in of_release}


@pytest.fixture
def world() -> ReleaseWorld:
    """An account."""
    return ReleaseWorld()


def test_it_is_recorded_and_announced(world: ReleaseWorld) -> None:
    """From the opening to the close, for functions and for people."""
    _, closed = run(world, "r", "orders", **HOTFIX)
    assert closed["status"] == "SUCCEEDED"
    assert about(known(world)) == (*ABOUT.values(), ReleaseKind.HOTFIX)
    assert about(world.release()) == (ABOUT["title"], None, ReleaseKind.HOTFIX)
    assert announced(world) == {("Prices with tax", "hotfix")}


def test_the_notes_are_not_in_the_header(world: ReleaseWorld) -> None:
    """Each write of the header costs a unit for each KB of it. A list does not have the notes."""
    arn = world.begin("orders", **HOTFIX)
    assert world.open_release(arn)["outcome"] == "OPENED"  # a retry of the invocation
    assert "notes" not in world.item("release")
    assert world.item("notes")["notes"] == ABOUT["notes"]
    (listed,) = latest(world)
    assert about(listed) == (ABOUT["title"], None, ReleaseKind.HOTFIX)
    assert about(known(world)) == (*ABOUT.values(), ReleaseKind.HOTFIX)


def test_without_it_nothing_is_said(world: ReleaseWorld) -> None:
    """A release is standard."""
    run(world, "r", "orders")
    assert about(known(world)) == (None, None, ReleaseKind.STANDARD)
    assert announced(world) == {(None, "standard")}


def test_a_held_release_has_it(world: ReleaseWorld) -> None:
    """Also before it is opened."""
    manifest = {"releaseId": "r", "pipelines": ["orders"], **HOTFIX}
    held = manifest | {"notBefore": to_iso(world.clock() + timedelta(hours=2))}
    assert world.open_release(world.start(write_json(held)))["outcome"] == "HELD"
    (pending,) = latest(world)
    assert pending.pending
    assert about(pending) == (*ABOUT.values(), ReleaseKind.HOTFIX)
    assert announced(world) == {("Prices with tax", "hotfix")}


def test_a_retry_keeps_it(world: ReleaseWorld) -> None:
    """By the manifest on record, or by a manifest with another title."""
    run(world, "r", "orders", bad="orders", **HOTFIX)
    for again in ({"retry": "r"}, {"releaseId": "r", "pipelines": ["orders"], "resume": True}):
        arn = world.start(write_json(again))
        assert world.open_release(arn)["outcome"] == "OPENED"
        assert about(known(world)) == (*ABOUT.values(), ReleaseKind.HOTFIX)
        world.wait(arn)
        world.ship("again", fails=True)
        world.close(arn)
    assert announced(world) == {("Prices with tax", "hotfix")}


def test_a_retry_keeps_it_also_while_it_waits(world: ReleaseWorld) -> None:
    """A manifest that resumes the release has a title, notes and kind that do not count."""
    for release_id, keys, kept in (
        ("r", HOTFIX, (ABOUT["title"], None, ReleaseKind.HOTFIX)),
        ("plain", {}, (None, None, ReleaseKind.STANDARD)),
    ):
        run(world, release_id, "orders", bad="orders", **keys)
        other = {"title": "Other", "notes": "Other.", "kind": "standard" if keys else "hotfix"}
        again = {"releaseId": release_id, "pipelines": ["orders"], "resume": True, **other}
        held = again | {"notBefore": to_iso(world.clock() + timedelta(hours=2))}
        arn = world.start(write_json(held))
        assert world.open_release(arn)["outcome"] == "HELD"
        (pending,) = (each for each in latest(world) if each.pending)
        assert about(pending) == kept
        assert announced(world, release_id) == {(kept[0], kept[2].value)}
        world.step_functions.stop_execution(executionArn=arn)
        world.clock.advance(timedelta(minutes=1))


def test_the_same_manifest_with_another_title_is_the_same_release(world: ReleaseWorld) -> None:
    """What it had first stays."""
    run(world, "r", "orders", **HOTFIX)
    other = {"releaseId": "r", "pipelines": ["orders"], "title": "Something else"}
    assert world.open_release(world.start(write_json(other)))["outcome"] == "ALREADY_RELEASED"
    assert world.release().title == "Prices with tax"


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        ({}, "Roll back v2"),
        (HOTFIX, "Roll back v2: Prices with tax"),
        ({"title": "x" * MAX_TITLE}, f"Roll back v2: {'x' * (MAX_TITLE - 17)}..."),
    ],
)
def test_a_rollback_says_what_it_rolls_back(
    world: ReleaseWorld, keys: dict[str, Any], title: str
) -> None:
    """It repairs by going back, so it is no hotfix."""
    run(world, "v1", "orders", "catalog")
    asked = failed(world, **keys)
    assert world.open_release(world.start(asked))["outcome"] == "OPENED"
    assert about(world.release("v2-rollback")) == (title, None, ReleaseKind.STANDARD)
    assert announced(world, "v2-rollback") == {(title, "standard")}


def test_an_older_build_can_retry_a_rollback(world: ReleaseWorld) -> None:
    """The manifest on record has only keys that 0.2.0 knows, and the retry has the title, too."""
    run(world, "v1", "orders", "catalog")
    asked = failed(world, **HOTFIX)
    arn = world.start(asked)
    world.open_release(arn)
    recorded = world.ledger.get_manifest("v2-rollback") or {}
    known = {"releaseId", "rollbackOf", "pipelines", "onFailure", "onBusy"}
    assert recorded.keys() == known
    finish(world, arn, "v2-rollback", "orders", "catalog", bad="orders")

    world.begin("orders", release_id="v3")
    waits = write_json({"retry": "v2-rollback", "onBusy": "wait"})
    assert world.open_release(world.start(waits))["outcome"] == "BUSY"
    title = "Roll back v2: Prices with tax"
    (pending,) = (each for each in latest(world) if each.pending)
    assert pending.title == world.release("v2-rollback").title == title


def test_a_rollback_that_a_person_wrote_has_a_title(world: ReleaseWorld) -> None:
    """Its own, or what it rolls back; a plan of it says the same."""
    run(world, "v1", "orders", "catalog")
    failed(world)
    for number, (keys, title) in enumerate((({}, "Roll back v2"), (ABOUT, ABOUT["title"]))):
        back = {"releaseId": f"back-{number}", "rollbackOf": "v2", "pipelines": ["orders"], **keys}
        assert world.planner()(back).as_json()["title"] == title
        arn = world.start(write_json(back))
        assert world.open_release(arn)["outcome"] == "OPENED"
        assert world.release(back["releaseId"]).title == title
        assert world.planner()(back).as_json()["title"] == title
        finish(world, arn, back["releaseId"], "orders", bad="orders")
