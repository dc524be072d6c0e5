"""Who answered is what a caller cannot choose: one person has one vote, and no requester has."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.worlds.answers import (
    ADA,
    FEDERATED,
    GRACE,
    JOAN,
    OTHER_SSO,
    RELEASERS,
    SSO,
    Response,
    approve,
    ask,
    open_by,
    reject,
)
from tests.worlds.release_world import ReleaseWorld, after


@pytest.fixture
def world() -> ReleaseWorld:
    """A world without releases."""
    return ReleaseWorld()


def after_the_first_read(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]
) -> None:
    """Let something happen once, after the next function has made its first read."""
    read = world.dynamodb.batch_get_item

    def read_and_act(**request: Any) -> dict[str, Any]:
        found = read(**request)
        monkeypatch.undo()
        act()
        return found

    monkeypatch.setattr(world.dynamodb, "batch_get_item", read_and_act)


def refused_as_requester(response: Response) -> bool:
    """Whether four eyes refuse the answer, with who may answer."""
    return response.status == 403 and "Another person must answer" in response.message


def test_the_requester_cannot_answer(world: ReleaseWorld) -> None:
    """Neither to approve nor to reject; the response says who can."""
    ask(world, requester=ADA)
    refused = approve(world, ADA)
    assert refused_as_requester(refused)
    assert f"{ADA} asked for release r" in refused.message
    assert "execute-api:Invoke on POST/approvals/go-live/*" in refused.message
    assert refused_as_requester(reject(world, ADA))
    assert "votes" not in world.item("pipeline#go-live")


def test_without_four_eyes_the_requester_can_answer(world: ReleaseWorld) -> None:
    """The manifest says so, and the approval shows it."""
    ask(world, requester=ADA, fourEyes=False)
    assert approve(world, ADA).body["status"] == "SUCCEEDED"


def test_another_session_of_the_requesters_role_is_the_requester(world: ReleaseWorld) -> None:
    """The caller chooses the name of a session, so it proves nothing."""
    ask(world, requester=f"{RELEASERS}/ada")
    refused = approve(world, f"{RELEASERS}/grace")
    assert refused_as_requester(refused)
    assert f"(all sessions of {RELEASERS} count as one person)" in refused.message
    assert approve(world, GRACE).status == 200


def test_two_sessions_of_a_role_are_one_vote(world: ReleaseWorld) -> None:
    """The second session is told that its role has voted, and as whom."""
    ask(world, minApprovals=2)
    approve(world, f"{RELEASERS}/grace")
    second = approve(world, f"{RELEASERS}/joan")
    assert second.status == 409
    assert f"already, as {RELEASERS}/grace at" in second.message
    assert len(world.item("pipeline#go-live")["votes"]) == 1


def test_pinned_sessions_are_people(world: ReleaseWorld) -> None:
    """The trust policies of the deployment's roles fix the names of the sessions."""
    ask(world, requester=f"{RELEASERS}/ada", minApprovals=2)
    assert approve(world, f"{RELEASERS}/grace", pinned=True).body["votes"] == 1
    assert approve(world, f"{RELEASERS}/joan", pinned=True).body["votes"] == 2
    assert refused_as_requester(approve(world, f"{RELEASERS}/ada", pinned=True))


def test_users_of_identity_center_are_people(world: ReleaseWorld) -> None:
    """Identity Center sets the name of the session, so it tells the users of one role apart."""
    ask(world, requester=f"{SSO}/ada", minApprovals=2)
    assert refused_as_requester(approve(world, f"{SSO}/ada"))
    assert approve(world, f"{SSO}/grace").body["votes"] == 1
    assert approve(world, f"{SSO}/joan").body["votes"] == 2


def test_a_user_of_identity_center_is_one_person_in_all_roles(world: ReleaseWorld) -> None:
    """Who released with one permission set does not approve with another, nor vote with both."""
    ask(world, requester=f"{SSO}/ada", minApprovals=2)
    assert refused_as_requester(approve(world, f"{OTHER_SSO}/ada"))
    assert approve(world, f"{SSO}/grace").body["votes"] == 1
    assert approve(world, f"{OTHER_SSO}/grace").status == 409
    assert len(world.item("pipeline#go-live")["votes"]) == 1


@pytest.mark.parametrize("pinned", [False, True])
def test_federated_users_cannot_answer_where_four_eyes_are_asked(
    world: ReleaseWorld, *, pinned: bool
) -> None:
    """A user who released may call as a federated user of any name; the response has a way out."""
    ask(world, requester=ADA)
    refused = approve(world, FEDERATED, pinned=pinned)
    assert refused.status == 403
    assert "Answer as an IAM user, or with a role" in refused.message
    assert "votes" not in world.item("pipeline#go-live")


def test_federated_users_can_answer_without_four_eyes(world: ReleaseWorld) -> None:
    """All of them have one vote, also where the names of sessions are pinned."""
    ask(world, requester=ADA, fourEyes=False, minApprovals=2)
    assert approve(world, FEDERATED, pinned=True).body["votes"] == 1
    assert approve(world, f"{FEDERATED}-too", pinned=True).status == 409


def test_one_person_votes_once_in_two_requests_at_one_instant(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request has read the approval when the first one votes."""
    ask(world, minApprovals=2)
    after_the_first_read(world, monkeypatch, lambda: approve(world, GRACE))
    assert reject(world, GRACE).status == 409
    assert len(world.item("pipeline#go-live")["votes"]) == 1


def test_two_people_vote_at_one_instant(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both votes count, although each was read as the first one."""
    ask(world, minApprovals=2)
    after_the_first_read(world, monkeypatch, lambda: approve(world, GRACE))
    assert (second := approve(world, JOAN)).status == 200
    assert (second.body["votes"], second.body["status"]) == (2, "SUCCEEDED")


def test_who_retried_the_release_is_a_requester(world: ReleaseWorld) -> None:
    """A retry asks again; neither the first requester nor who retried may answer now."""
    document = {
        "releaseId": "r",
        "pipelines": [after("orders", "go-live")],
        "approvals": [{"name": "go-live"}],
    }
    arn = open_by(world, ADA, document)
    world.wait_for_all(arn)
    reject(world, JOAN)
    world.close(arn)
    again = open_by(world, GRACE, document | {"resume": True})
    world.wait_for_all(again)
    assert refused_as_requester(approve(world, GRACE))
    assert refused_as_requester(approve(world, ADA))
    counted = approve(world, JOAN)
    assert (counted.status, counted.body["attempt"], counted.body["votes"]) == (200, 2, 1)


def test_a_retry_between_the_reads_of_an_answer_cannot_hide_its_requester(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grace retries the release while the function that reads her answer has read a part of it."""
    document = {
        "releaseId": "r",
        "pipelines": [after("orders", "go-live")],
        "approvals": [{"name": "go-live"}],
    }
    arn = open_by(world, ADA, document)
    world.wait_for_all(arn)
    reject(world, JOAN)
    world.close(arn)
    after_the_first_read(
        world,
        monkeypatch,
        lambda: world.wait_for_all(open_by(world, GRACE, document | {"resume": True})),
    )
    assert refused_as_requester(approve(world, GRACE))
    assert world.statuses()["go-live"] == "RUNNING"
    assert "votes" not in world.item("pipeline#go-live")
