"""Events from the outbox to the bus, with and without faults."""

import queue
import threading
from collections.abc import Iterator
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
    """A bus that records the batches it receives, with an outbox in front of it."""

    def __init__(self) -> None:
        self.batches: queue.Queue[list[Letter]] = queue.Queue()
        self.breaks = threading.Event()
        self.broke = threading.Event()
        self.faults = Faults()
        self.alarm = Alarm(lambda callback: callback())
        self.outbox = Outbox(self.send, faults=self.faults, alarm=self.alarm)

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

    def post(self, *states: str, region: str = "us-east-1") -> None:
        """Post pipeline events with these states."""
        for state in states:
            event = EmitEvent("x", "shop", state, {}, (), datetime(2026, 1, 1, tzinfo=UTC))
            self.outbox.put(Letter("000000000000", region, event))

    def inject(self, effect: str, **more: Any) -> None:
        """Add an event fault."""
        self.faults.add({"kind": "event", "effect": effect, **more})


@pytest.fixture
def bus() -> Iterator[Bus]:
    """An empty bus."""
    bus = Bus()
    yield bus
    bus.alarm.stop()
    bus.outbox.stop()


def test_events_leave_in_order(bus: Bus) -> None:
    """Every event is sent once, in order."""
    states = [f"S{number}" for number in range(25)]
    bus.post(*states)
    assert bus.states(25) == states


def test_a_batch_is_of_one_region_and_of_ten_at_most(bus: Bus) -> None:
    """A batch has at most ten events, all of one Region."""
    for number in range(30):
        bus.post("S", region=("us-east-1", "eu-west-1")[number // 15])
    bus.outbox.stop()
    batches = [bus.batches.get_nowait() for _ in range(bus.batches.qsize())]
    assert sum(len(batch) for batch in batches) == 30
    for batch in batches:
        assert len(batch) <= 10
        assert len({letter.region for letter in batch}) == 1


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        ({"effect": "lose", "state": "B"}, ["A", "C"]),
        ({"effect": "double", "state": "B"}, ["A", "B", "B", "C"]),
        ({"effect": "delay", "state": "A", "seconds": 0.2}, ["B", "C", "A"]),
        ({"effect": "reorder", "pipeline": "shop"}, ["B", "A", "C"]),
    ],
)
def test_fault_changes_what_arrives(bus: Bus, fault: dict[str, Any], received: list[str]) -> None:
    """A matching event is lost, sent twice in a row, behind later ones, or after the next match."""
    bus.inject(**fault)
    bus.post("A", "B", "C")
    assert bus.states(len(received)) == received


def test_held_event_is_sent_when_its_fault_is_removed(bus: Bus) -> None:
    """Removing a `reorder` fault sends the event it holds back."""
    bus.inject("reorder", state="A")
    bus.post("A", "B")
    assert bus.states(1) == ["B"]
    bus.outbox.release(bus.faults.remove())
    assert bus.states(1) == ["A"]


def test_broken_bus_loses_a_batch_and_no_more(bus: Bus) -> None:
    """An error of the bus loses one batch; later events are still sent."""
    bus.breaks.set()
    bus.post("A")
    assert bus.broke.wait(DEADLINE)
    bus.post("B")
    assert bus.states(1) == ["B"]
