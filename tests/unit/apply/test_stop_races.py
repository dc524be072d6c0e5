"""A stop that meets a retry or an end: nothing runs on unheeded, and no end is untrue."""

from datetime import timedelta
from typing import Any

import pytest

from release_core.aws.codepipeline import CodePipeline
from release_core.decide.timing import CLAIM_WINDOW
from release_core.domain.release import PipelineStatus
from release_core.errors import StartUnresolved, StopUnresolved
from release_core.ledger.pipelines import Pipelines
from tests.worlds.faults import FAILURE, crash_after
from tests.worlds.release_world import ReleaseWorld

RETRIED = {"name": "orders", "retries": 1}


def test_a_stop_waits_for_a_retry_that_is_on_its_way(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry claimed before the stop may still be made: what it resumes is stopped."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    retry = CodePipeline.retry

    def overtaken(self: CodePipeline, *args: Any, **kwargs: Any) -> bool:
        with pytest.raises(StartUnresolved):
            world.cancel(arn)
        return retry(self, *args, **kwargs)

    monkeypatch.setattr(CodePipeline, "retry", overtaken)
    world.deliver()
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.STOPPED


def test_a_search_leaves_alone_what_the_next_release_starts(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop that looks for a start nobody recorded does not take that of who came after it."""
    arn = world.begin("orders")
    with crash_after(Pipelines, "claim_start"):
        world.wait(arn)
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    following = world.begin("orders", release_id="s")
    start = CodePipeline.start

    def overtaken(self: CodePipeline, *args: Any, **kwargs: Any) -> str:
        execution_id = start(self, *args, **kwargs)
        with pytest.raises(StartUnresolved, match="may belong to another release"):
            world.close_release().when_ended(event)
        return execution_id

    monkeypatch.setattr(CodePipeline, "start", overtaken)
    world.wait(following, "orders", "s")
    assert world.pipeline("orders", "s").status is PipelineStatus.RUNNING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.SKIPPED
    assert world.executions_of("orders")[0]["status"] == "InProgress"


def test_a_retry_that_was_never_made_is_not_waited_for_long(world: ReleaseWorld) -> None:
    """When no claimant can be alive any more, at Lambda's first retry, the failure is the end."""
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


def test_a_retry_claimed_after_the_stop_looked_is_not_overlooked(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a failure is recorded only if nobody has claimed to retry it since."""
    arn = world.begin(RETRIED)
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    claim = Pipelines.claim_retry
    seen = world.release()

    def overtaking(self: Pipelines, *args: Any, **kwargs: Any) -> bool:
        claimed = claim(self, *args, **kwargs)
        self.record_end("r", seen.pipelines["orders"], PipelineStatus.FAILED)
        return claimed

    monkeypatch.setattr(Pipelines, "claim_retry", overtaking)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.executions_of("orders")[0]["status"] == "InProgress"


def test_what_fails_in_a_release_that_stops_is_not_retried(world: ReleaseWorld) -> None:
    """After a failure with onFailure stop, retries that are left are not made."""
    world.wait(world.begin({"name": "orders", "retries": 5}, "catalog", onFailure="stop"))
    world.deliver()
    world.play("orders", fail=FAILURE)
    world.ledger.headers.halt(world.release(), "catalog")
    world.deliver()
    assert world.executions_of("orders")[0]["status"] == "Failed"
    assert world.pipeline().status is PipelineStatus.FAILED


def test_what_fails_when_its_time_is_up_is_not_retried(world: ReleaseWorld) -> None:
    """A failure after the limit is the end; a retry would only be stopped again."""
    world.wait(world.begin({"name": "orders", "retries": 5, "timeoutMinutes": 2}))
    world.deliver()
    world.clock.advance(timedelta(minutes=3))
    world.complete("orders", fail=FAILURE)
    assert world.executions_of("orders")[0]["status"] == "Failed"
    assert world.pipeline().status is PipelineStatus.FAILED


def test_a_stop_that_found_nothing_to_stop_is_asked_for_again(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An execution too young for CodePipeline to know it is stopped by a later try."""
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


def test_a_stop_whose_end_is_heard_of_at_once_is_a_time_out(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event of the stop may come before the answer to it: the pipeline still TIMED_OUT."""
    arn = world.begin({"name": "orders", "timeoutMinutes": 2}, stopMode="abandon")
    world.wait(arn)
    world.deliver()
    ask = CodePipeline.stop

    def slow(self: CodePipeline, *args: Any, **kwargs: Any) -> bool:
        answer = ask(self, *args, **kwargs)
        for event in reversed(world.undelivered()):
            world.record_state_change(event)
        return answer

    monkeypatch.setattr(CodePipeline, "stop", slow)
    world.clock.advance(timedelta(minutes=3))
    world.wait(arn)
    assert world.pipeline().status is PipelineStatus.TIMED_OUT
    assert "its time limit has passed" in str(world.pipeline().failure)


def test_a_pipeline_that_cannot_start_over_failed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where CodePipeline does not retry, a halted release starts nothing new: it FAILED, it ran."""
    arn = world.begin(RETRIED, "catalog")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.ledger.headers.halt(world.release(), "catalog")
    world.play("orders", fail=FAILURE)
    monkeypatch.setattr(CodePipeline, "retry", lambda *_, **__: False)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.FAILED
    assert "the bucket is gone" in str(world.pipeline().failure)
