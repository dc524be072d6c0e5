"""What a release waits for before it is opened, and which releases wait for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.clock import to_iso
from release_core.domain.queue import Lock, Place
from release_core.domain.release import Release
from release_core.ledger.history import HistoryReader
from release_machine.release.busy import Behind, BusyPipelines, HeldUntil, Hold, held_until
from tests.worlds.ledger_world import TABLES, LedgerWorld, an_opening

MINE = "arn:execution:mine"
SINCE = "2026-11-22T09:00:00Z"


class Scene:
    """The ledger, and what is read from it."""

    def __init__(self) -> None:
        self.world = LedgerWorld()
        self.history = HistoryReader(self.world.client, TABLES)
        self.busy = BusyPipelines(ledger=self.history, clock=self.world.clock)

    def lock(self, pipeline: str, release_id: str) -> None:
        """Let a release lock a pipeline."""
        arn, since = f"arn:execution:{release_id}", self.world.clock()
        place = Place(release_id=release_id, execution_arn=arn, since=since)
        assert self.world.ledger.locks.take(Lock(pipeline=pipeline), place) is None

    def enqueue(self, minutes: int, release_id: str, *pipelines: str) -> None:
        """Let a release that came after these minutes wait for pipelines."""
        opening = an_opening(release_id, *pipelines)
        came_at = opening.came_at + timedelta(minutes=minutes)
        self.world.ledger.locks.enqueue(pipelines, replace(opening, came_at=came_at))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_pipelines_that_other_releases_hold(scene: Scene) -> None:
    """They are in the manifest's order, without free pipelines and those of the release."""
    for name, release_id in (("orders", "other"), ("web", "mine"), ("catalog", "third")):
        scene.lock(name, release_id)
    names = ("web", "catalog", "orders", "mail")
    scene.enqueue(1, "mine", *names)
    first, second = scene.busy.waited_for(MINE, names)
    assert first == Hold(
        pipeline="catalog",
        release_id="third",
        execution_arn="arn:execution:third",
        since=scene.world.clock(),
    )
    assert str(first) == f"catalog is held by release third since {SINCE}"
    assert str(second) == f"orders is held by release other since {SINCE}"


def test_an_execution_that_does_not_wait(scene: Scene) -> None:
    """An execution that is opening its release waits for nothing, and neither does an open one."""
    scene.lock("orders", "other")
    assert scene.busy.waited_for(MINE, ["orders"]) == []
    scene.enqueue(1, "mine", "orders")
    scene.world.open("mine", "orders")
    assert scene.busy.waited_for(MINE, ["orders"]) == []


def test_a_free_pipeline_that_an_earlier_release_waits_for(scene: Scene) -> None:
    """It is named with that release; a release that came later is not in the way."""
    for minutes, release_id in ((1, "other"), (2, "mine"), (3, "later")):
        scene.enqueue(minutes, release_id, "orders")
    (hold,) = scene.busy.waited_for(MINE, ["orders"])
    assert isinstance(hold, Hold)
    assert hold.waits
    assert str(hold) == "orders is first reserved for release other since 2026-11-22T09:01:00Z"


def test_a_release_that_is_held(scene: Scene) -> None:
    """Until its time comes, it waits for nothing else."""
    scene.lock("orders", "other")
    start = scene.world.clock() + timedelta(hours=1)
    scene.world.ledger.locks.hold(an_opening("mine", notBefore=to_iso(start)))
    (held,) = scene.busy.waited_for(MINE, ["orders"])
    assert (held, str(held)) == (HeldUntil(start), "held until 2026-11-22T10:00:00Z")
    assert held_until([held]) == start
    scene.world.clock.advance(timedelta(hours=1))
    (hold,) = scene.busy.waited_for(MINE, ["orders"])
    assert isinstance(hold, Hold)
    assert held_until([hold]) is None


def test_who_waits_for_a_release_in_order(scene: Scene) -> None:
    """Each release that waits for a pipeline which this one holds is named once, in order."""
    scene.world.open("mine", "orders", "catalog", "mail")
    scene.lock("orders", "mine")
    scene.lock("catalog", "mine")
    scene.lock("mail", "other")
    scene.enqueue(2, "second", "catalog", "mail", "orders")
    scene.enqueue(1, "first", "orders")
    first, second = scene.busy.behind(scene.world.release("mine"))
    assert first == Behind(
        release_id="first",
        execution_arn="arn:execution:first",
        since=scene.world.clock() + timedelta(minutes=1),
        pipelines=("orders",),
    )
    assert str(second) == "release second since 2026-11-22T09:02:00Z: catalog, orders"


def test_releases_that_wait_are_among_the_latest(scene: Scene) -> None:
    """They are listed by the time when they were handed in, and run as far as users can see."""
    scene.world.open("mine", "orders")
    scene.enqueue(1, "waiting", "orders")
    scene.enqueue(-1, "earlier", "orders")
    ids = ["waiting", "mine", "earlier"]
    assert [each.release_id for each in scene.history.latest(5)] == ids
    assert [each.release_id for each in scene.history.latest(1)] == ids[:1]
    assert [each.pending for each in scene.history.latest(5, statuses=["RUNNING"])] == [
        True,
        False,
        True,
    ]
    assert scene.history.latest(5, statuses=["FAILED"]) == []


def test_a_release_that_is_opened_meanwhile_is_listed_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two reads it is opened; it is neither missed nor listed twice."""
    scene.enqueue(0, "mine", "orders")
    waiting = list(scene.history.pending())

    def opened_then() -> list[Release]:
        scene.world.open("mine", "orders")
        return waiting

    monkeypatch.setattr(scene.history, "pending", opened_then)
    assert [each.pending for each in scene.history.latest(5)] == [False]
