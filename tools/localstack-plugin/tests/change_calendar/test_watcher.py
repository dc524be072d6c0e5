"""The watcher announces changes of a calendar's state, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from localstack_change_calendar.calendar_text import State
from localstack_change_calendar.watcher import Calendar, Watcher

CALENDAR = Calendar("000000000000", "us-east-1", "freeze")
HOUR = timedelta(hours=1)


class World:
    """A clock, the state of one calendar, and what was announced."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 23, 12, tzinfo=UTC)
        self.state: State | None = State(True, None)
        self.announced: list[bool] = []
        self.timers: list[World.Timer] = []

    class Timer:
        """A timer that runs when the test says so."""

        def __init__(self, seconds: float, call: Callable[[], None]) -> None:
            self.seconds, self.call, self.is_cancelled = seconds, call, False

        def cancel(self) -> None:
            """End it."""
            self.is_cancelled = True

    def call_later(self, seconds: float, call: Callable[[], None]) -> "World.Timer":
        """Keep the timer."""
        self.timers.append(World.Timer(seconds, call))
        return self.timers[-1]


@pytest.fixture
def world() -> World:
    """A calendar that is open."""
    return World()


@pytest.fixture
def watcher(world: World) -> Watcher:
    """The watcher of this world."""
    return Watcher(
        state_of=lambda _calendar, _at: world.state,
        announce=lambda _calendar, state, _at: world.announced.append(state.is_open),
        clock=lambda: world.now,
        call_later=world.call_later,
    )


def test_a_new_text_is_announced_if_it_changes_the_state(world: World, watcher: Watcher) -> None:
    """The first look announces nothing: there was no state before."""
    for is_open in (True, True, False, False, True):
        world.state = State(is_open, None)
        watcher.look(CALENDAR)
    assert world.announced == [False, True]


def test_a_transition_is_announced_at_its_time(world: World, watcher: Watcher) -> None:
    """A timer looks again then, and the next one is set."""
    world.state = State(True, world.now + HOUR)
    watcher.look(CALENDAR)
    assert [timer.seconds for timer in world.timers] == [3600]
    world.now += HOUR
    world.state = State(False, world.now + 2 * HOUR)
    world.timers[0].call()
    assert world.announced == [False]
    assert [timer.seconds for timer in world.timers] == [3600, 7200]


def test_a_calendar_that_is_gone_is_not_watched(world: World, watcher: Watcher) -> None:
    """Its timer ends, and if it comes back there was no state before."""
    world.state = State(True, world.now + HOUR)
    watcher.look(CALENDAR)
    world.state = None
    watcher.look(CALENDAR)
    assert world.timers[0].is_cancelled
    world.state = State(False, None)
    watcher.look(CALENDAR)
    assert world.announced == []


def test_the_end_of_localstack_ends_the_timers(world: World, watcher: Watcher) -> None:
    """No timer outlives it."""
    world.state = State(True, world.now + HOUR)
    watcher.look(CALENDAR)
    watcher.stop()
    assert world.timers[0].is_cancelled
