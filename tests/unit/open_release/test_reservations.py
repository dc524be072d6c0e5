"""Two releases never hold the same pipeline, and every pipeline becomes free again."""

from datetime import timedelta

import pytest

from release_core.clock import to_iso
from release_core.domain.queue import Lock, Place
from release_core.domain.release import ReleaseStatus
from release_core.errors import ExecutionEnded, ManifestInvalid, OpeningElsewhere, PipelinesBusy
from release_core.ledger.locks import Locks
from release_core.strict_json import write_json
from tests.worlds.faults import count_calls
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release ``first`` holds ``orders``."""
    world = ReleaseWorld()
    world.begin("orders", release_id="first")
    return world


def first(world: ReleaseWorld) -> str:
    """The workflow execution of release ``first``."""
    return world.release("first").execution_arn


def second(world: ReleaseWorld, on_busy: str = "refuse", *names: str, **more: str) -> str:
    """Start an execution for a release ``second`` that also needs ``orders``."""
    pipelines = list(names or ("catalog", "orders"))
    return world.start(
        write_json({"releaseId": "second", "pipelines": pipelines, "onBusy": on_busy, **more})
    )


def finish(world: ReleaseWorld, arn: str, release_id: str = "first") -> None:
    """Let a release of ``orders`` run to its end and be closed."""
    world.wait(arn, "orders", release_id)
    world.complete("orders")
    world.close(arn, release_id)


def test_the_second_release_is_rejected_with_the_holders(world: ReleaseWorld) -> None:
    """A release that needs a held pipeline is rejected, and nothing is held or recorded for it."""
    arn = second(world)
    with pytest.raises(PipelinesBusy, match="- orders: release first"):
        world.open_release(arn)
    assert world.holders() == {"orders": "first"}
    assert world.ledger.get_release("second") is None


def test_a_closed_release_holds_nothing(world: ReleaseWorld) -> None:
    """After the first release has ended, the second one opens."""
    finish(world, first(world))
    assert world.holders() == {}
    assert world.open_release(second(world))["outcome"] == "OPENED"
    assert world.holders() == {"catalog": "second", "orders": "second"}


def test_a_cancelled_release_holds_nothing(world: ReleaseWorld) -> None:
    """A cancel frees the pipelines at once, although they may still be stopping."""
    arn = first(world)
    world.wait(arn, "orders", "first")
    world.cancel(arn)
    assert world.holders() == {}


def test_an_opening_after_the_stop_holds_nothing(world: ReleaseWorld) -> None:
    """An execution that is stopped while it opens its release frees the pipelines it took."""
    finish(world, first(world))
    late = second(world)
    world.cancel(late)
    with pytest.raises(ExecutionEnded):
        world.open_release(late)
    assert world.holders() == {}


def test_a_resume_after_the_stop_holds_nothing(world: ReleaseWorld) -> None:
    """An execution that is stopped while it resumes a release frees the pipelines it took."""
    arn = first(world)
    world.cancel(arn)
    late = world.start('{"releaseId": "first", "pipelines": ["orders"], "resume": true}')
    world.cancel(late)
    with pytest.raises(ExecutionEnded):
        world.open_release(late)
    assert world.holders() == {}


def test_a_waiting_release_starts_by_itself(world: ReleaseWorld) -> None:
    """The close of the holder wakes the waiting task, and the opening then succeeds."""
    arn = second(world, "wait")
    assert world.open_release(arn)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(arn)
    world.opener().wait(arn, token)
    assert world.outcome(token) is None
    finish(world, first(world))
    assert world.settlement(token).succeeded
    assert world.open_release(arn)["outcome"] == "OPENED"
    assert all("queue" not in each for each in world.items("pipelines"))


def test_a_wait_after_the_close_of_the_holder_ends_at_once(
    world: ReleaseWorld,
) -> None:
    """If the pipeline became free before the wait was recorded, the task is woken at once."""
    arn = second(world, "wait")
    assert world.open_release(arn)["outcome"] == "BUSY"
    finish(world, first(world))
    token = world.step_functions.wait_for_token(arn)
    world.opener().wait(arn, token)
    assert world.outcome(token)


def test_a_late_close_does_not_free_the_pipelines_of_the_next_holder(world: ReleaseWorld) -> None:
    """A release whose workflow has ended is replaced, and its late close frees nothing."""
    arn = first(world)
    world.step_functions.end(arn, "ABORTED")
    assert world.open_release(second(world))["outcome"] == "OPENED"
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.release("first").status is ReleaseStatus.CANCELLED
    assert world.holders() == {"catalog": "second", "orders": "second"}


def test_two_executions_of_one_release_do_not_reject_each_other(world: ReleaseWorld) -> None:
    """If another execution of the same release takes its pipelines, this one tries again."""
    twin = Place(release_id="third", execution_arn=world.start('{"a": 1}'), since=world.clock())
    world.ledger.locks.take(Lock(pipeline="catalog"), twin)
    arn = world.start('{"releaseId": "third", "pipelines": ["catalog"]}')
    with pytest.raises(OpeningElsewhere):
        world.open_release(arn)


def test_a_retried_opening_keeps_its_pipelines(world: ReleaseWorld) -> None:
    """The retry of an opening finds the pipelines that it already holds."""
    finish(world, first(world))
    arn = second(world)
    assert world.open_release(arn) == world.open_release(arn)


def test_a_release_that_waits_for_days_leaves_one_token(world: ReleaseWorld) -> None:
    """A waiting release has one place and one token on record, and none of earlier hours."""
    arn = second(world, "wait")
    for _ in range(30):
        assert world.open_release(arn)["outcome"] == "BUSY"
        token = world.step_functions.wait_for_token(arn)
        world.opener().wait(arn, token)
    assert [len(each["queue"]) for each in world.items("pipelines")] == [1, 1]
    assert world.item("execution", arn)["task_token"] == token
    finish(world, first(world))
    assert world.outcome(token)


def test_the_execution_of_a_holder_is_looked_up_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pipelines a release holds, its execution is looked up once."""
    world.begin("payments", "storefront", release_id="third")
    arn = second(world, "wait", "catalog", "payments", "storefront")
    asked = count_calls(monkeypatch, world.step_functions, "describe_execution")
    assert world.open_release(arn)["outcome"] == "BUSY"
    assert asked.count({"executionArn": world.release("third").execution_arn}) == 1


