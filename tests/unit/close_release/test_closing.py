"""A release is closed once, with the right status, and leaves nothing running."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.decide.outcome import tally
from release_core.domain.approvals import Approval, Vote
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.errors import AnnouncementRefused, StartUnresolved
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld


def test_all_succeeded_is_success(world: ReleaseWorld) -> None:
    """If every pipeline succeeded, the release has SUCCEEDED and this is announced."""
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
    (entry,) = world.events.ends
    assert (entry["Source"], entry["DetailType"]) == ("release-machine", "Release Succeeded")


def test_the_reason_for_one_pipeline_is_singular(world: ReleaseWorld) -> None:
    """The reason of a release with one pipeline says so."""
    arn = world.begin("orders")
    world.wait(arn, "orders")
    world.complete("orders")
    assert world.close_release().at_end("r", arn)["why"] == "its 1 pipeline succeeded"


def test_one_failure_fails_the_release(world: ReleaseWorld) -> None:
    """A failed pipeline fails the release, and the reason names it with its failure."""
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


def test_a_second_close_returns_the_same_and_announces_nothing(world: ReleaseWorld) -> None:
    """If the workflow retries the close, it gets the same output and nothing is announced again."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders")
    first = world.close(arn)
    assert world.close_release().at_end("r", arn) == first
    assert len(world.events.ends) == 1


def test_a_rejected_announcement_is_sent_again(world: ReleaseWorld) -> None:
    """The close fails until EventBridge accepts the announcement."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders")
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.close_release().at_end("r", arn)
    assert world.close_release().at_end("r", arn)["status"] == "SUCCEEDED"
    assert len(world.events.ends) == 1


def test_the_close_finds_a_missed_end(world: ReleaseWorld) -> None:
    """The close looks at a pipeline whose end was missed before it decides the outcome."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.undelivered()
    assert world.close_release().at_end("r", arn)["status"] == "SUCCEEDED"


def test_a_pipeline_that_still_runs_fails_the_release_and_is_stopped(world: ReleaseWorld) -> None:
    """A pipeline that still runs at the close fails the release and is stopped."""
    arn = world.begin("orders")
    world.wait(arn)
    closed = world.close_release().at_end("r", arn)
    assert closed["status"] == "FAILED"
    assert "orders running" in closed["why"]
    execution = world.executions_of("orders")[0]
    assert execution["status"] == "Stopping"


def test_stopping_the_workflow_cancels_the_release(world: ReleaseWorld) -> None:
    """Running pipelines are stopped, waiting ones skipped, and the cause is recorded."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.cancel(arn)
    release = world.release()
    assert release.status is ReleaseStatus.CANCELLED
    assert release.why == "wrong version (the workflow execution was stopped)"
    assert release.pipelines["catalog"].status is PipelineStatus.SKIPPED
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    (entry,) = world.events.ends
    assert entry["DetailType"] == "Release Cancelled"


def test_pipelines_of_a_cancelled_release_are_followed_to_their_end(world: ReleaseWorld) -> None:
    """After a cancel, the ledger still records how each execution ended."""
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.STOPPED


def test_a_timed_out_token_closes_nothing(world: ReleaseWorld) -> None:
    """A timed-out token of a running workflow does not close its release."""
    token = world.wait(world.begin("orders"))
    world.step_functions.time_out(token)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.RUNNING


def test_a_stop_before_the_claim_leaves_no_release(world: ReleaseWorld) -> None:
    """An execution that is stopped before it claims its release id leaves no release."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    world.cancel(arn)
    assert world.ledger.get_release("r") is None
    assert world.events.ends == []


def test_a_cancel_finds_and_stops_an_unrecorded_start(world: ReleaseWorld) -> None:
    """A cancel finds an execution whose start was not recorded, and stops it."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/dead")
    world.codepipeline.start_pipeline_execution(name="orders")
    world.cancel(arn)
    assert world.executions_of("orders")[0]["status"] == "Stopping"
    assert world.pipeline().execution_id


def test_a_start_that_may_still_come_is_waited_for(world: ReleaseWorld) -> None:
    """While a claimed start may still happen, the close fails so that Lambda tries again."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/slow")
    event = world.stop(arn)
    with pytest.raises(StartUnresolved):
        world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.CANCELLED
    world.clock.advance(timedelta(minutes=1))
    world.close_release().when_ended(event)
    assert world.pipeline().status is PipelineStatus.SKIPPED


