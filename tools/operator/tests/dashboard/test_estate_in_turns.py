"""The front page finds every release that goes on, however old, with few calls at each look."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from release_core.clock import to_iso
from release_core.domain.release import Release
from release_core.ledger.dynamodb import to_attributes
from release_core.strict_json import write_json
from release_machine.dashboard.estate_in_turns import EstateInTurns
from release_machine.dashboard.open_in_turns import OpenInTurns
from release_machine.release.model import Snapshot
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import run
from tests.worlds.votes import ADA, GRACE, answer, approval
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.estate_world import estate_session, world_after_a_release

NEWER = 120  # releases: more than a look reads
SIGNED_OFF = {
    "releaseId": "r",
    "pipelines": ["orders"],
    "approvals": [approval("sign-off", "orders")],
}


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders``."""
    return world_after_a_release()


def reader_of(world: ReleaseWorld) -> EstateInTurns:
    """The reader of the front page, as a session of a user creates it."""
    return EstateInTurns(estate_session(world), world.clock)


def add_newer(world: ReleaseWorld) -> None:
    """Put closed releases on record that were opened later than all others."""
    for number in range(NEWER):
        moment = to_iso(world.clock() + timedelta(seconds=number))
        item = {
            **world.item("release", "v1"),
            "release_id": f"newer-{number}",
            "opened_at": moment,
            "closed_at": moment,
        }
        world.client.put_item(TableName="releases", Item=to_attributes(item))


def test_what_runs_and_waits(world: ReleaseWorld) -> None:
    """What runs with its pipelines, what waits and why, what has ended."""
    running = world.begin("orders", release_id="v3")
    world.wait(running, "orders", "v3")
    waiting = world.start('{"releaseId": "v4", "pipelines": ["orders"], "onBusy": "wait"}')
    world.open_release(waiting)
    estate = reader_of(world).read()
    (open_release,), (pending,) = estate.running, estate.waiting
    assert (open_release.release_id, [*open_release.pipelines]) == ("v3", ["orders"])
    assert pending.release.release_id == "v4"
    assert "orders is held by release v3" in str(pending.reasons[0])
    assert [each.release_id for each in estate.latest] == ["v1"]


def test_an_old_release_that_waits_only_for_an_approval(world: ReleaseWorld) -> None:
    """Its retry holds no pipeline, and many releases were opened since its first attempt."""
    first = world.start(write_json(SIGNED_OFF))
    world.open_release(first)
    world.wait_for_all(first)
    world.complete("orders")
    answer(world, GRACE, approves=False, name="sign-off")
    assert world.close(first)["status"] == "FAILED"
    add_newer(world)
    run(world, "v2", "orders")
    retried = world.start(write_json({"retry": "r"}))
    assert world.open_release(retried)["pipelines"] == ["sign-off"]
    world.wait(retried, "sign-off")
    assert world.ledger.lock_holders(["orders"]) == {}

    reader = reader_of(world)
    assert [each.release_id for each in reader.read().running] == ["r"]
    assert not reader.is_whole
    answer(world, ADA, name="sign-off")
    assert world.close(retried)["status"] == "SUCCEEDED"
    assert reader.read().running == ()
    assert reader.is_whole


class Record:
    """A ledger with these pages of open releases, which counts the calls."""

    def __init__(self, *pages: list[Release]) -> None:
        self.pages: list[list[Release] | Exception] = [*pages]
        self.calls = 0

    def open_headers(self) -> Iterator[list[Release]]:
        """Read one page after the other."""
        for page in self.pages:
            self.calls += 1
            if isinstance(page, Exception):
                raise page
            yield page


class Clock:
    """A time that a test sets."""

    now = at(0)

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def test_a_look_makes_one_call_and_a_search_has_pauses(running: Snapshot) -> None:
    """Found releases stay known until a whole later search has not found them."""
    (release_id, page), clock = (running.release.release_id, [running.release]), Clock()
    record = Record([], page, [])
    turns = OpenInTurns(record, clock)  # type: ignore[arg-type] # stands for the reader
    assert not turns.is_whole
    found = []
    for _ in range(5):
        found.append(([*turns.look()], turns.is_whole))
    new, known = ([release_id], False), ([release_id], True)
    assert found == [([], False), new, new, known, known]
    assert record.calls == 3
    record.pages = [[], []]
    turns.look()
    assert record.calls == 3
    clock.now += timedelta(minutes=1)
    assert [[*turns.look()] for _ in range(3)] == [[release_id], [release_id], []]
    assert record.calls == 5


def test_a_search_that_fails_begins_again(running: Snapshot) -> None:
    """What was known stays known: the part that was read says nothing about the rest."""
    (release_id, page), clock = (running.release.release_id, [running.release]), Clock()
    record = Record(page)
    turns = OpenInTurns(record, clock)  # type: ignore[arg-type] # stands for the reader
    turns.look()
    turns.look()
    clock.now += timedelta(minutes=1)
    record.pages = [[], ConnectionError()]
    turns.look()
    with pytest.raises(ConnectionError):
        turns.look()
    assert turns.is_whole
    record.pages = [[], page]
    assert [[*turns.look()] for _ in range(3)] == [[release_id]] * 3
