"""Stops that meet a retry or an end: nothing keeps running unnoticed, no end is wrong."""

from datetime import timedelta

import pytest

from release_core.aws.codepipeline import CodePipeline
from release_core.decide.timing import CLAIM_WINDOW
from release_core.domain.release import PipelineStatus
from release_core.errors import StartUnresolved, StopUnresolved
from release_core.ledger.pipelines import Pipelines
from tests.worlds.faults import FAILURE, crash_after, meanwhile
from tests.worlds.release_world import ReleaseWorld

RETRIED = {"name": "orders", "retries": 1}


def test_a_stop_waits_for_a_claimed_retry(world: ReleaseWorld) -> None:
    """A retry that was claimed before the stop still happens, and the execution is then stopped."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)

    def cancel() -> None:
        with pytest.raises(StartUnresolved):
            world.cancel(arn)

    with meanwhile(CodePipeline, "retry", before=cancel):
        world.deliver()
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.STOPPED


def test_a_search_for_a_start_ignores_the_next_release(world: ReleaseWorld) -> None:
    """A stop that searches for an unrecorded start does not take the next release's execution."""
    arn = world.begin("orders")
    with crash_after(Pipelines, "claim_start"):
        world.wait(arn)
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    following = world.begin("orders", release_id="s")

    def search() -> None:
        with pytest.raises(StartUnresolved, match="another release's"):
            world.close_release().when_ended(event)

    with meanwhile(CodePipeline, "start", after=search):
        world.wait(following, "orders", "s")
    assert world.pipeline("orders", "s").status is PipelineStatus.RUNNING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.SKIPPED
    assert world.executions_of("orders")[0]["status"] == "InProgress"


def test_a_claimed_retry_that_never_happened_ends_as_a_failure(world: ReleaseWorld) -> None:
    """When the claimant can no longer run, the next try of the close records the failure."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    with crash_after(Pipelines, "claim_retry"):
        world.deliver()
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    world.clock.advance(timedelta(minutes=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.FAILED


def test_an_end_is_not_recorded_over_a_retry_claim(world: ReleaseWorld) -> None:
    """A failure is recorded as the end only if no function has claimed its retry."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    seen = world.pipeline()

    def end() -> None:
        world.ledger.pipelines.record_end("r", seen, PipelineStatus.FAILED)

    with meanwhile(Pipelines, "claim_retry", after=end):
        world.deliver()
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.executions_of("orders")[0]["status"] == "InProgress"


def test_a_halted_release_with_on_failure_stop_retries_nothing(world: ReleaseWorld) -> None:
    """After a failure with onFailure stop, no other failed pipeline is retried."""
    world.wait(world.begin({"name": "orders", "retries": 5}, "catalog", onFailure="stop"))
    world.deliver()
    world.play("orders", fail=FAILURE)
    world.ledger.headers.halt(world.release(), "catalog")
    world.deliver()
    assert world.executions_of("orders")[0]["status"] == "Failed"
    assert world.pipeline().status is PipelineStatus.FAILED


def test_a_failure_after_the_time_limit_is_not_retried(world: ReleaseWorld) -> None:
    """A failure after timeoutMinutes is final, although retries are left."""
    world.wait(world.begin({"name": "orders", "retries": 5, "timeoutMinutes": 2}))
    world.deliver()
    world.clock.advance(timedelta(minutes=3))
    world.complete("orders", fail=FAILURE)
    assert world.executions_of("orders")[0]["status"] == "Failed"
    assert world.pipeline().status is PipelineStatus.FAILED


def test_a_stop_of_a_new_execution_is_tried_again(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If CodePipeline does not know a new execution yet, a later try stops it."""
    arn = world.begin("orders")
    world.wait(arn)
    event = world.stop(arn)
    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "stop", lambda *_, **__: False)
        patch.setattr(CodePipeline, "get_execution", lambda *_: None)
        with pytest.raises(StopUnresolved):
            world.close_release().when_ended(event)
    world.close_release().when_ended(event)
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_a_stop_whose_event_arrives_first_is_a_timeout(world: ReleaseWorld) -> None:
    """If the event of a stop arrives before its answer, the pipeline is still TIMED_OUT."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2}, stopMode="abandon")
    world.wait(arn)
    world.deliver()

    def deliver_reversed() -> None:
        for event in reversed(world.undelivered()):
            world.record_state_change(event)

    world.clock.advance(timedelta(minutes=3))
    with meanwhile(CodePipeline, "stop", after=deliver_reversed):
        world.wait(arn)
    assert world.pipeline().status is PipelineStatus.TIMED_OUT
    assert "its time is up" in str(world.pipeline().failure)


def test_a_halted_release_starts_no_new_execution_for_a_retry(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a halted release cannot retry the stage, the pipeline FAILED with its own reason."""
    arn = world.begin(RETRIED, "catalog")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.ledger.headers.halt(world.release(), "catalog")
    world.play("orders", fail=FAILURE)
    monkeypatch.setattr(CodePipeline, "retry", lambda *_, **__: False)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.FAILED
    assert "the bucket is gone" in str(world.pipeline().failure)