def test_a_cancelled_release_starts_nothing(world: ReleaseWorld) -> None:
    """A task of a cancelled release starts nothing, and its pipeline is skipped."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    event = world.stop(arn)
    world.close_release().when_ended(event)
    world.run_pipeline("r", "orders", token)
    assert world.executions_of("orders") == []
    assert world.pipeline().status is PipelineStatus.SKIPPED


def test_a_failed_workflow_fails_its_release(world: ReleaseWorld) -> None:
    """If the workflow itself fails, the release is closed as FAILED with that reason."""
    arn = world.begin("orders")
    world.wait(arn)
    world.step_functions.end(arn, "FAILED", error="States.Runtime", cause="no such path")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.release().status is ReleaseStatus.FAILED
    assert world.release().why == ("the workflow execution failed: States.Runtime: no such path")


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        {"detail": None},
        {"detail": {}},
        {"detail": {"executionArn": 5, "status": "ABORTED"}},
        {"detail": {"executionArn": "a", "status": "SUCCEEDED"}},
    ],
)
def test_other_events_close_nothing(world: ReleaseWorld, event: object) -> None:
    """Events that are no end of an execution are ignored."""
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
def test_a_release_succeeds_only_if_every_pipeline_succeeded(pipelines: list[Pipeline]) -> None:
    """A release succeeds only if all pipelines did; otherwise the reason names the others."""
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


def test_what_failed_comes_before_what_was_skipped() -> None:
    """The reason of a large release is cut at its end, so its cause comes first."""
    skipped, failed = PipelineStatus.SKIPPED, PipelineStatus.FAILED
    statuses = {f"behind-{number:03}": skipped for number in range(999)} | {"cause": failed}
    release = Release(
        release_id="r",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn",
        opened_at=OPENED,
        pipelines={
            name: Pipeline(name=name, status=status, position=position)
            for position, (name, status) in enumerate(statuses.items())
        },
    )
    _, why = tally(release)
    title, first, *others = why.splitlines()
    assert title == "1 of 1000 pipelines did not succeed, 999 were skipped:"
    assert first == "- cause failed"
    assert others[0] == "- behind-000 skipped"


def rejected(name: str, minute: int, comment: str | None) -> Pipeline:
    """An approval that ada rejected at this minute."""
    at = OPENED + timedelta(minutes=minute)
    vote = Vote(voter="ada", by="ada", approves=False, comment=comment, at=at)
    said = comment or "no reason was given"
    return Pipeline(
        name=name,
        status=PipelineStatus.FAILED,
        position=9 - minute,
        approval=Approval(votes=(vote,)),
        failure=Failure(message=f"{said} (rejected by ada)"),
    )


@pytest.mark.parametrize(
    ("rejections", "title"),
    [
        (
            [rejected("late", 2, "me too"), rejected("early", 1, "wrong\nprices")],
            "wrong prices (early rejected by ada), and 1 other approval was not granted:",
        ),
        (
            [rejected("late", 2, "wrong prices"), rejected("early", 1, None)],
            "wrong prices (late rejected by ada), and 1 other approval was not granted:",
        ),
        ([rejected("one", 1, "x" * 2000)], f"{'x' * 197}... (one rejected by ada):"),
    ],
)
def test_the_first_rejection_is_the_title(rejections: list[Pipeline], title: str) -> None:
    """In one line that leaves room for the others, each of which has all its words."""
    release = Release(
        release_id="r",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn",
        opened_at=OPENED,
        pipelines={each.name: each for each in rejections},
    )
    first, *lines = tally(release)[1].split("\n- ")
    assert first == title
    said = {f"approval {each.name} failed: {each.failure}" for each in rejections}
    assert set(lines) == said


@pytest.mark.parametrize(
    ("statuses", "title"),
    [
        ("FAILED SKIPPED", "1 of 2 pipelines did not succeed, 1 was skipped:"),
        ("STOPPED TIMED_OUT SUCCEEDED", "2 of 3 pipelines did not succeed:"),
        ("SKIPPED SKIPPED", "2 of 2 pipelines were skipped:"),
        (
            "FAILED SKIPPED SKIPPED?",
            "1 of 2 pipelines did not succeed, 1 was skipped, 1 approval was skipped:",
        ),
        (
            "FAILED? FAILED? FAILED",
            "2 approvals were not granted, and 1 of 1 pipelines did not succeed:",
        ),
        ("", "0 of 0 pipelines did not succeed:"),
    ],
)
def test_what_was_skipped_does_not_count_as_failed(statuses: str, title: str) -> None:
    """The reason counts what failed and what was skipped apart, and approvals apart from both."""
    nodes = {
        str(position): Pipeline(
            name=str(position),
            status=PipelineStatus(status.removesuffix("?")),
            position=position,
            approval=Approval() if status.endswith("?") else None,
        )
        for position, status in enumerate(statuses.split())
    }
    release = Release(
        release_id="r",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn",
        opened_at=OPENED,
        pipelines=nodes,
    )
    assert tally(release)[1].splitlines()[0] == title
