"""The freezes of a deployment: one for each scope, none that has ended, all read with a release."""

from datetime import timedelta

import pytest

from release_core.apply.wiring import ReadingParts
from release_core.clock import now
from release_core.domain.holds import Freeze, longest_freeze
from release_core.errors import FreezesFull, LedgerBusy
from release_core.ledger.freezes import MAX_FREEZES
from release_core.ledger.history import HistoryReader
from tests.worlds.faults import meanwhile
from tests.worlds.ledger_world import TABLES, LedgerWorld


def a_freeze(world: LedgerWorld, scope: str = "*", *, hours: int = 1) -> Freeze:
    """A freeze that begins now."""
    at = world.clock()
    return Freeze(
        scope=scope, until=at + timedelta(hours=hours), reason="audit", by="arn:ada", at=at
    )


def freeze(world: LedgerWorld, scope: str = "*", *, hours: int = 1) -> Freeze:
    """Write a freeze that begins now."""
    freeze = a_freeze(world, scope, hours=hours)
    world.ledger.freezes.put(freeze)
    return freeze


def test_every_read_of_a_release_has_the_freezes() -> None:
    """A function that starts pipelines reads them with the header, in one call."""
    world = LedgerWorld()
    world.open("r", "orders")
    everything, payments = freeze(world), freeze(world, "payments-*")
    header, with_pipeline = world.ledger.get_header("r"), world.ledger.get_pipeline("r", "orders")
    assert header
    assert with_pipeline
    assert header.freezes == with_pipeline.freezes == (everything, payments)
    assert world.ledger.get_freezes() == (everything, payments)
    assert world.ledger.get_header("none") is None


def test_people_can_read_the_freezes() -> None:
    """The readers for people ask for the attributes of a freeze."""
    world = LedgerWorld()
    everything = freeze(world)
    parts = ReadingParts(client=lambda _: world.client, tables=TABLES, clock=now)
    assert parts.reader.get_freezes() == (everything,)
    assert HistoryReader(world.client, TABLES).get_freezes() == (everything,)


def test_a_scope_has_one_freeze() -> None:
    """A second freeze of a scope replaces the first; lifting it leaves the others."""
    world = LedgerWorld()
    freeze(world)
    payments = freeze(world, "payments-*")
    longer = freeze(world, hours=2)
    assert world.ledger.get_freezes() == (payments, longer)
    assert world.ledger.freezes.lift("*")
    assert world.ledger.get_freezes() == (payments,)
    assert not world.ledger.freezes.lift("*")


def test_freezes_that_have_ended_are_removed_with_the_next_write() -> None:
    """A freeze that has ended holds nothing, and makes room for others."""
    world = LedgerWorld()
    freeze(world, "orders")
    world.clock.advance(timedelta(hours=1))
    assert longest_freeze(world.ledger.get_freezes(), "orders", world.clock()) is None
    catalog = freeze(world, "catalog")
    assert world.ledger.get_freezes() == (catalog,)
    world.clock.advance(timedelta(hours=1))
    assert not world.ledger.freezes.lift("catalog")
    assert world.ledger.get_freezes() == ()


def test_the_longest_of_the_freezes_that_cover_a_pipeline_counts() -> None:
    """A name, a pattern and * cover a pipeline; a pattern of another name does not."""
    world = LedgerWorld()
    freezes = [
        a_freeze(world, "*"),
        a_freeze(world, "pay*", hours=3),
        a_freeze(world, "payments", hours=2),
        a_freeze(world, "orders", hours=9),
    ]
    longest = longest_freeze(freezes, "payments", world.clock())
    assert longest
    assert longest.scope == "pay*"


def test_the_number_of_freezes_is_limited() -> None:
    """Every start reads all of them. A scope that is frozen already can be frozen anew."""
    world = LedgerWorld()
    for number in range(MAX_FREEZES):
        freeze(world, f"p{number}")
    with pytest.raises(FreezesFull, match=r"p0, p1, .*Lift one|Lift one.*p0, p1"):
        freeze(world, "one more")
    freeze(world, "p0", hours=2)
    assert len(world.ledger.get_freezes()) == MAX_FREEZES


def test_two_freezes_at_the_same_moment_both_count() -> None:
    """Of two people who freeze at once, neither overwrites the other."""
    world = LedgerWorld()
    table = type(world.ledger.freezes._releases)
    with meanwhile(table, "update", before=lambda: freeze(world, "orders")):
        freeze(world, "payments")
    assert {each.scope for each in world.ledger.get_freezes()} == {"orders", "payments"}


def test_a_lift_whose_answer_is_lost_is_no_error() -> None:
    """The client writes again and finds its own write: the freeze is lifted."""
    world = LedgerWorld()
    freeze(world)
    table = type(world.ledger.freezes._releases)
    other = world.ledger_of("other").freezes
    with meanwhile(table, "update", before=lambda: other.lift("*")):
        assert world.ledger.freezes.lift("*")


def test_freezes_that_others_write_all_the_time_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After many tries the caller is asked to try again."""
    world = LedgerWorld()
    freeze(world)
    monkeypatch.setattr("release_core.ledger.freezes._TRIES", 0)
    with pytest.raises(LedgerBusy, match="try again"):
        freeze(world, "orders")
