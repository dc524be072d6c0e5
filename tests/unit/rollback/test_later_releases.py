"""Which release ran a pipeline after another one is known, even if later ones crashed."""

from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from localstack_codepipeline.model import Revision as Delivered
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ReleaseNotResumable
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import ROLLBACK, by_hand, finish, read, request, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    then(world, "v1", "orders", "catalog")
    return world


def then(world: ReleaseWorld, release_id: str, *names: str, bad: str = "", **more: Any) -> str:
    """Release pipelines one minute later; returns the workflow execution."""
    world.clock.advance(timedelta(minutes=1))
    return run(world, release_id, *names, bad=bad, **more)[0]


def resume(world: ReleaseWorld, release_id: str, *names: str) -> str:
    """Resume a release of these pipelines; returns the workflow execution."""
    document = {"releaseId": release_id, "pipelines": list(names), "resume": True}
    arn = world.start(write_json(document))
    assert world.open_release(arn)["outcome"] == "OPENED"
    return arn


@pytest.mark.parametrize("status", [ReleaseStatus.FAILED, ReleaseStatus.CANCELLED])
def test_an_earlier_release_is_no_conflict_during_the_close(
    world: ReleaseWorld, status: ReleaseStatus
) -> None:
    """Until the close has freed a pipeline, its latest release on record may be an older one."""
    then(world, "vx", "orders", bad="orders")
    world.clock.advance(timedelta(minutes=1))
    arn = world.begin("orders", "catalog", release_id="v2")
    for name in ("orders", "catalog"):
        world.wait(arn, name, "v2")
    world.play("orders")
    world.complete("catalog", fail=FAILURE)
    world.ledger.headers.close("v2", status, why="closing", execution_arn=arn)
    rollback = read(world, "v2")
    assert (list(rollback.wanted), rollback.conflicts) == (["catalog", "orders"], {})


def test_an_attempt_that_ran_nothing_hides_no_later_release(world: ReleaseWorld) -> None:
    """v3 stays a conflict although a later attempt of v2 held the pipeline without running it."""
    then(world, "v2", "orders", "catalog", bad="orders")
    then(world, "v3", "orders", bad="orders")
    assert read(world, "v2").conflicts == {"orders": "v3"}
    world.cancel(resume(world, "v2", "orders", "catalog"))
    assert world.pipeline("orders", "v2").status is PipelineStatus.SKIPPED
    assert read(world, "v2").conflicts == {"orders": "v3"}


def test_crashed_releases_that_ran_nothing_hide_no_later_release(world: ReleaseWorld) -> None:
    """v3 stays a conflict although crashed releases held the pipeline after it."""
    then(world, "v2", "orders", bad="orders")
    then(world, "v3", "orders", bad="orders")
    for dead in ("v4", "v5"):
        world.step_functions.end(world.begin("orders", release_id=dead), "ABORTED")
    world.cancel(world.begin("orders", release_id="v6"))
    assert read(world, "v2").conflicts == {"orders": "v3"}


def test_a_crashed_release_that_ran_a_pipeline_is_a_conflict(world: ReleaseWorld) -> None:
    """A crashed release stays a conflict until another release has run the pipeline."""
    then(world, "v2", "orders", bad="orders")
    dead = world.begin("orders", release_id="v3")
    world.wait(dead, "orders", "v3")
    world.play("orders", fail=FAILURE)
    world.step_functions.end(dead, "ABORTED")
    world.step_functions.end(world.begin("orders", release_id="v4"), "ABORTED")
    arn = world.begin("orders", release_id="v5")
    assert read(world, "v2").conflicts == {"orders": "v3"}
    world.clock.advance(timedelta(minutes=1))
    finish(world, arn, "v5", "orders", bad="orders")
    assert read(world, "v2").conflicts == {"orders": "v5"}
    (orders,) = [each for each in world.items("pipelines") if each["pipeline"] == "orders"]
    assert "taken_from" not in orders


