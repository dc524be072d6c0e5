"""Who answered a manual approval, and with which words, is on record when its pipeline ends."""

from datetime import timedelta

import pytest

from release_core.domain.manual_approvals import Answer
from release_core.domain.release import PipelineStatus
from tests.worlds.approvals import ADA, answer, ask, gated, listed_late, state_late
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world(world: ReleaseWorld) -> ReleaseWorld:
    """A world in which the pipeline ``orders`` asks before it deploys."""
    world.codepipeline.update_pipeline(pipeline=gated())
    return world


def the_answer(world: ReleaseWorld) -> Answer:
    """The one answer on record."""
    (found,) = world.pipeline().approvals
    return found


def audited(world: ReleaseWorld, who: str = ADA) -> list[str]:
    """What the audit says that a person did."""
    audit = world.item("pipeline#orders")["audit"]
    return [entry["what"] for entry in audit if entry["who"] == who]


def test_an_approval_is_on_record(world: ReleaseWorld) -> None:
    """The record has the person, the words, the place and the time; the audit names the person."""
    world.wait(world.begin("orders"))
    token = ask(world)
    world.clock.advance(timedelta(hours=2))
    answered_at = world.clock()
    answer(world, token, "Approved", "prices checked")
    world.clock.advance(timedelta(minutes=1))
    world.complete("orders")
    assert the_answer(world) == Answer(
        stage="Approve",
        action="Ask",
        answer="Approved",
        by=ADA,
        comment="prices checked",
        at=answered_at,
        action_execution_id=token,
    )
    assert audited(world) == ["approved stage Approve, action Ask: prices checked"]


@pytest.mark.parametrize(
    ("status", "ended"),
    [("Approved", PipelineStatus.SUCCEEDED), ("Rejected", PipelineStatus.FAILED)],
)
def test_an_answer_is_on_record_although_the_list_is_late(
    world: ReleaseWorld, status: str, ended: PipelineStatus
) -> None:
    """The list shows answers up to 30 seconds late; the state shows them at once."""
    world.wait(world.begin("orders"))
    token = ask(world)
    with listed_late(world):
        answer(world, token, status)
        world.complete("orders")
    assert world.pipeline().status is ended
    assert (the_answer(world).answer, the_answer(world).by) == (status, ADA)
    if status == "Rejected":
        assert "not today" in str(world.pipeline().failure)


def test_an_end_waits_until_the_answer_is_shown(world: ReleaseWorld) -> None:
    """Where neither the list nor the state shows the answer yet, the task looks again soon."""
    world.codepipeline.update_pipeline(pipeline=gated(mode="PARALLEL"))
    token = world.wait(world.begin("orders"))
    with state_late(world):
        asked = ask(world)
        with listed_late(world):
            answer(world, asked, "Approved")
            world.complete("orders")
        outcome = world.settlement(token)
        assert (outcome.error, outcome.cause) == ("LookAgain", "15")
        assert world.pipeline().status is PipelineStatus.RUNNING
        assert world.settlement(world.wait(world.release().execution_arn)).succeeded
    assert the_answer(world).by == ADA


def test_an_end_counts_after_a_minute_without_the_answer(world: ReleaseWorld) -> None:
    """No pipeline waits for ever for the words of an answer."""
    world.codepipeline.update_pipeline(pipeline=gated(mode="PARALLEL"))
    world.wait(world.begin("orders"))
    with state_late(world):
        asked = ask(world)
        with listed_late(world):
            answer(world, asked, "Approved")
            world.play("orders")
            world.clock.advance(timedelta(minutes=1))
            world.deliver()
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.pipeline().approvals == ()


def test_a_look_records_the_answer(world: ReleaseWorld) -> None:
    """While the pipeline still runs, the hourly look records the answers so far."""
    arn = world.begin("orders")
    world.wait(arn)
    answer(world, ask(world), "Approved")
    world.wait(arn)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert the_answer(world).by == ADA


def test_each_answer_is_recorded_once(world: ReleaseWorld) -> None:
    """A retry, further looks and the end do not repeat an answer."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    answer(world, ask(world), "Approved")
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    world.wait(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert len(audited(world)) == len(world.pipeline().approvals) == 1


def test_an_abandoned_approval_has_no_answer(world: ReleaseWorld) -> None:
    """Nobody answered an approval that was abandoned by a stop."""
    arn = world.begin("orders", stopMode="abandon")
    world.wait(arn)
    ask(world)
    world.cancel(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.STOPPED
    assert world.pipeline().approvals == ()


def test_the_next_attempt_has_its_own_answers(world: ReleaseWorld) -> None:
    """A resumed pipeline asks again; the earlier answer stays in the audit."""
    world.wait(world.begin("orders"))
    answer(world, ask(world), "Rejected", "wrong prices")
    world.deliver()
    world.close(world.release().execution_arn)
    world.wait(world.begin("orders", resume=True))
    assert world.pipeline().approvals == ()
    assert audited(world) == ["rejected stage Approve, action Ask: wrong prices"]
