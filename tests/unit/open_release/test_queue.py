"""Releases that wait for a pipeline are served in the order in which they came."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from release_core.errors import ExecutionEnded, LedgerBusy, PipelinesBusy
from release_core.ledger.locks import Locks
from release_core.strict_json import write_json
from tests.worlds.faults import crash_after, meanwhile
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release ``first`` holds ``orders``."""
    world = ReleaseWorld()
    world.begin("orders", release_id="first")
    return world


def hand_in(world: ReleaseWorld, release_id: str, *names: str, on_busy: str = "wait") -> str:
    """Start an execution for a release; its ARN sorts before those of earlier executions."""
    number = 99 - len(world.step_functions.snapshot().executions)
    pipelines = list(names or ("orders",))
    manifest = {"releaseId": release_id, "pipelines": pipelines, "onBusy": on_busy}
    started = world.step_functions.start_execution(
        stateMachineArn=world.machine, input=write_json(manifest), name=f"w{number}"
    )
    return str(started["executionArn"])


def enter_wait(world: ReleaseWorld, arn: str) -> str:
    """Let the workflow open a busy release and wait; returns the token it waits with."""
    assert world.open_release(arn)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(arn)
    world.opener().wait(arn, token)
    return token


def finish(world: ReleaseWorld, release_id: str = "first") -> None:
    """Let a release of ``orders`` run to its end and be closed."""
    arn = world.release(release_id).execution_arn
    world.wait(arn, "orders", release_id)
    world.complete("orders")
    world.close(arn, release_id)


def places(world: ReleaseWorld) -> dict[str, list[str]]:
    """The releases in the queue of each pipeline, in order, where there are any."""
    return {
        each["pipeline"]: [place.split(" ")[2] for place in sorted(each["queue"])]
        for each in world.items("pipelines")
        if "queue" in each
    }


def test_the_release_that_came_first_is_served_first(world: ReleaseWorld) -> None:
    """Whatever the ARNs are and whoever tries again first, the order is that of the starts."""
    second, third = hand_in(world, "second"), hand_in(world, "third")
    woken = enter_wait(world, third), enter_wait(world, second)
    finish(world)
    assert [bool(world.outcome(token)) for token in woken] == [False, True]
    assert world.open_release(third)["outcome"] == "BUSY"
    assert world.open_release(second)["outcome"] == "OPENED"
    finish(world, "second")
    assert world.outcome(woken[0])
    assert world.open_release(third)["outcome"] == "OPENED"
    assert places(world) == {}


def test_a_later_release_takes_no_free_pipeline_of_one_that_waits(world: ReleaseWorld) -> None:
    """A waiting release is in the queues of all its pipelines, also of those that are free."""
    enter_wait(world, hand_in(world, "second", "orders", "catalog"))
    assert places(world) == {"orders": ["second"], "catalog": ["second"]}
    assert world.open_release(hand_in(world, "third", "catalog"))["outcome"] == "BUSY"
    assert world.holders() == {"orders": "first"}


def test_the_refusal_names_the_release_that_waits(world: ReleaseWorld) -> None:
    """PipelinesBusy says who holds a pipeline, and who came first and waits for it."""
    waiting = hand_in(world, "second", "orders", "catalog")
    enter_wait(world, waiting)
    with pytest.raises(PipelinesBusy) as refused:
        world.open_release(hand_in(world, "third", "orders", "catalog", on_busy="refuse"))
    assert "- orders: release first holds it" in str(refused.value)
    assert f"- catalog: release second came first and waits for it ({waiting})" in str(
        refused.value
    )
    assert places(world) == {"orders": ["second"], "catalog": ["second"]}


def test_a_stopped_release_leaves_its_places_and_wakes_the_next(world: ReleaseWorld) -> None:
    """The event of a stop removes all its places, and the release behind it is served."""
    second, third = hand_in(world, "second", "orders", "catalog"), hand_in(world, "third")
    enter_wait(world, second)
    token = enter_wait(world, third)
    world.step_functions.stop_execution(executionArn=second, cause="enough")
    finish(world)
    assert world.settlement(token).succeeded
    world.close_release().when_ended(world.step_functions.status_event(second))
    assert places(world) == {"orders": ["third"]}
    assert world.open_release(third)["outcome"] == "OPENED"


def test_a_stop_wakes_the_release_behind_it(world: ReleaseWorld) -> None:
    """A release that waits only for the place of another one is woken when that one is stopped."""
    second = hand_in(world, "second", "orders", "catalog")
    enter_wait(world, second)
    token = enter_wait(world, hand_in(world, "third", "catalog"))
    world.cancel(second)
    assert world.settlement(token).succeeded


