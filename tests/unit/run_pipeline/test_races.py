"""Races between functions: nothing runs twice, unnoticed, or is lost."""

from datetime import timedelta

import pytest

from release_core.aws.codepipeline import CodePipeline
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ExecutionEnded, StartUnresolved
from release_core.ledger.openings import Openings
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import crash_after, meanwhile, refuse
from tests.worlds.release_world import ReleaseWorld

BUSY = Refused("ConflictException", "no")
DEAD_STARTER = "release-machine-run-pipeline/dead"


def give_up_starting(world: ReleaseWorld, execution_arn: str) -> None:
    """Let two tries to start ``orders`` be refused with a conflict."""
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, world.codepipeline, "start_pipeline_execution", BUSY)
        world.wait(execution_arn)
        world.clock.advance(timedelta(seconds=21))
        world.wait(execution_arn)


def test_the_close_repeats_no_failed_start(world: ReleaseWorld) -> None:
    """After the workflow gave up starting a pipeline, the close does not start it."""
    arn = world.begin("orders")
    give_up_starting(world, arn)
    with pytest.raises(StartUnresolved):
        world.close_release().at_end("r", arn)
    world.clock.advance(timedelta(minutes=2))
    closed = world.close_release().at_end("r", arn)
    assert closed["status"] == "FAILED"
    assert "orders starting: no (ConflictException)" in closed["why"]
    assert world.executions_of("orders") == []


def test_the_close_skips_a_pipeline_that_was_never_started(world: ReleaseWorld) -> None:
    """A pipeline whose function crashed after registering the token is skipped by the close."""
    arn = world.begin("orders")
    with crash_after(Pipelines, "register_token"):
        world.wait(arn)
    assert world.close_release().at_end("r", arn)["status"] == "FAILED"
    assert world.pipeline().status is PipelineStatus.SKIPPED
    assert world.executions_of("orders") == []


def test_a_cancel_waits_for_a_repeated_start(world: ReleaseWorld) -> None:
    """A cancel during a repeated start does not skip the pipeline but stops its execution."""
    arn = world.begin("orders")
    give_up_starting(world, arn)
    world.clock.advance(timedelta(minutes=3))

    def cancel() -> None:
        with pytest.raises(StartUnresolved):
            world.cancel(arn)

    with meanwhile(CodePipeline, "start", before=cancel):
        world.wait(arn)
    assert world.pipeline().execution_id
    assert world.executions_of("orders")[0]["status"] == "Stopping"


def test_one_of_two_functions_repeats_a_start(world: ReleaseWorld) -> None:
    """Of two functions that see the same unfinished start, only the first repeats it."""
    world.open("r")
    world.ledger.pipelines.claim_start("r", world.pipeline(), DEAD_STARTER)
    world.ledger.pipelines.register_token("r", "orders", "t", looks_at=world.clock())
    seen = world.pipeline()
    first_try = seen.starting_at
    world.clock.advance(timedelta(minutes=1))
    assert world.ledger.pipelines.claim_start("r", seen, "run-pipeline/2")
    assert not world.ledger.pipelines.claim_start("r", seen, "run-pipeline/3")
    assert world.pipeline().starting_at == first_try
    assert world.pipeline().start_tried_at == world.clock()


def test_a_search_does_not_take_the_execution_of_a_later_release(world: ReleaseWorld) -> None:
    """A search considers only executions that started while its own starter could run."""
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


def test_of_two_unrecorded_starts_the_older_is_taken(world: ReleaseWorld) -> None:
    """The first execution after the claim is taken; a later one may be another person's."""
    stopped = world.begin("orders", release_id="a")
    world.ledger.pipelines.claim_start("a", world.pipeline(release_id="a"), DEAD_STARTER)
    own = world.codepipeline.start_pipeline_execution(name="orders")
    world.clock.advance(timedelta(seconds=30))
    world.codepipeline.start_pipeline_execution(name="orders")
    world.cancel(stopped)
    assert world.pipeline(release_id="a").execution_id == own["pipelineExecutionId"]


def test_a_stop_during_the_opening_leaves_no_pipeline_waiting(world: ReleaseWorld) -> None:
    """Pipelines are recorded only while their release runs."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    with (
        meanwhile(Openings, "put_pipelines", before=lambda: world.cancel(arn)),
        pytest.raises(ExecutionEnded),
    ):
        world.open_release(arn)
    assert world.release().status is ReleaseStatus.CANCELLED
    assert world.release().pipelines == {}


def test_a_late_cancel_finds_the_end_of_the_execution(world: ReleaseWorld) -> None:
    """If the execution has ended and its event was lost, the cancel looks up the end."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.undelivered()
    world.cancel(arn)
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_new_execution_that_is_not_visible_yet_is_not_lost(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that does not find a new execution does not fail its pipeline."""
    arn = world.begin("orders")
    world.wait(arn)
    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "get_execution", lambda *_: None)
        token = world.wait(arn)
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_late_success_replaces_no_newer_one(world: ReleaseWorld) -> None:
    """The last success is that of the execution that started last."""
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


def test_a_late_function_of_an_earlier_task_changes_no_token(world: ReleaseWorld) -> None:
    """The function of a task that has timed out comes late: the token of the next task stays."""
    arn = world.begin("orders")
    entered = world.clock()
    early, later = (world.step_functions.wait_for_token(arn) for _ in range(2))
    world.run_pipeline("r", "orders", later, waits_since=entered + timedelta(hours=1))
    world.run_pipeline("r", "orders", early, waits_since=entered)
    assert world.pipeline().task_token == later
    world.complete("orders")
    assert world.settlement(later).succeeded
