"""An approval of a release is asked, answered and settled like a pipeline, without an execution."""

import json
from datetime import timedelta
from typing import Any

import pytest

from release_core.domain.release import PipelineStatus
from release_core.ledger.headers import Headers
from release_core.ledger.pipelines import Pipelines
from run_pipeline.running import FailedTask
from tests.worlds.faults import FAILURE, count_calls, meanwhile
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld, after
from tests.worlds.votes import ADA, GRACE, answer, approval, cast, node


@pytest.fixture
def world() -> ReleaseWorld:
    """The pipelines and no release."""
    return ReleaseWorld()


def begin(
    world: ReleaseWorld, *, asks: dict[str, Any] | None = None, **more: Any
) -> tuple[str, dict[str, str]]:
    """Begin orders -> go-live -> catalog, with payments beside; returns the ARN and the tokens."""
    asked = approval("go-live", "orders", **(asks or {}))
    pipelines = ("orders", after("catalog", "go-live"), "payments")
    arn = world.begin(*pipelines, approvals=[asked], **more)
    return arn, world.wait_for_all(arn)


def ask(world: ReleaseWorld, **more: Any) -> tuple[str, dict[str, str]]:
    """Begin the release, and let it ask."""
    begun = begin(world, **more)
    world.complete("orders")
    return begun


def whys(world: ReleaseWorld, name: str = "go-live") -> str:
    """Why an approval was not granted."""
    failure = node(world, name).failure
    return failure.message if failure else ""


def test_an_approval_is_a_task_of_the_workflow_and_no_pipeline(world: ReleaseWorld) -> None:
    """It is among the children; it counts as no pipeline, has no lock and no execution."""
    arn, _ = ask(world)
    assert world.open_release(arn)["pipelines"] == ["orders", "catalog", "payments", "go-live"]
    assert world.release().pipeline_count == 3
    assert world.ledger.lock_holders(["go-live"]) == {}
    asked = node(world)
    assert asked.status is PipelineStatus.RUNNING
    assert not asked.ran
    assert asked.approval
    assert asked.approval.asked_at == world.clock()
    assert not asked.approval.votes


def test_what_is_behind_starts_when_all_have_approved(world: ReleaseWorld) -> None:
    """One of two votes grants nothing; the second grants it, and the pipeline behind it starts."""
    _, tokens = ask(world, asks={"minApprovals": 2})
    answer(world, ADA)
    assert world.statuses()["catalog"] == "WAITING"
    answer(world, GRACE)
    assert world.statuses()["go-live"] == "SUCCEEDED"
    assert world.statuses()["catalog"] == "RUNNING"
    assert world.settlement(tokens["go-live"]).error is None


def test_a_rejection_fails_it_with_its_words(world: ReleaseWorld) -> None:
    """Who rejected and why is the failure, the cause of its task, and the reason of the release."""
    arn, tokens = ask(world)
    answer(world, ADA, approves=False)
    assert world.statuses()["go-live"] == "FAILED"
    assert whys(world) == f"not today (rejected by {ADA})"
    assert world.release().halted_by == "go-live"
    assert world.statuses()["catalog"] == "SKIPPED"
    assert world.settlement(tokens["go-live"]).error == "PipelineFailed"
    world.complete("payments")
    closed = world.close(arn)
    assert closed["status"] == "FAILED"
    assert closed["why"].splitlines() == [
        f"not today (go-live rejected by {ADA}), and 1 of 3 pipelines was skipped:",
        f"- approval go-live failed: not today (rejected by {ADA})",
        "- catalog skipped: the release is halted: go-live did not succeed",
    ]


def test_only_the_approval_is_named_when_all_pipelines_succeeded(world: ReleaseWorld) -> None:
    """A release whose last approval is rejected has failed, and its pipelines have not."""
    arn = world.begin("orders", approvals=[approval("done", "orders")])
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, name="done", approves=False)
    closed = world.close(arn)
    assert closed["status"] == "FAILED"
    assert closed["why"].startswith(f"not today (done rejected by {ADA}):\n- approval done failed")