def test_a_dead_release_does_not_block_the_queue(world: ReleaseWorld) -> None:
    """If the event of the stop is lost, the release behind the dead one removes its place."""
    second, third = hand_in(world, "second"), hand_in(world, "third")
    enter_wait(world, second)
    token = enter_wait(world, third)
    world.step_functions.stop_execution(executionArn=second, cause="enough")
    finish(world)
    assert world.settlement(token).succeeded
    assert world.open_release(third)["outcome"] == "OPENED"
    assert places(world) == {}


def test_who_finds_a_dead_release_wakes_the_one_that_is_next(world: ReleaseWorld) -> None:
    """The release behind a dead one may wait for its hourly look; another one wakes it before."""
    second = hand_in(world, "second", "orders", "catalog")
    enter_wait(world, second)
    token = enter_wait(world, hand_in(world, "third", "catalog"))
    world.step_functions.stop_execution(executionArn=second, cause="enough")
    assert world.outcome(token) is None
    assert world.open_release(hand_in(world, "fourth", "catalog"))["outcome"] == "BUSY"
    assert world.settlement(token).succeeded


def test_a_rejected_release_leaves_its_places(world: ReleaseWorld) -> None:
    """A release that waits and cannot be opened any more is rejected, and leaves every queue."""
    second = hand_in(world, "second", "orders", "catalog")
    enter_wait(world, second)
    token = enter_wait(world, hand_in(world, "third", "catalog"))
    world.codepipeline.delete_pipeline(name="orders")
    with pytest.raises(Exception, match="orders"):
        world.open_release(second)
    assert places(world) == {"catalog": ["third"]}
    assert world.settlement(token).succeeded


@pytest.mark.parametrize("method", ["enqueue", "register_waiter", "free", "remove_place"])
def test_a_crash_loses_no_wake_up(world: ReleaseWorld, method: str) -> None:
    """After a crash behind any write, the next try of the function continues."""
    second, third = hand_in(world, "second"), hand_in(world, "third")
    token, other = (world.step_functions.wait_for_token(arn) for arn in (second, third))
    steps: list[Callable[[], object]] = [
        lambda: world.open_release(second),
        lambda: world.opener().wait(second, token),
        lambda: world.open_release(third),
        lambda: world.opener().wait(third, other),
        lambda: finish(world),
        lambda: world.open_release(second),
        lambda: finish(world, "second"),
    ]
    done = 0
    with crash_after(Locks, method):
        for step in steps:
            step()
            done += 1
    for step in steps[done:]:
        step()
    assert world.settlement(token).succeeded
    assert world.settlement(other).succeeded
    assert world.open_release(third)["outcome"] == "OPENED"
    assert places(world) == {}


def test_a_place_that_comes_while_another_release_locks(world: ReleaseWorld) -> None:
    """A lock is taken only if its queue is as it was read, so nobody overtakes an earlier place."""
    second = hand_in(world, "second", "orders", "catalog")
    third = hand_in(world, "third", "catalog", on_busy="refuse")
    with (
        meanwhile(Locks, "take", before=lambda: enter_wait(world, second)),
        pytest.raises(PipelinesBusy, match="release second came first"),
    ):
        world.open_release(third)
    assert world.holders() == {"orders": "first"}


def test_an_ended_execution_gets_no_place(world: ReleaseWorld) -> None:
    """A function that outlives its stopped execution leaves no place behind."""
    second = hand_in(world, "second")
    with (
        meanwhile(Locks, "enqueue", before=lambda: world.cancel(second)),
        pytest.raises(ExecutionEnded),
    ):
        world.open_release(second)
    assert places(world) == {}


def test_a_try_that_is_behind_gets_no_place(world: ReleaseWorld) -> None:
    """When another try of the same execution has opened the release, this one gets no place."""
    second = hand_in(world, "second")

    def overtake() -> None:
        finish(world)
        assert world.open_release(second)["outcome"] == "OPENED"

    with meanwhile(Locks, "enqueue", before=overtake), pytest.raises(LedgerBusy):
        world.open_release(second)
    assert places(world) == {}
    assert world.holders() == {"orders": "second"}


def test_a_waiting_release_looks_by_itself(world: ReleaseWorld) -> None:
    """If the wake-up is lost, the release is opened after its timeout."""
    second = hand_in(world, "second")
    world.step_functions.time_out(enter_wait(world, second))
    finish(world)
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    assert world.open_release(second)["outcome"] == "OPENED"
