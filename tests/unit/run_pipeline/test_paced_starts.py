"""AWS throttles starts over all releases, so each throttled start has a turn of its own."""

from datetime import timedelta
from heapq import heappop, heappush
from typing import Any

import pytest

from release_core.decide.timing import START_PACE
from release_core.domain.release import PipelineStatus
from tests.fakes.service import Refused
from tests.worlds.faults import meanwhile, refuse
from tests.worlds.ledger_world import LedgerWorld
from tests.worlds.release_world import ReleaseWorld, declaration

THROTTLED = Refused("ThrottlingException", "")


def test_turns_are_apart_and_begin_now() -> None:
    """The first turn is one step from now, the next ones follow, and a pause forgets them."""
    world = LedgerWorld()
    now = world.clock()
    turns = [world.ledger.pace.take_turn(now, apart=START_PACE) for _ in range(3)]
    assert turns == [now + START_PACE * n for n in (1, 2, 3)]
    later = now + timedelta(minutes=1)
    assert world.ledger.pace.take_turn(later, apart=START_PACE) == later + START_PACE


def test_two_functions_never_have_the_same_turn() -> None:
    """Of two functions that take the first turn after a pause, one gets the second."""
    world = LedgerWorld()
    now = world.clock()
    taken = []

    def other() -> None:
        taken.append(world.ledger.pace.take_turn(now, apart=START_PACE))

    with meanwhile(type(world.ledger.pace._releases), "update", after=other):
        taken.append(world.ledger.pace.take_turn(now, apart=START_PACE))
    assert sorted(taken) == [now + START_PACE, now + START_PACE * 2]


def test_a_busy_pipeline_takes_no_turn(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the rate of all starts is paced; a busy pipeline waits for itself."""
    arn = world.begin("orders")
    busy = Refused("ConflictException", "busy")
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", busy)
    world.wait(arn)
    now = world.clock()
    assert world.ledger.pace.take_turn(now, apart=START_PACE) == now + START_PACE


@pytest.mark.parametrize(("count", "per_minute"), [(70, 20), (70, 40)])
def test_a_throttled_release_starts_every_pipeline_once(
    monkeypatch: pytest.MonkeyPatch, count: int, per_minute: int
) -> None:
    """CodePipeline takes so many starts a minute; the release starts all, hardly slower."""
    world = ReleaseWorld()
    names = [f"p{n:03}" for n in range(count)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    limit(world, monkeypatch, per_minute=per_minute)
    began, arn = world.clock(), world.begin(*names)
    tries = play(world, arn, names)
    assert {each.status for each in world.release().pipelines.values()} == {PipelineStatus.RUNNING}
    assert all(len(world.executions_of(name)) == 1 for name in names)
    assert world.clock() - began <= timedelta(minutes=1 + count / per_minute * 1.25)
    assert tries <= 3 * count


def limit(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, *, per_minute: int) -> None:
    """Let CodePipeline take so many starts a minute, as the fault of the emulator does."""
    bucket, start = [10.0, world.clock().timestamp()], world.codepipeline.start_pipeline_execution

    def limited(**request: Any) -> Any:
        now = world.clock().timestamp()
        bucket[0] = min(10.0, bucket[0] + (now - bucket[1]) * per_minute / 60)
        bucket[1] = now
        if bucket[0] < 1:
            raise world.codepipeline._service.error(THROTTLED, "StartPipelineExecution")
        bucket[0] -= 1
        return start(**request)

    monkeypatch.setattr(world.codepipeline, "start_pipeline_execution", limited, raising=False)


def play(world: ReleaseWorld, arn: str, names: list[str]) -> int:
    """Let every task wait and come back when it asks for it; return how often they came."""
    due = [(world.clock(), name) for name in names]
    tries = 0
    while due:
        at, name = heappop(due)
        world.clock.advance(max(timedelta(0), at - world.clock()))
        token = world.wait(arn, name)
        tries += 1
        outcome = world.outcome(token)
        if outcome:
            assert outcome.error == "LookAgain"
            heappush(due, (world.clock() + timedelta(seconds=int(outcome.cause or "")), name))
    return tries
