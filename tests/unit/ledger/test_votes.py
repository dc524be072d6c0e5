"""Each person's answer to an approval counts once, in its attempt, and until the approval ends."""

from typing import Any

import pytest

from release_core.domain.approvals import Approval, Vote
from release_core.domain.release import Pipeline
from release_core.ledger.dynamodb import to_attributes
from release_core.ledger.items import approval_item, read_pipeline
from release_core.ledger.votes import Cast
from tests.worlds.ledger_world import TABLES, LedgerWorld

ADA, GRACE, JOAN = (f"arn:aws:iam::111122223333:user/{name}" for name in ("ada", "grace", "joan"))


@pytest.fixture
def world() -> LedgerWorld:
    """A release whose approval ``go-live`` is asked and needs two people."""
    world = LedgerWorld()
    put(world)
    return world


def put(world: LedgerWorld, **more: Any) -> None:
    """Store the approval, with these attributes."""
    asked = approval_item(Approval(min_approvals=2))
    item = {"release_id": "r", "item": "pipeline#go-live", "pipeline": "go-live", "position": 0}
    item |= {"status": "RUNNING", "attempt": 1, "approval": asked, **more}
    world.client.put_item(TableName=TABLES.releases, Item=to_attributes(item))


def node(world: LedgerWorld) -> Pipeline:
    """The approval as it is now."""
    return read_pipeline(world.item("pipeline#go-live"))


def cast(
    world: LedgerWorld, by: str, *, approves: bool = True, seen: Pipeline | None = None
) -> Cast:
    """Vote on the approval as it was ``seen``, by default as it is now."""
    vote = Vote(voter=by, by=by, approves=approves, comment="Looks good", at=world.clock())
    return world.ledger.votes.cast("r", seen or node(world), vote)


def test_a_vote_and_its_audit_entry_are_one_write(world: LedgerWorld) -> None:
    """The approval shows who voted, and the audit names the person as the author."""
    done = cast(world, ADA)
    assert done.counts
    assert done.approval == node(world)
    (vote,) = node(world).approval.votes  # type: ignore[union-attr]
    assert (vote.voter, vote.by, vote.approves, vote.comment) == (ADA, ADA, True, "Looks good")
    (entry,) = world.item("pipeline#go-live")["audit"]
    assert (entry["who"], entry["what"]) == (ADA, "approved: Looks good")


def test_votes_of_two_people_count_in_their_order(world: LedgerWorld) -> None:
    """Two votes at one instant, each cast on the approval as it was before both, count both."""
    seen = node(world)
    assert cast(world, GRACE, seen=seen).counts
    done = cast(world, ADA, seen=seen)
    assert done.counts
    assert done.approval
    assert done.approval.approval
    assert [vote.voter for vote in done.approval.approval.approved_by] == [GRACE, ADA]
    assert done.approval.approval.granted


def test_no_vote_counts_between_the_time_limit_and_the_end(world: LedgerWorld) -> None:
    """The end may halt the release first, so a vote in between must not grant the approval."""
    seen = node(world)
    world.ledger.pipelines.stop_asking("r", seen, why="it expired", timed_out=True)
    done = cast(world, ADA, seen=seen)
    assert not done.counts
    assert done.approval
    assert done.approval.stop_reason == "it expired"


def test_a_person_votes_once(world: LedgerWorld) -> None:
    """A second answer of the same person, even at one instant, changes nothing."""
    seen = node(world)
    cast(world, ADA)
    done = cast(world, ADA, approves=False, seen=seen)
    assert not done.counts
    assert done.approval == node(world)
    assert len(world.item("pipeline#go-live")["votes"]) == 1


def test_a_repeat_whose_response_was_lost_counts_once(world: LedgerWorld) -> None:
    """The client sends the same write again: it finds its own vote."""
    seen = node(world)
    cast(world, ADA)
    assert cast(world, ADA, seen=seen).counts
    assert len(world.item("pipeline#go-live")["votes"]) == 1


def test_a_rejection_is_final(world: LedgerWorld) -> None:
    """After a rejection nobody can approve."""
    assert cast(world, ADA, approves=False).counts
    done = cast(world, GRACE)
    assert not done.counts
    assert done.approval
    assert done.approval.approval
    assert done.approval.approval.rejection
    assert not done.approval.approval.granted


def test_an_approval_that_is_asked_and_granted_takes_no_rejection(world: LedgerWorld) -> None:
    """What depends on it may be starting already."""
    cast(world, ADA)
    cast(world, GRACE)
    assert not cast(world, JOAN, approves=False).counts
    assert not cast(world, JOAN).counts


def test_an_approval_granted_ahead_can_still_be_rejected(world: LedgerWorld) -> None:
    """Nothing has begun that depends on it."""
    put(world, status="WAITING")
    assert cast(world, ADA).counts
    assert cast(world, GRACE).counts
    assert not cast(world, "another").counts
    assert cast(world, JOAN, approves=False).counts


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "SKIPPED"])
def test_an_answer_after_the_end_does_not_count(world: LedgerWorld, status: str) -> None:
    """It expired, or its release was cancelled, at the same moment."""
    seen = node(world)
    put(world, status=status)
    done = cast(world, ADA, seen=seen)
    assert not done.counts
    assert done.approval == node(world)


def test_an_answer_to_an_earlier_attempt_does_not_count(world: LedgerWorld) -> None:
    """The release was resumed meanwhile."""
    seen = node(world)
    put(world, attempt=2)
    assert not cast(world, ADA, seen=seen).counts


def test_a_vote_creates_no_approval(world: LedgerWorld) -> None:
    """A release without the approval stays without it."""
    seen = node(world)
    vote = Vote(voter=ADA, by=ADA, approves=True, comment=None, at=world.clock())
    assert world.ledger.votes.cast("other", seen, vote) == Cast(approval=None, counts=False)
    assert len(world.items("releases")) == 1
