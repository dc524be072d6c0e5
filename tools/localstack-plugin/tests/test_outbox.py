"""Events from the outbox to the bus, with and without faults."""

import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from localstack_codepipeline.alarm import Alarm
from localstack_codepipeline.faults import Faults
from localstack_codepipeline.model import EmitEvent
from localstack_codepipeline.outbox import Letter, Outbox

DEADLINE = 60


class Bus:
    """A bus that records the batches it receives."""

    def __init__(self) -> None:
        self.batches: queue.Queue[list[Letter]] = queue.Queue()
        self.breaks = threading.Event()
        self.broke = threading.Event()

    def send(self, letters: list[Letter]) -> None:
        """Receive letters, or fail like an unreachable service."""
        if self.breaks.is_set():
            self.breaks.clear()
            self.broke.set()
            raise EndpointConnectionError(endpoint_url="http://bus")
        self.batches.put(letters)

    def states(self, count: int) -> list[str]:
        """Wait for `count` events and return their states."""
        found: list[str] = []
        while len(found) < count:
            found += [letter.event.state for letter in self.batches.get(timeout=DEADLINE)]
        return found


@pytest.fixture
def bus() -> Bus:
    """An empty bus."""
    return Bus()


@pytest.fixture
def faults() -> Faults:
    """No faults yet."""
    return Faults()


@pytest.fixture
def outbox(bus: Bus, faults: Faults) -> Iterator[Outbox]:
    """An outbox in front of the bus."""
    alarm = Alarm(lambda callback: callback())
    box = Outbox(bus.send, faults=faults, alarm=alarm)
    yield box
    alarm.stop()
    box.stop()


@pytest.fixture
def post(outbox: Outbox) -> Callable[..., None]:
    """Post pipeline events with these states."""

    def put(*states: str, region: str = "us-east-1") -> None:
        for state in states:
            event = EmitEvent("x", "shop", state, {}, (), datetime(2026, 1, 1, tzinfo=UTC))
            outbox.put(Letter("000000000000", region, event))

    return put


def inject(faults: Faults, effect: str, **more: Any) -> str:
    """Add an event fault and return its id."""
    return str(faults.add({"kind": "event", "effect": effect, **more})["id"])


def test_events_leave_in_order(bus: Bus, post: Callable[..., None]) -> None:
    """Every event is sent once, in order."""
    states = [f"S{number}" for number in range(25)]
    post(*states)
    assert bus.states(25) == states


def test_a_batch_is_of_one_region_and_of_ten_at_most(
    bus: Bus, outbox: Outbox, post: Callable[..., None]
) -> None:
    """A batch has at most ten events, all of one Region."""
    for number in range(30):
        post("S", region=("us-east-1", "eu-west-1")[number // 15])
    outbox.stop()
    batches = [bus.batches.get_nowait() for _ in range(bus.batches.qsize())]
    assert sum(len(batch) for batch in batches) == 30
    for batch in batches:
        assert len(batch) <= 10
        assert len({letter.region for letter in batch}) == 1


def test_lost_event_does_not_arrive(bus: Bus, faults: Faults, post: Callable[..., None]) -> None:
    """The fault `lose` drops only the events it matches."""
    inject(faults, "lose", state="B")
    post("A", "B", "C")
    assert bus.states(2) == ["A", "C"]


def test_doubled_event_arrives_twice(bus: Bus, faults: Faults, post: Callable[..., None]) -> None:
    """The fault `double` sends the event twice in a row."""
    inject(faults, "double", state="B")
    post("A", "B", "C")
    assert bus.states(4) == ["A", "B", "B", "C"]


def test_delayed_event_arrives_late(bus: Bus, faults: Faults, post: Callable[..., None]) -> None:
    """The fault `delay` sends the event after its delay, behind later events."""
    inject(faults, "delay", state="A", seconds=0.2)
    post("A", "B", "C")
    assert bus.states(3) == ["B", "C", "A"]


def test_reordered_event_goes_after_the_next_that_matches(
    bus: Bus, faults: Faults, post: Callable[..., None]
) -> None:
    """The fault `reorder` swaps two matching events."""
    inject(faults, "reorder", pipeline="shop")
    post("A", "B", "C")
    assert bus.states(3) == ["B", "A", "C"]


def test_held_event_is_sent_when_its_fault_is_removed(
    bus: Bus, faults: Faults, outbox: Outbox, post: Callable[..., None]
) -> None:
    """Removing a `reorder` fault sends the event it holds back."""
    inject(faults, "reorder", state="A")
    post("A", "B")
    assert bus.states(1) == ["B"]
    outbox.release(faults.remove())
    assert bus.states(1) == ["A"]


def test_broken_bus_loses_a_batch_and_no_more(bus: Bus, post: Callable[..., None]) -> None:
    """An error of the bus loses one batch; later events are still sent."""
    bus.breaks.set()
    post("A")
    assert bus.broke.wait(DEADLINE)
    post("B")
    assert bus.states(1) == ["B"]