def test_a_success_counts_the_pipelines_only(world: ReleaseWorld) -> None:
    """The outcome and its announcement count pipelines, and list approvals apart."""
    arn = world.begin("orders", approvals=[approval("done", "orders")])
    world.wait_for_all(arn)
    world.complete("orders")
    answer(world, name="done")
    assert world.close(arn)["why"] == "its 1 pipeline succeeded"
    (announced,) = [json.loads(each["Detail"]) for each in world.events.ends]
    assert announced["pipelines"] == {"orders": "SUCCEEDED"}
    assert announced["approvals"] == {"done": "SUCCEEDED"}


def test_others_go_on_after_a_rejection_if_the_policy_says_so(world: ReleaseWorld) -> None:
    """With onFailure continue, only what depends on the approval is skipped."""
    ask(world, onFailure="continue")
    answer(world, approves=False)
    assert world.release().halted_by is None
    assert world.statuses()["catalog"] == "SKIPPED"
    assert world.statuses()["payments"] == "RUNNING"


def test_a_rejection_stops_the_others_if_the_policy_says_so(world: ReleaseWorld) -> None:
    """With onFailure stop, pipelines that run beside it are stopped at once."""
    ask(world, onFailure="stop")
    answer(world, approves=False)
    assert world.executions_of("payments")[0]["status"] == "Stopping"


@pytest.mark.parametrize("votes", [1, 2])
def test_people_may_approve_ahead(world: ReleaseWorld, votes: int) -> None:
    """Votes before it is asked count when it is asked, and grant nothing before."""
    begin(world, asks={"minApprovals": 2})
    for each in (ADA, GRACE)[:votes]:
        answer(world, each)
    assert world.statuses()["go-live"] == "WAITING"
    world.complete("orders")
    granted = votes == 2
    assert world.statuses()["go-live"] == ("SUCCEEDED" if granted else "RUNNING")
    assert world.statuses()["catalog"] == ("RUNNING" if granted else "WAITING")


def test_a_rejection_ahead_ends_it_at_once(world: ReleaseWorld) -> None:
    """Nobody is asked any more, and what is behind is skipped."""
    begin(world, onFailure="continue")
    answer(world, approves=False)
    assert world.statuses()["go-live"] == "FAILED"
    assert world.statuses()["catalog"] == "SKIPPED"
    assert node(world).approval.asked_at is None  # type: ignore[union-attr]


def test_an_approval_behind_a_failure_is_never_asked(world: ReleaseWorld) -> None:
    """Its approvals ahead do not count: it is skipped."""
    _, tokens = begin(world)
    answer(world)
    world.complete("orders", fail=FAILURE)
    assert world.statuses()["go-live"] == "SKIPPED"
    assert world.settlement(tokens["go-live"]).error == "PipelineSkipped"


def test_it_expires(world: ReleaseWorld) -> None:
    """Its task looks when it expires, and ends it with the number of votes."""
    arn, tokens = ask(world, asks={"minApprovals": 2, "expiresAfterMinutes": 30})
    answer(world)
    assert world.settlement(tokens["go-live"]).error == "LookAgain"
    assert 1800 <= int(world.settlement(tokens["go-live"]).cause or "") <= 1810
    world.clock.advance(timedelta(minutes=30))
    token = world.wait(arn, "go-live")
    assert world.statuses()["go-live"] == "TIMED_OUT"
    assert whys(world) == "it expired: 1 of 2 approvals came within 30 minutes"
    assert world.settlement(token).error == "PipelineTimedOut"
    assert world.statuses()["catalog"] == "SKIPPED"


def test_it_ends_at_the_deadline_of_the_release(world: ReleaseWorld) -> None:
    """Whatever its own time limit is."""
    deadline = (world.clock() + timedelta(minutes=20)).isoformat()
    arn, _ = ask(world, deadline=deadline)
    world.clock.advance(timedelta(minutes=20))
    world.wait(arn, "go-live")
    assert world.statuses()["go-live"] == "TIMED_OUT"
    assert whys(world) == "the deadline of the release has passed with 0 of 1 approvals"


def test_a_vote_on_record_counts_also_after_the_time_limit(world: ReleaseWorld) -> None:
    """The function of the person crashed; the task that looks at the time limit reads the vote."""
    arn, _ = ask(world, asks={"expiresAfterMinutes": 30})
    assert cast(world).counts
    world.clock.advance(timedelta(minutes=30))
    world.wait(arn, "go-live")
    assert world.statuses()["go-live"] == "SUCCEEDED"
    assert world.statuses()["catalog"] == "RUNNING"


