"""A start that CodePipeline cannot accept now is tried again later, for an hour or longer."""

from datetime import timedelta

import pytest

from release_core.decide.timing import START_PATIENCE, THROTTLED_PATIENCE
from release_core.domain.release import PipelineStatus
from release_core.errors import StartUnresolved
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import crash_after, refuse
from tests.worlds.release_world import ReleaseWorld, after

BUSY = Refused("ConflictException", "the pipeline is busy")
THROTTLED = Refused("ThrottlingException", "Rate exceeded")
REFUSALS = [BUSY, Refused("InternalFailure", "no", status=500)]


def seconds(world: ReleaseWorld, token: str) -> int:
    """The seconds after which a task looks again."""
    outcome = world.settlement(token)
    assert outcome.error == "LookAgain"
    return int(outcome.cause or "")


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.code)
def test_a_refused_start_uses_no_try_of_its_task(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, refusal: Refused
) -> None:
    """The function ends without an error, and the task waits longer each time, up to 5 minutes."""
    arn = world.begin("orders")
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", refusal)
    waits = []
    for _ in range(8):
        waits.append(seconds(world, world.wait(arn)))
        assert world.pipeline().status is PipelineStatus.STARTING
        assert refusal.code in str(world.pipeline().trouble)
        world.clock.advance(timedelta(seconds=waits[-1]))
    assert waits[:4] == sorted(waits[:4])
    assert 10 <= waits[0] <= 21
    assert 150 <= waits[-1] <= 301


@pytest.mark.parametrize(
    ("refusal", "patience"), [(BUSY, START_PATIENCE), (THROTTLED, THROTTLED_PATIENCE)]
)
def test_after_many_refusals_the_pipeline_fails_with_the_reason(
    world: ReleaseWorld,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Refused,
    patience: timedelta,
) -> None:
    """The pipeline fails with the last refusal, and its dependent is skipped."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait(arn, "catalog")
    begun = world.clock()
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", refusal)
    while not world.pipeline().status.ended:
        outcome = world.settlement(world.wait(arn))
        if outcome.error == "LookAgain":
            world.clock.advance(timedelta(seconds=int(outcome.cause or "")))
    assert patience <= world.clock() - begun < patience + timedelta(minutes=7)
    assert outcome.error == "PipelineFailed"
    assert "could not be started for " in str(outcome.cause)
    assert refusal.code in str(outcome.cause)
    assert world.statuses() == {"orders": "FAILED", "catalog": "SKIPPED"}


def test_an_hour_of_silence_is_no_refusal(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline fails only after a refusal an hour after the first one."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        world.wait(arn)
    world.clock.advance(timedelta(hours=2))
    world.wait(arn)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.pipeline().trouble is None


def test_a_start_that_another_function_made_lets_the_task_come_back(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the start of a dependent is refused, the task of the dependent tries again."""
    arn = world.begin("orders", after("catalog", "orders"))
    token = world.wait(arn, "catalog")
    world.wait(arn, "orders")
    with monkeypatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "STARTING"}
    world.clock.advance(timedelta(seconds=seconds(world, token)))
    world.wait(arn, "catalog")
    assert world.statuses()["catalog"] == "RUNNING"


def test_a_crash_before_the_task_is_sent_back_is_repaired(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is on record; the next function that sees it sends the task back."""
    arn = world.begin("orders", after("catalog", "orders"))
    token = world.wait(arn, "catalog")
    world.wait(arn, "orders")
    world.play("orders")
    *_, succeeded = world.undelivered()
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", BUSY)
    with crash_after(Pipelines, "put_off_start"):
        world.record_state_change(succeeded)
    assert world.outcome(token) is None
    world.record_state_change(succeeded)
    assert seconds(world, token) <= 21


def test_an_ambiguous_answer_starts_nothing_twice(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that answers 500 after it took effect is found by its request token."""
    arn = world.begin("orders")
    started = world.codepipeline.start_pipeline_execution
    with monkeypatch.context() as patch:
        refuse(
            patch,
            world.codepipeline,
            "start_pipeline_execution",
            Refused("InternalFailure", "no", status=500),
        )
        answer = world.codepipeline.start_pipeline_execution

        def obscured(**request: str) -> None:
            started(**request)
            answer(**request)

        patch.setattr(world.codepipeline, "start_pipeline_execution", obscured)
        token = world.wait(arn)
    world.clock.advance(timedelta(seconds=seconds(world, token)))
    world.wait(arn)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert len(world.executions_of("orders")) == 1


def test_a_cancel_skips_a_start_that_was_put_off(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first retry of the stop event comes when no starter can be alive any more."""
    arn = world.begin("orders")
    refuse(monkeypatch, world.codepipeline, "start_pipeline_execution", BUSY)
    world.wait(arn)
    stopped = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(stopped)
    world.clock.advance(timedelta(minutes=1))
    world.close_release().when_ended(stopped)
    assert world.statuses() == {"orders": "SKIPPED"}
    assert world.executions_of("orders") == []
