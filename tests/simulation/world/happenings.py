"""What an observer sees of a call that took effect."""

from typing import Any, NamedTuple

from release_core.clock import to_iso
from tests.simulation.world.calls import Answer, Call
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import Start, World


class Violated(AssertionError):
    """An invariant does not hold; `invariant` is its name."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(invariant, what)
        self.invariant = invariant

    def __str__(self) -> str:
        """Name the invariant and what breaks it."""
        return ": ".join(self.args)


class Happening(NamedTuple):
    """A call of an invocation, its answer, and the ledger's item before and after it."""

    world: World
    invocation: Invocation
    call: Call
    answer: Answer
    before: Item | None = None
    after: Item | None = None
    started: Start | None = None

    @property
    def now(self) -> str:
        """Return the time as the ledger writes it."""
        return to_iso(self.world.stores.clock())

    @property
    def header(self) -> Item | None:
        """Return the header of the release that an update concerns, as it is now."""
        return self.header_of(self.release_id)

    def header_of(self, release_id: str) -> Item | None:
        """Return the header of a release."""
        return self.world.stores.item("releases", release_id, "release")

    def node_of(self, release_id: str, pipeline: str) -> Item | None:
        """Return a pipeline's item."""
        return self.world.stores.item("releases", release_id, f"pipeline#{pipeline}")

    def sibling(self, pipeline: str) -> Item | None:
        """Return another pipeline's item of the release that an update concerns."""
        return self.node_of(self.release_id, pipeline)

    @property
    def item(self) -> str:
        """Name the item of the releases table that an update concerns, or nothing."""
        key = self.call.request.get("Key", {})
        return str(key["item"]["S"]) if "item" in key else ""

    @property
    def release_id(self) -> str:
        """Name the release that an update concerns, or nothing."""
        key = self.call.request.get("Key", {})
        return str(key["release_id"]["S"]) if "release_id" in key else ""

    @property
    def node(self) -> str:
        """Name the pipeline whose item an update concerns, or nothing."""
        return self.item.removeprefix("pipeline#") if self.item.startswith("pipeline#") else ""

    @property
    def changed_status(self) -> tuple[str, str] | None:
        """Return the status before and after, if this call has changed it."""
        before, after = value(self.before, "status"), value(self.after, "status")
        return (before, after) if before != after else None

    def latest_answer(self, method: str) -> Any:
        """Return the newest response to such a call that this invocation has had, or None."""
        point = self.invocation.point
        for answer, call in zip(
            reversed(point.answers if point else ()), reversed(self.calls()), strict=True
        ):
            if call.method == method and answer.error is None:
                return answer.value
        return None

    def calls(self) -> tuple[Call, ...]:
        """Return the calls of this invocation that were answered before."""
        return self.invocation.point.calls if self.invocation.point else ()


def value(item: Item | None, name: str) -> str:
    """Return a text attribute of an item, empty when there is none."""
    found = item.get(name) if item else None
    return str(next(iter(found.values()))) if found else ""


def list_of(item: Item | None, name: str) -> list[str]:
    """Return the texts of a list or a set that an item has, none when it has no such attribute."""
    found = item.get(name) if item else None
    match found:
        case {"L": list(members)}:
            return [str(next(iter(member.values()))) for member in members]
        case {"SS": list(members)}:
            return [str(member) for member in members]
    return []
