"""The failed part of a release is run again, and what succeeded is left alone."""

from dataclasses import replace
from typing import Any

import pytest

from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ExecutionEnded, ReleaseIdTaken, ReleaseNotResumable
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.worlds.faults import FAILURE, crash_after
from tests.worlds.ledger_world import an_opening
from tests.worlds.release_world import ReleaseWorld

NAMES = ["orders", "catalog", "payments"]


@pytest.fixture
def world() -> ReleaseWorld:
    """A closed release in which ``orders`` failed and ``catalog`` succeeded."""
    world = ReleaseWorld()
    arn = world.begin("orders", "catalog", {"name": "payments", "dependsOn": ["orders"]})
    for name in NAMES:
        world.wait(arn, name)
    world.play("orders", fail=FAILURE)
    world.complete("catalog")
    assert world.close(arn)["status"] == "FAILED"
    return world


def resume(world: ReleaseWorld, **more: Any) -> str:
    """Start an execution that resumes the release."""
    pipelines = ["orders", "catalog", {"name": "payments", "dependsOn": ["orders"]}]
    manifest = {"releaseId": "r", "pipelines": pipelines, "resume": True, **more}
    return world.start(write_json(manifest))


def test_only_what_did_not_succeed_is_run_again(world: ReleaseWorld) -> None:
    """The next attempt has its own executions; the success of the first one stays."""
    catalog = world.pipeline("catalog")
    arn = resume(world)
    opened = world.open_release(arn)
    assert (opened["outcome"], opened["pipelines"]) == ("OPENED", ["orders", "payments"])
    for name in opened["pipelines"]:
        world.wait(arn, name)
    world.complete("orders")
    world.complete("payments")
    assert world.pipeline("catalog") == catalog
    assert world.close_release().at_end("r", arn)["status"] == "SUCCEEDED"
    assert len(world.executions_of("catalog")) == 1
    assert len(world.executions_of("orders")) == 2


def test_a_release_can_be_resumed_many_times(world: ReleaseWorld) -> None:
    """Its history keeps the beginning of each long reason, so that the header stays an item."""
    for _ in range(10):
        arn = resume(world)
        world.open_release(arn)
        world.ledger.headers.close("r", ReleaseStatus.FAILED, why="x" * 30_000, execution_arn=arn)
        world.step_functions.end(arn, "FAILED")
    header = world.item("release")
    assert (header["attempt"], len(header["why"])) == (11, 30_000)
    assert header["attempts"][-1]["why"] == "x" * 1_997 + "..."
    assert header["audit"][-1]["what"] == "x" * 1_997 + "..."


def test_what_was_stopped_while_it_was_opened_is_opened_whole() -> None:
    """A resume makes the pipelines that the first opening had no time to record."""
    world = ReleaseWorld()
    first = world.start(write_json({"releaseId": "r", "pipelines": NAMES}))
    with crash_after(Openings, "claim"):
        world.open_release(first)
    world.cancel(first)
    second = world.start(write_json({"releaseId": "r", "pipelines": NAMES, "resume": True}))
    assert world.open_release(second)["pipelines"] == NAMES
    assert {each.attempt for each in world.release().pipelines.values()} == {2}
    late = replace(an_opening("r", *NAMES), execution_arn=first)
    with pytest.raises(ExecutionEnded):
        world.ledger.openings.put_pipelines(late, {})


def test_a_stop_heard_of_after_the_resume_gives_back_what_was_not_resumed() -> None:
    """The next attempt takes only what it runs; the rest of the stopped one is free."""
    world = ReleaseWorld()
    first = world.begin("orders", "catalog")
    for name in ("orders", "catalog"):
        world.wait(first, name)
    world.play("orders")
    world.complete("catalog", fail=FAILURE)
    world.step_functions.stop_execution(executionArn=first)
    manifest = {"releaseId": "r", "pipelines": ["orders", "catalog"], "resume": True}
    second = world.start(write_json(manifest))
    assert world.open_release(second)["pipelines"] == ["catalog"]
    world.close_release().when_ended(world.step_functions.status_event(first))
    held = {each["pipeline"]: each.get("held_by") for each in world.items("pipelines")}
    assert held == {"orders": None, "catalog": second}


def test_the_history_of_each_attempt_is_kept(world: ReleaseWorld) -> None:
    """Header and pipelines list how the attempts before ended."""
    failed = world.pipeline("orders").execution_id
    world.open_release(resume(world))
    header = world.item("release")
    assert header["attempt"] == 2
    assert [each["status"] for each in header["attempts"]] == ["FAILED"]
    (earlier,) = world.item("pipeline#orders")["attempts"]
    assert (earlier["attempt"], earlier["status"]) == (1, "FAILED")
    assert earlier["execution_id"] == failed
    assert "the bucket is gone" in earlier["failure"]["message"]


