"""A call that took effect, as the promises see it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from release_core.clock import to_iso
from tests.simulation.world.calls import Answer, Call
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import Start, World

GOING_ON = {"WAITING", "STARTING", "RUNNING"}


class Violated(AssertionError):
    """A promise is broken; `invariant` is its name."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(invariant, what)
        self.invariant = invariant

    def __str__(self) -> str:
        """Return the promise and what breaks it."""
        return ": ".join(self.args)


@dataclass(frozen=True)
class Happening:
    """A call of an invocation, its answer, and the item in the ledger before and after it."""

    world: World
    invocation: Invocation
    call: Call
    answer: Answer
    before: Item | None = None
    after: Item | None = None
    started: Start | None = None

    @property
    def now(self) -> str:
        """Return the time as in the ledger."""
        return to_iso(self.world.stores.clock())

    @property
    def header(self) -> Item | None:
        """Return the current header of the release that an update changes."""
        return self.header_of(self.release_id)

    def header_of(self, release_id: str) -> Item | None:
        """Return the header of a release."""
        return self.world.stores.item("releases", release_id, "release")

    def node_of(self, release_id: str, pipeline: str) -> Item | None:
        """Return a pipeline's item."""
        return self.world.stores.item("releases", release_id, f"pipeline#{pipeline}")

    def sibling(self, pipeline: str) -> Item | None:
        """Return the item of another pipeline of the release that an update changes."""
        return self.node_of(self.release_id, pipeline)

    @cached_property
    def item(self) -> str:
        """Return the item of the releases table that an update changes, or an empty text."""
        key = self.call.request.get("Key", {})
        return str(key["item"]["S"]) if "item" in key else ""

    @cached_property
    def release_id(self) -> str:
        """Return the id of the release that an update changes, or an empty text."""
        key = self.call.request.get("Key", {})
        return str(key["release_id"]["S"]) if "release_id" in key else ""

    @cached_property
    def node(self) -> str:
        """Return the pipeline whose item an update changes, or an empty text."""
        return self.item.removeprefix("pipeline#") if self.item.startswith("pipeline#") else ""

    @cached_property
    def changed_status(self) -> tuple[str, str] | None:
        """Return the status before and after, if this call changed it."""
        before, after = value(self.before, "status"), value(self.after, "status")
        return (before, after) if before != after else None

    def latest_answer(self, method: str) -> Any:
        """Return the latest response of this invocation to such a call, or None."""
        point = self.invocation.point
        for answer, call in zip(
            reversed(point.answers if point else ()), reversed(self.calls()), strict=True
        ):
            if call.method == method and answer.error is None:
                return answer.value
        return None

    def calls(self) -> tuple[Call, ...]:
        """Return the earlier calls of this invocation."""
        return self.invocation.point.calls if self.invocation.point else ()


def value(item: Item | None, name: str) -> str:
    """Return a text attribute of an item, or an empty text."""
    found = item.get(name) if item else None
    return str(next(iter(found.values()))) if found else ""


def list_of(item: Item | None, name: str) -> list[str]:
    """Return the texts of a list or set attribute, or an empty list."""
    found = item.get(name) if item else None
    match found:
        case {"L": list(members)}:
            return [str(next(iter(member.values()))) for member in members]
        case {"SS": list(members)}:
            return [str(member) for member in members]
    return []
