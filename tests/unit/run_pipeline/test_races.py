"""Functions that overtake each other leave one truth: no second run, none unheeded, none lost."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ExecutionEnded, StartUnresolved
from release_core.ledger.openings import Openings
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import crash_after, refuse
from tests.worlds.release_world import ReleaseWorld

BUSY = Refused("ConflictException", "no")
DEAD_STARTER = "release-machine-run-pipeline/dead"


def give_up_starting(world: ReleaseWorld, execution_arn: str) -> None:
    """Let two tries to start ``orders`` find it busy."""
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        for _ in range(2):
            with pytest.raises(ClientError):
                world.wait(execution_arn)


def test_the_close_starts_nothing_that_could_not_be_started(world: ReleaseWorld) -> None:
    """A start given up by the workflow is not made by the function that closes the release."""
    arn = world.begin("orders")
    give_up_starting(world, arn)
    with pytest.raises(StartUnresolved):
        world.close_release().at_end("r", arn)
    world.clock.advance(timedelta(minutes=2))
    closed = world.close_release().at_end("r", arn)
    assert closed["status"] == "FAILED"
    assert "orders starting: An error occurred (ConflictException)" in closed["why"]
    assert world.executions_of("orders") == []


def test_the_close_starts_nothing_that_was_never_begun(world: ReleaseWorld) -> None:
    """A pipeline whose functions died with the token registered is skipped, and no more."""
    arn = world.begin("orders")
    with crash_after(Pipelines, "register_token"):
        world.wait(arn)
    assert world.close_release().at_end("r", arn)["status"] == "FAILED"
    assert world.pipeline().status is PipelineStatus.SKIPPED
    assert world.executions_of("orders") == []


def test_a_repeated_start_is_waited_for_like_a_first_one(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop that comes while a start is repeated, long after the first try, does not skip it."""
    arn = world.begin("orders")
    give_up_starting(world, arn)
    world.clock.advance(timedelta(minutes=3))
    start = CodePipeline.start

    def overtaken(self: CodePipeline, *args: Any, **kwargs: Any) -> str:
        with pytest.raises(StartUnresolved):
            world.cancel(arn)
        return start(self, *args, **kwargs)

    monkeypatch.setattr(CodePipeline, "start", overtaken)
    world.wait(arn)
    assert world.pipeline().execution_id
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_one_of_two_repeats_a_start(world: ReleaseWorld) -> None:
    """Of two functions that see the same start left half done, the second leaves it alone."""
    world.open("r")
    world.ledger.pipelines.claim_start("r", world.pipeline(), DEAD_STARTER)
    world.ledger.pipelines.register_token("r", "orders", "t")
    seen = world.pipeline()
    first_try = seen.starting_at
    world.clock.advance(timedelta(minutes=1))
    assert world.ledger.pipelines.claim_start("r", seen, "run-pipeline/2")
    assert not world.ledger.pipelines.claim_start("r", seen, "run-pipeline/3")
    assert world.pipeline().starting_at == first_try
    assert world.pipeline().start_tried_at == world.clock()


def test_a_later_start_of_another_release_is_not_taken_over(world: ReleaseWorld) -> None:
    """A search takes only what was started while its own starter can have been alive."""
    stopped = world.begin("orders", release_id="a")
    world.ledger.pipelines.claim_start("a", world.pipeline(release_id="a"), DEAD_STARTER)
    world.clock.advance(timedelta(minutes=10))
    world.ledger.locks.free("orders", stopped)
    world.begin("orders", release_id="b")
    started = world.codepipeline.start_pipeline_execution(name="orders")
    world.cancel(stopped)
    assert world.pipeline(release_id="a").status is PipelineStatus.SKIPPED
    world.ledger.executions.claim(
        started["pipelineExecutionId"], release_id="b", pipeline=world.pipeline(release_id="b")
    )


def test_of_two_starts_nobody_recorded_the_older_is_taken(world: ReleaseWorld) -> None:
    """The start that follows the claim is the claimant's; a later one may be somebody else's."""
    stopped = world.begin("orders", release_id="a")
    world.ledger.pipelines.claim_start("a", world.pipeline(release_id="a"), DEAD_STARTER)
    own = world.codepipeline.start_pipeline_execution(name="orders")
    world.clock.advance(timedelta(seconds=30))
    world.codepipeline.start_pipeline_execution(name="orders")
    world.cancel(stopped)
    assert world.pipeline(release_id="a").execution_id == own["pipelineExecutionId"]


def test_an_opening_overtaken_by_a_stop_leaves_no_pipeline_waiting(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipelines are recorded only while their release runs: the stop has skipped all there are."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    put_pipelines = Openings.put_pipelines

    def overtaken(self: Openings, *args: Any) -> None:
        world.cancel(arn)
        put_pipelines(self, *args)

    monkeypatch.setattr(Openings, "put_pipelines", overtaken)
    with pytest.raises(ExecutionEnded):
        world.open_release(arn)
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.release().pipelines == {}


def test_a_stop_that_comes_too_late_learns_how_the_execution_ended(world: ReleaseWorld) -> None:
    """When there is nothing to stop and its event was lost, one look tells the end."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.undelivered()
    world.cancel(arn)
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_an_execution_that_cannot_be_looked_at_yet_is_not_lost(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry that looks at once and finds nothing does not fail a pipeline that runs."""
    arn = world.begin("orders")
    world.wait(arn)
    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "get_execution", lambda *_: None)
        token = world.wait(arn)
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_success_heard_of_late_does_not_replace_a_newer_one(world: ReleaseWorld) -> None:
    """The last good revisions are those of the execution that started last."""
    first = world.begin("orders", release_id="a")
    stale = world.wait(first, release_id="a")
    world.play("orders")
    world.undelivered()
    world.clock.advance(timedelta(minutes=10))
    world.ledger.locks.free("orders", first)
    world.wait(world.begin("orders", release_id="b"), release_id="b")
    world.complete("orders")
    world.clock.advance(timedelta(minutes=50))
    world.step_functions.time_out(stale)
    world.wait(first, release_id="a")
    assert world.pipeline(release_id="a").status is PipelineStatus.SUCCEEDED
    (good,) = world.items("pipelines")
    assert good["last_good"]["release_id"] == "b"