def test_nothing_of_the_attempt_before_is_left_in_a_renewed_pipeline(world: ReleaseWorld) -> None:
    """A renewed pipeline looks like a new one, but for its attempt and its history."""
    fresh = ReleaseWorld()
    fresh.begin("orders")
    world.open_release(resume(world))
    renewed = world.item("pipeline#orders")
    assert renewed.keys() == fresh.item("pipeline#orders").keys() | {"attempts"}


def test_a_retry_of_the_opening_goes_on_with_the_same_attempt(world: ReleaseWorld) -> None:
    """The workflow may try the opening again: it is attempt 2, not 3, and resets nothing."""
    arn = resume(world)
    first = world.open_release(arn)
    world.wait(arn, "orders")
    execution = world.pipeline("orders").execution_id
    again = world.open_release(arn)
    assert again == first
    assert world.release().attempt == 2
    assert world.pipeline("orders").execution_id == execution


def test_what_was_repaired_in_the_console_stays(world: ReleaseWorld) -> None:
    """A stage retried by hand with success after the close is not run again."""
    world.retry_in_console()
    world.play("orders")
    opened = world.open_release(resume(world))
    assert opened["pipelines"] == ["payments"]
    assert world.pipeline("orders").status is PipelineStatus.SUCCEEDED
    assert world.pipeline("orders").failure is None


def test_what_still_runs_is_waited_for(world: ReleaseWorld) -> None:
    """While a stage retried by hand runs, the resume is refused, naming the execution."""
    execution_id = world.pipeline("orders").execution_id
    world.retry_in_console()
    with pytest.raises(ReleaseNotResumable, match=f"orders: execution {execution_id}"):
        world.open_release(resume(world))
    assert world.release().status is ReleaseStatus.FAILED


def test_late_events_of_the_attempt_before_change_nothing(world: ReleaseWorld) -> None:
    """An event of the first attempt's execution is not taken for the second's."""
    arn = resume(world)
    world.open_release(arn)
    before = world.item("pipeline#orders")
    assert world.codepipeline.events
    world.delivered = 0
    world.deliver()
    assert world.item("pipeline#orders") == before
    world.wait(arn, "orders")
    world.delivered = 0
    world.deliver()
    assert world.pipeline("orders").status is PipelineStatus.RUNNING


def test_what_the_attempt_before_does_late_is_not_done_to_this_one(world: ReleaseWorld) -> None:
    """A function that still sees the first attempt neither halts nor frees in the second."""
    before = world.release()
    world.open_release(resume(world))
    now = replace(world.release(), max_concurrency=1)
    assert world.ledger.headers.claim_slot(now, "orders")
    world.ledger.headers.halt(before, "payments")
    world.ledger.headers.free_slot(before, "orders")
    assert not world.ledger.headers.claim_slot(replace(before, max_concurrency=9), "payments")
    assert world.release().halted_by is None
    assert world.release().in_flight == {"orders"}


def test_a_late_close_of_the_attempt_before_closes_nothing(world: ReleaseWorld) -> None:
    """The event that the first execution failed may come when the second one runs."""
    (first,) = {
        each["execution_arn"] for each in world.items("releases") if each["item"] == "release"
    }
    event = world.step_functions.status_event(first)
    world.open_release(resume(world))
    world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.RUNNING


@pytest.mark.parametrize("wanted", ["running", "unknown", "changed"])
def test_what_cannot_be_resumed_is_refused(world: ReleaseWorld, wanted: str) -> None:
    """A running release, one that never was, and another manifest are no resume."""
    if wanted == "running":
        world.open_release(resume(world))
        with pytest.raises(ReleaseNotResumable, match="still runs"):
            world.open_release(resume(world))
    elif wanted == "unknown":
        with pytest.raises(ReleaseNotResumable, match="no release other to resume"):
            world.open_release(resume(world, releaseId="other"))
    else:
        with pytest.raises(ReleaseIdTaken):
            world.open_release(resume(world, onFailure="stop"))


def test_a_release_that_succeeded_is_not_resumed(world: ReleaseWorld) -> None:
    """There is nothing left to run: it is already released."""
    arn = resume(world)
    for name in world.open_release(arn)["pipelines"]:
        world.wait(arn, name)
    world.complete("orders")
    world.complete("payments")
    world.close_release().at_end("r", arn)
    again = world.open_release(resume(world))
    assert (again["outcome"], again["released_by"]) == ("ALREADY_RELEASED", arn)