def test_a_rollback_is_not_resumed_over_a_later_release(world: ReleaseWorld) -> None:
    """Plan and opening reject the resume of a rollback and name the later release."""
    arn = then(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    closed = world.close_release().at_end("v2", arn)
    rollback = world.start(request(closed, arn))
    world.open_release(rollback)
    finish(world, rollback, "v2-rollback", "catalog", bad="catalog")
    again = {**read(world, "v2", rollback_id="v2-rollback", waits=True).manifest, "resume": True}
    before = world.planner()(again).problems
    then(world, "v3", "catalog", bad="catalog")
    (refusal,) = set(world.planner()(again).problems) - {*before}
    assert refusal.endswith("\n- catalog: release v3")
    with pytest.raises(ReleaseNotResumable, match=r"roll v2 back again.*\n- catalog: release v3"):
        world.open_release(world.start(write_json(again)))
    assert world.ledger.lock_holders(["catalog", "orders"]) == {}
    assert read(world, "v2", rollback_id="v2-rollback-2").conflicts == {"catalog": "v3"}


def test_a_rollback_is_not_resumed_over_what_a_person_shipped(world: ReleaseWorld) -> None:
    """Plan and opening reject the resume, and name the execution that no release started."""
    before = by_hand(world, "orders by hand")
    then(world, "v2", "orders", "catalog")
    world.clock.advance(timedelta(minutes=1))
    rollback = world.start(write_json(read(world, "v2").manifest))
    world.open_release(rollback)
    finish(world, rollback, "v2-rollback", "catalog", "orders", bad="catalog")
    again = {**read(world, "v2", rollback_id="v2-rollback").manifest, "resume": True}
    problems = world.planner()(again).problems
    world.clock.advance(timedelta(minutes=1))
    since = by_hand(world, "catalog by hand", "catalog")
    (refusal,) = set(world.planner()(again).problems) - {*problems}
    assert refusal.endswith(f"\n- catalog: execution {since} that no release started")
    assert before not in refusal
    with pytest.raises(ReleaseNotResumable, match=f"catalog: execution {since}"):
        world.open_release(world.start(write_json(again)))
    assert world.ledger.lock_holders(["catalog", "orders"]) == {}


def test_a_plan_warns_of_a_resume_over_a_later_release(world: ReleaseWorld) -> None:
    """The plan of a resume warns that a later release has run the pipeline."""
    then(world, "v2", "orders", "catalog", bad="catalog")
    document = {"releaseId": "v2", "pipelines": ["orders", "catalog"], "resume": True}
    then(world, "v3", "orders", "catalog")
    world.s3.put_object(Bucket="sources", Key="app.zip", Body=b"new")
    orders, catalog = world.planner()(document).pipelines
    assert orders.warnings == ("has succeeded in this release and does not run again",)
    assert catalog.warnings == (
        "overwrites the changes of release v3, which has run this pipeline since",
    )


def test_a_failed_pipeline_that_could_not_start_again_is_rolled_back(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first execution is rolled back, even after a resume that skips the pipeline."""
    orders = {"name": "orders", "retries": 1}
    arn = world.begin(orders, release_id="v2")
    world.wait(arn, "orders", "v2")
    with monkeypatch.context() as patch:
        refuse(
            patch,
            world.codepipeline,
            "retry_stage_execution",
            Refused("StageNotRetryableException", "no"),
        )
        world.finish(world.fetch("orders"), ActionResult(revision=Delivered("orders v2", "")))
        world.play("orders", fail=FAILURE)
        refuse(
            patch,
            world.codepipeline,
            "start_pipeline_execution",
            Refused("AccessDeniedException", "no"),
        )
        world.deliver()
    world.close(arn, "v2")
    assert list(read(world, "v2").wanted) == ["orders"]
    resumed = {"releaseId": "v2", "pipelines": [orders], "resume": True}
    again = world.start(write_json(resumed))
    world.open_release(again)
    world.cancel(again)
    rollback = read(world, "v2")
    assert (list(rollback.wanted), rollback.left_alone) == (["orders"], ())
