"""A pipeline that is deleted, or deleted and created again, while its execution runs."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from localstack_codepipeline.model import ActionResult
from release_core.aws.codepipeline import CodePipeline
from release_core.decide.timing import CLAIM_WINDOW
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import StartUnresolved, StopUnresolved
from release_core.ledger.pipelines import Pipelines
from tests.worlds.faults import FAILURE, crash_after
from tests.worlds.release_world import ReleaseWorld, declaration

DELETED = "was deleted while"
REPLACED = "was deleted and created again"

type Gone = Callable[[ReleaseWorld], None]


def delete(world: ReleaseWorld) -> None:
    """Delete the pipeline ``orders`` a moment after it was started."""
    world.clock.advance(timedelta(milliseconds=200))
    world.codepipeline.delete_pipeline(name="orders")


def replace(world: ReleaseWorld) -> None:
    """Delete the pipeline ``orders`` and create one of the same name."""
    delete(world)
    world.codepipeline.create_pipeline(pipeline=declaration("orders"))


def announced(world: ReleaseWorld) -> list[str]:
    """The detail types of the announcements of release r."""
    return [str(each["DetailType"]) for each in world.events.ends]


@pytest.mark.parametrize(("gone", "why"), [(delete, DELETED), (replace, REPLACED)])
def test_a_cancel_ends_a_pipeline_that_was_deleted_after_its_start(
    world: ReleaseWorld, gone: Gone, why: str
) -> None:
    """The first try of the close records the end, frees the lock and announces the outcome."""
    arn = world.begin("orders", "catalog")
    world.wait_for_all(arn)
    gone(world)
    world.cancel(arn)
    world.complete("catalog")
    assert world.pipeline().status is PipelineStatus.FAILED
    assert why in str(world.pipeline().failure)
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.ledger.lock_holders(["orders"]) == {}
    assert announced(world) == ["Release Cancelled"]


@pytest.mark.parametrize(("gone", "why"), [(delete, DELETED), (replace, REPLACED)])
def test_a_look_ends_a_pipeline_that_was_deleted(world: ReleaseWorld, gone: Gone, why: str) -> None:
    """Without a cancel, the next look of the task records the end and settles the token."""
    arn = world.begin("orders")
    world.wait(arn)
    gone(world)
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert why in str(outcome.cause)


def test_a_new_execution_that_is_not_shown_yet_is_not_ended(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its pipeline is older than the start, CodePipeline may still show the execution."""
    arn = world.begin("orders")
    world.wait(arn)
    event = world.stop(arn)
    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "stop", lambda *_, **__: False)
        patch.setattr(CodePipeline, "get_execution", lambda *_: None)
        with pytest.raises(StopUnresolved):
            world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.RUNNING


@pytest.mark.parametrize("gone", [delete, replace])
def test_a_failure_in_a_deleted_pipeline_is_final(world: ReleaseWorld, gone: Gone) -> None:
    """A failed stage of a deleted pipeline is not retried, and nothing starts in the new one."""
    arn = world.begin({"name": "orders", "retries": 1})
    token = world.wait(arn)
    world.play("orders", fail=FAILURE)
    gone(world)
    world.deliver()
    assert world.settlement(token).error == "PipelineFailed"
    assert world.pipeline().retried == 0


@pytest.mark.parametrize(
    ("failure", "retries", "status"),
    [
        (FAILURE, 0, PipelineStatus.FAILED),
        (FAILURE, 1, PipelineStatus.RUNNING),
        (None, 0, PipelineStatus.SUCCEEDED),
    ],
)
def test_an_end_of_an_execution_that_is_not_shown_yet_waits(
    world: ReleaseWorld,
    monkeypatch: pytest.MonkeyPatch,
    failure: ActionResult | None,
    *,
    retries: int,
    status: PipelineStatus,
) -> None:
    """If CodePipeline does not show a new execution that has ended, its task looks again."""
    arn = world.begin({"name": "orders", "retries": retries})
    token = world.wait(arn)
    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "get_execution", lambda *_: None)
        world.complete("orders", fail=failure)
    assert world.settlement(token).error == "LookAgain"
    assert world.pipeline().status is PipelineStatus.RUNNING
    world.wait(arn)
    assert (world.pipeline().status, world.pipeline().retried) == (status, retries)


def test_a_start_that_was_not_recorded_is_given_up_when_its_pipeline_is_deleted(
    world: ReleaseWorld,
) -> None:
    """The close finds no executions of a deleted pipeline, and skips the pipeline."""
    arn = world.begin("orders")
    with crash_after(Pipelines, "claim_start"):
        world.wait(arn)
    delete(world)
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.SKIPPED
    assert announced(world) == ["Release Cancelled"]