def votes(world: ReleaseWorld) -> None:
    """Ada's vote counts; nothing else happens."""
    assert cast(world).counts


def test_a_vote_at_the_instant_of_the_expiry_counts(world: ReleaseWorld) -> None:
    """It is recorded before the expiry, so the approval is granted and nothing is halted."""
    arn, _ = ask(world, asks={"expiresAfterMinutes": 30})
    world.clock.advance(timedelta(minutes=30))
    with meanwhile(Pipelines, "stop_asking", before=lambda: votes(world)):
        world.wait(arn, "go-live")
    assert world.statuses()["go-live"] == "SUCCEEDED"
    assert world.release().halted_by is None
    assert world.statuses()["catalog"] == "RUNNING"


def test_no_vote_counts_between_the_expiry_and_the_end(world: ReleaseWorld) -> None:
    """The release is halted first: then the approval cannot be granted any more."""
    arn, _ = ask(world, asks={"expiresAfterMinutes": 30})
    world.clock.advance(timedelta(minutes=30))

    def votes_late() -> None:
        assert not cast(world).counts

    with meanwhile(Headers, "halt", before=votes_late):
        world.wait(arn, "go-live")
    assert world.statuses()["go-live"] == "TIMED_OUT"
    assert world.release().halted_by == "go-live"


def test_a_vote_at_the_instant_of_a_cancel_counts(world: ReleaseWorld) -> None:
    """The approval is granted, and still nothing starts: the release is cancelled."""
    arn, _ = ask(world)
    with meanwhile(Pipelines, "record_end", before=lambda: votes(world)):
        world.cancel(arn)
    assert world.statuses()["go-live"] == "SUCCEEDED"
    assert world.release().halted_by is None
    assert world.statuses()["catalog"] == "SKIPPED"


def test_a_cancel_ends_what_is_asked(world: ReleaseWorld) -> None:
    """It is cancelled, not failed; no vote counts afterwards."""
    arn, _ = ask(world)
    world.cancel(arn)
    assert world.statuses()["go-live"] == "CANCELLED"
    assert whys(world) == "release r is CANCELLED"
    assert not cast(world).counts


def test_a_halt_ends_what_is_asked(world: ReleaseWorld) -> None:
    """Nothing behind it can start any more, so nobody is asked any longer."""
    _, tokens = ask(world)
    world.complete("payments", fail=FAILURE)
    assert world.statuses()["go-live"] == "CANCELLED"
    assert whys(world) == "the release is halted: payments did not succeed"
    assert world.settlement(tokens["go-live"]).error == "PipelineCancelled"


def test_a_task_that_was_given_up_fails_the_approval(world: ReleaseWorld) -> None:
    """Nothing waits for people whose answer nobody would hear."""
    arn, _ = ask(world)
    world.give_up(
        FailedTask(
            release_id="r", pipeline="go-live", execution_arn=arn, error="Crashed", cause="{}"
        )
    )
    assert world.statuses()["go-live"] == "FAILED"
    assert whys(world).startswith("its task failed too often")


def test_looks_at_an_approval_ask_codepipeline_nothing(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hourly look registers the new token, and finds it still open."""
    arn, _ = ask(world)
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    reads = ("get_pipeline_execution", "list_action_executions", "list_pipeline_executions")
    calls = [count_calls(monkeypatch, world.codepipeline, name) for name in reads]
    token = world.wait(arn, "go-live")
    assert world.outcome(token) is None
    assert not any(calls)


def test_an_answer_that_was_lost_is_found_by_the_next_look(world: ReleaseWorld) -> None:
    """The function that counted the vote died; the task of the approval goes on."""
    arn, _ = ask(world)
    assert cast(world).counts
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    token = world.wait(arn, "go-live")
    assert world.settlement(token).error is None
    assert world.statuses()["catalog"] == "RUNNING"


def test_it_takes_no_slot(world: ReleaseWorld) -> None:
    """While people are asked, the slots are free for pipelines."""
    ask(world, maxConcurrency=1)
    assert world.release().in_flight == {"payments"}
    answer(world)
    assert world.statuses()["catalog"] == "WAITING"
    world.complete("payments")
    assert world.statuses()["catalog"] == "RUNNING"