def test_one_of_two_releases_that_open_at_once_gets_its_pipelines(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All releases take pipelines in the same order, up to the first one that is held.

    Otherwise two releases could each hold what the other needs.
    """
    finish(world, first(world))
    arn = second(world, "refuse", "storefront", "payments", "orders", "catalog")
    rival = Place(release_id="rival", execution_arn=world.start("{}"), since=world.clock())
    take = Locks.take
    taken: list[str] = []

    def overtaken(self: Locks, lock: Lock, mine: Place) -> Lock | None:
        taken.append(lock.pipeline)
        if lock.pipeline == "payments":
            take(self, lock, rival)
        return take(self, lock, mine)

    monkeypatch.setattr(Locks, "take", overtaken)
    with pytest.raises(PipelinesBusy, match="- payments: release rival"):
        world.open_release(arn)
    assert taken == ["catalog", "orders", "payments"]
    assert world.holders() == {"payments": "rival"}


def test_a_deadline_passes_while_a_release_waits(world: ReleaseWorld) -> None:
    """The task of a waiting release returns at the deadline, and the opening is rejected then."""
    deadline = world.clock() + timedelta(seconds=25)
    arn = second(world, "wait", deadline=to_iso(deadline))
    opened = world.open_release(arn)
    assert (opened["outcome"], opened["wait_seconds"]) == ("BUSY", 26)
    world.clock.advance(timedelta(seconds=26))
    with pytest.raises(ManifestInvalid, match="has passed; use a later time"):
        world.open_release(arn)


def test_time_limits_of_pipelines_do_not_shorten_the_wait_for_locks(world: ReleaseWorld) -> None:
    """A time limit counts from the start of a pipeline, so it does not affect the wait."""
    pipelines = [{"name": "orders", "timeoutMinutes": 1}]
    first(world)
    arn = world.start(write_json({"releaseId": "short", "pipelines": pipelines, "onBusy": "wait"}))
    opened = world.open_release(arn)
    assert (opened["outcome"], opened["wait_seconds"]) == ("BUSY", LOOK_AFTER)
