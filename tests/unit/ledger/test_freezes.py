"""The freezes of a deployment: one for each scope, none that has ended, all read with a release."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from release_core.apply.wiring import ReadingParts
from release_core.clock import now, to_iso
from release_core.domain.holds import Freeze, longest_freeze
from release_core.errors import FreezesFull, FrozenForLonger, LedgerBusy
from release_core.ledger.freezes import MAX_AUDIT, MAX_FREEZES
from release_core.ledger.history import HistoryReader
from release_core.ledger.items import freezes_key
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
    assert world.ledger.freezes.lift("*", by="arn:ada")
    assert world.ledger.get_freezes() == (payments,)
    assert not world.ledger.freezes.lift("*", by="arn:ada")


def test_a_freeze_that_ends_later_is_not_replaced() -> None:
    """It may be that of another person: the message names both, and how to lift it."""
    world = LedgerWorld()
    longer = freeze(world, hours=2)
    with pytest.raises(FrozenForLonger, match=r"by arn:ada: audit. .* unfreeze '\*'"):
        freeze(world)
    assert world.ledger.get_freezes() == (longer,)


def test_the_same_freeze_again_changes_nothing() -> None:
    """Also when the answer was lost: then the client writes again, and finds its own write."""
    world = LedgerWorld()
    table, same = type(world.ledger.freezes._releases), a_freeze(world)
    other = world.ledger_of("other").freezes
    with meanwhile(table, "update", before=lambda: other.put(same)):
        assert world.ledger.freezes.put(same) is None
    world.clock.advance(timedelta(minutes=1))
    assert world.ledger.freezes.put(replace(same, at=world.clock())) is None
    assert world.ledger.get_freezes() == (same,)
    assert len(audit(world)) == 1


def test_who_replaced_and_who_lifted_a_freeze_is_on_record() -> None:
    """The latest entries are kept, in the same item."""
    world = LedgerWorld()
    first = freeze(world)
    second = replace(a_freeze(world, hours=2), by="arn:bob", reason="incident")
    assert world.ledger.freezes.put(second) == first
    world.ledger.freezes.lift("*", by="arn:joan")
    assert [
        (each["who"], each["what"], each["before"], each["after"]) for each in audit(world)
    ] == [
        ("arn:ada", "froze *: audit", None, to_iso(first.until)),
        (
            "arn:bob",
            "froze *: incident; replaced the freeze by arn:ada: audit",
            to_iso(first.until),
            to_iso(second.until),
        ),
        ("arn:joan", "lifted the freeze of * by arn:bob: incident", to_iso(second.until), "lifted"),
    ]
    for hours in range(1, MAX_AUDIT + 1):
        freeze(world, hours=hours)
    assert len(audit(world)) == MAX_AUDIT
    assert {each["who"] for each in audit(world)} == {"arn:ada"}


def audit(world: LedgerWorld) -> list[Any]:
    """The entries of the item with the freezes."""
    (item,) = world.ledger.freezes._releases.get_all([freezes_key()])
    found: list[Any] = item["audit"]
    return found


def test_freezes_that_have_ended_are_removed_with_the_next_write() -> None:
    """A freeze that has ended holds nothing, and makes room for others."""
    world = LedgerWorld()
    freeze(world, "orders")
    world.clock.advance(timedelta(hours=1))
    assert longest_freeze(world.ledger.get_freezes(), "orders", world.clock()) is None
    catalog = freeze(world, "catalog")
    assert world.ledger.get_freezes() == (catalog,)
    world.clock.advance(timedelta(hours=1))
    assert not world.ledger.freezes.lift("catalog", by="arn:ada")


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
    with meanwhile(table, "update", before=lambda: other.lift("*", by="arn:ada")):
        assert world.ledger.freezes.lift("*", by="arn:ada")


def test_freezes_that_others_write_all_the_time_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After many tries the caller is asked to try again."""
    world = LedgerWorld()
    freeze(world)
    monkeypatch.setattr("release_core.ledger.freezes._TRIES", 0)
    with pytest.raises(LedgerBusy, match="try again"):
        freeze(world, "orders")
