"""A release is found from its hand-in on, whatever happens between the two reads."""

from types import SimpleNamespace
from typing import Any

import pytest

from release_core.domain.release import Release
from release_machine.actions.find import find_release, known_release
from tests.worlds.ledger_world import LedgerWorld

ARN = "arn:execution"


class Opening:
    """A ledger in which a release waits, and is opened right before its list is read."""

    def __init__(self, opened: Release) -> None:
        self._opened = opened
        self._is_open = False

    def get_release(self, name: str) -> Release | None:
        """Return the release when it is opened."""
        return self._opened if self._is_open and name == self._opened.release_id else None

    def release_opened_by(self, _execution_arn: str) -> None:
        """Return none: it is asked for by its id."""

    def pending(self) -> list[Release]:
        """Return nothing that waits: it is opened meanwhile."""
        self._is_open = True
        return []


@pytest.fixture
def session() -> Any:
    """A session with such a ledger."""
    world = LedgerWorld()
    world.open("r", "a")
    ledger = Opening(world.release("r"))
    return SimpleNamespace(ledger=ledger, deployment=SimpleNamespace(execution_arn=lambda _: ARN))


def test_it_is_opened_between_the_two_reads(session: Any) -> None:
    """Then it waits no more, and is on record."""
    found, arn = find_release(session, "r")
    assert found is not None
    assert (found.release_id, arn) == ("r", found.execution_arn)


def test_a_known_release_is_opened_between_the_two_reads(session: Any) -> None:
    """The commands that only show a release find it, too."""
    assert known_release(session, "r").release_id == "r"
