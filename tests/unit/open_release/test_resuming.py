"""A resume runs the failed part of a release again and keeps what succeeded."""

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


def test_only_unsuccessful_pipelines_run_again(world: ReleaseWorld) -> None:
    """The next attempt has its own executions; the successes of the first one stay."""
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
    """The history keeps only the beginning of long reasons, so the header fits into an item."""
    for _ in range(10):
        arn = resume(world)
        world.open_release(arn)
        world.ledger.headers.close("r", ReleaseStatus.FAILED, why="x" * 30_000, execution_arn=arn)
        world.step_functions.end(arn, "FAILED")
    header = world.item("release")
    assert (header["attempt"], len(header["why"])) == (11, 30_000)
    assert header["attempts"][-1]["why"] == "x" * 1_997 + "..."
    assert header["audit"][-1]["what"] == "x" * 1_997 + "..."


def test_a_resume_opens_what_a_stopped_opening_left_out() -> None:
    """A resume records the pipelines that the stopped first opening did not record."""
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


def test_a_late_stop_frees_the_pipelines_that_were_not_resumed() -> None:
    """The next attempt holds only the pipelines it runs; the late close frees the others."""
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
    """Header and pipelines record how earlier attempts ended."""
    failed = world.pipeline("orders").execution_id
    world.open_release(resume(world))
    header = world.item("release")
    assert header["attempt"] == 2
    assert [each["status"] for each in header["attempts"]] == ["FAILED"]
    (earlier,) = world.item("pipeline#orders")["attempts"]
    assert (earlier["attempt"], earlier["status"]) == (1, "FAILED")
    assert earlier["execution_id"] == failed
    assert "the bucket is gone" in earlier["failure"]["message"]


def test_a_renewed_pipeline_keeps_only_its_history(world: ReleaseWorld) -> None:
    """A renewed pipeline has the attributes of a new one, and its history."""
    fresh = ReleaseWorld()
    fresh.begin("orders")
    world.open_release(resume(world))
    renewed = world.item("pipeline#orders")
    assert renewed.keys() == fresh.item("pipeline#orders").keys() | {"attempts"}


def test_a_retry_of_the_resume_stays_in_the_same_attempt(world: ReleaseWorld) -> None:
    """A second try of the opening stays in attempt 2 and resets nothing."""
    arn = resume(world)
    first = world.open_release(arn)
    world.wait(arn, "orders")
    execution = world.pipeline("orders").execution_id
    again = world.open_release(arn)
    assert again == first
    assert world.release().attempt == 2
    assert world.pipeline("orders").execution_id == execution


def test_a_pipeline_repaired_in_the_console_is_not_run_again(world: ReleaseWorld) -> None:
    """A stage that was retried successfully in the console counts, and its failure is removed."""
    world.retry_in_console()
    world.play("orders")
    opened = world.open_release(resume(world))
    assert opened["pipelines"] == ["payments"]
    assert world.pipeline("orders").status is PipelineStatus.SUCCEEDED
    assert world.pipeline("orders").failure is None


def test_a_release_is_not_resumed_while_an_execution_runs(world: ReleaseWorld) -> None:
    """While a stage retried in the console runs, the resume is rejected with the execution's id."""
    execution_id = world.pipeline("orders").execution_id
    world.retry_in_console()
    with pytest.raises(ReleaseNotResumable, match=f"orders: execution {execution_id}"):
        world.open_release(resume(world))
    assert world.release().status is ReleaseStatus.FAILED


def test_late_events_of_an_earlier_attempt_change_nothing(world: ReleaseWorld) -> None:
    """Events of the first attempt's execution do not change the second attempt."""
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


def test_late_writes_of_an_earlier_attempt_change_nothing(world: ReleaseWorld) -> None:
    """A function with a view of the first attempt cannot halt or free a slot in the second."""
    before = world.release()
    world.open_release(resume(world))
    now = replace(world.release(), max_concurrency=1)
    assert world.ledger.headers.claim_slot(now, "orders")
    world.ledger.headers.halt(before, "payments")
    world.ledger.headers.free_slot(before, "orders")
    assert not world.ledger.headers.claim_slot(replace(before, max_concurrency=9), "payments")
    assert world.release().halted_by is None
    assert world.release().in_flight == {"orders"}


def test_a_late_close_of_an_earlier_attempt_closes_nothing(world: ReleaseWorld) -> None:
    """The event of the first execution's failure does not close the second attempt."""
    (first,) = {
        each["execution_arn"] for each in world.items("releases") if each["item"] == "release"
    }
    event = world.step_functions.status_event(first)
    world.open_release(resume(world))
    world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.RUNNING


@pytest.mark.parametrize("wanted", ["running", "unknown", "changed"])
def test_an_invalid_resume_is_rejected(world: ReleaseWorld, wanted: str) -> None:
    """A running or unknown release, or another manifest, cannot be resumed."""
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
    """A release that succeeded is already released."""
    arn = resume(world)
    for name in world.open_release(arn)["pipelines"]:
        world.wait(arn, name)
    world.complete("orders")
    world.complete("payments")
    world.close_release().at_end("r", arn)
    again = world.open_release(resume(world))
    assert (again["outcome"], again["released_by"]) == ("ALREADY_RELEASED", arn)
