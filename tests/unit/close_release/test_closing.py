"""A release is closed truthfully, once, and leaves nothing running."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.decide.outcome import tally
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.errors import AnnouncementRefused, StartUnresolved
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld


def test_all_succeeded_is_success(world: ReleaseWorld) -> None:
    """Every pipeline succeeded: the release has, and the world is told so."""
    arn = world.begin("orders", "catalog")
    for pipeline in ("orders", "catalog"):
        world.wait(arn, pipeline)
        world.complete(pipeline)
    closed = world.close_release().at_end("r", arn)
    assert closed == {
        "release_id": "r",
        "status": "SUCCEEDED",
        "why": "all 2 pipelines succeeded",
        "rollback": None,
    }
    (entry,) = world.events.entries
    assert (entry["Source"], entry["DetailType"]) == ("release-machine", "Release Succeeded")


def test_one_pipeline_is_not_all_of_them(world: ReleaseWorld) -> None:
    """A release of one pipeline is told so."""
    arn = world.begin("orders")
    world.wait(arn, "orders")
    world.complete("orders")
    assert world.close_release().at_end("r", arn)["why"] == "its 1 pipeline succeeded"


def test_one_failure_names_itself(world: ReleaseWorld) -> None:
    """One pipeline failed: the release has, naming it and why."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.play("orders", fail=FAILURE)
    world.complete("catalog")
    closed = world.close_release().at_end("r", arn)
    assert closed["status"] == "FAILED"
    assert "1 of 2 pipelines did not succeed" in closed["why"]
    assert "orders failed" in closed["why"]
    assert "the bucket is gone" in closed["why"]
    assert "catalog" not in closed["why"]


def test_closing_again_answers_the_same_and_tells_nobody_twice(world: ReleaseWorld) -> None:
    """The workflow's retry of the close finds it done."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders")
    first = world.close(arn)
    assert world.close_release().at_end("r", arn) == first
    assert len(world.events.entries) == 1


def test_an_announcement_that_was_not_taken_is_made_again(world: ReleaseWorld) -> None:
    """The close is repeated until EventBridge has taken the outcome."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders")
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.close_release().at_end("r", arn)
    assert world.close_release().at_end("r", arn)["status"] == "SUCCEEDED"
    assert len(world.events.entries) == 1


def test_an_end_nobody_told_of_is_seen_at_the_close(world: ReleaseWorld) -> None:
    """A pipeline whose task gave up is looked at once more before it is judged."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.undelivered()
    assert world.close_release().at_end("r", arn)["status"] == "SUCCEEDED"


def test_what_still_runs_at_the_close_is_no_success_and_is_stopped(world: ReleaseWorld) -> None:
    """A task that gave up on a running pipeline fails the release, and the pipeline is stopped."""
    arn = world.begin("orders")
    world.wait(arn)
    closed = world.close_release().at_end("r", arn)
    assert closed["status"] == "FAILED"
    assert "orders running" in closed["why"]
    execution = world.executions_of("orders")[0]
    assert execution["status"] == "Stopping"


def test_a_stop_by_hand_cancels_the_release(world: ReleaseWorld) -> None:
    """Running pipelines are asked to stop, waiting ones are skipped, the cause is on record."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.cancel(arn)
    release = world.release()
    assert release.status is ReleaseStatus.CANCELLED
    assert release.why == "the workflow execution was stopped: wrong version"
    assert release.pipelines["catalog"].status is PipelineStatus.SKIPPED
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    (entry,) = world.events.entries
    assert entry["DetailType"] == "Release Cancelled"


def test_a_stopped_releases_pipelines_are_followed_to_their_end(world: ReleaseWorld) -> None:
    """After the stop the ledger still learns how each execution ended."""
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.STOPPED


def test_a_token_that_died_of_age_closes_nothing(world: ReleaseWorld) -> None:
    """While the workflow runs, a dead token is only an old one."""
    token = world.wait(world.begin("orders"))
    world.step_functions.time_out(token)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.RUNNING


def test_a_stop_before_the_claim_leaves_no_release(world: ReleaseWorld) -> None:
    """An execution stopped while its manifest was read has nothing to close."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    world.cancel(arn)
    assert world.ledger.get_release("r") is None
    assert world.events.entries == []


def test_a_stop_while_a_start_is_on_its_way_finds_it(world: ReleaseWorld) -> None:
    """A start that nobody recorded is found by who made it, and stopped."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/dead")
    world.codepipeline.start_pipeline_execution(name="orders")
    world.cancel(arn)
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    assert world.pipeline().execution_id


def test_a_start_that_may_still_come_is_waited_for(world: ReleaseWorld) -> None:
    """While the starter may live the close asks for another try; Lambda's first one is enough."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/slow")
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.CANCELLED
    world.clock.advance(timedelta(minutes=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.SKIPPED


def test_nothing_is_started_for_a_release_that_was_stopped(world: ReleaseWorld) -> None:
    """A task that comes to a closed release is told that its pipeline is skipped."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    event = world.stop(arn)
    world.close_release().when_ended(event)
    world.run_pipeline("r", "orders", token)
    assert world.executions_of("orders") == []
    assert world.pipeline().status is PipelineStatus.SKIPPED


def test_a_failed_workflow_fails_its_release(world: ReleaseWorld) -> None:
    """When the workflow itself breaks, the release is closed as FAILED and says so."""
    arn = world.begin("orders")
    world.wait(arn)
    world.step_functions.end(arn, "FAILED", error="States.Runtime", cause="no such path")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.release().status is ReleaseStatus.FAILED
    assert world.release().why == ("the workflow execution failed: States.Runtime: no such path")


@pytest.mark.parametrize(
    "event", [{}, None, {"detail": {}}, {"detail": {"executionArn": "a", "status": "SUCCEEDED"}}]
)
def test_other_events_close_nothing(world: ReleaseWorld, event: object) -> None:
    """An event that ends no execution is ignored."""
    world.begin("orders")
    world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.RUNNING


OPENED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

_PIPELINES = st.lists(
    st.builds(
        Pipeline,
        name=st.uuids().map(str),
        status=st.sampled_from(PipelineStatus),
        position=st.integers(0, 9),
    ),
    max_size=5,
)


@given(_PIPELINES)
def test_nothing_counts_as_success_that_did_not_succeed(pipelines: list[Pipeline]) -> None:
    """SUCCEEDED if and only if there are pipelines and each one succeeded; else each is named."""
    release = Release(
        release_id="r",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn",
        manifest_sha256="",
        opened_at=OPENED,
        pipelines={each.name: each for each in pipelines},
    )
    status, why = tally(release)
    bad = [each for each in pipelines if each.status is not PipelineStatus.SUCCEEDED]
    assert (status is ReleaseStatus.SUCCEEDED) == bool(pipelines and not bad)
    assert all(each.name in why for each in bad)
