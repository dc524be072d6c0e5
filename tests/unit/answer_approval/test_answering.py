"""An answer counts once, lets the release go on, and says how the approval stands."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from answer_approval import answering
from release_core.ledger.dynamodb import Table, Update
from run_pipeline.running import FailedTask
from tests.worlds.answers import ADA, GRACE, JOAN, Response, approve, ask, open_by, reject, send
from tests.worlds.ledger_world import TABLES
from tests.worlds.release_world import ReleaseWorld, after


@pytest.fixture
def world() -> ReleaseWorld:
    """A world without releases."""
    return ReleaseWorld()


def test_the_last_approval_starts_what_waits_behind_it(world: ReleaseWorld) -> None:
    """The first of two votes changes nothing else; the second starts the pipeline."""
    tokens = ask(world, minApprovals=2)
    first = approve(world, GRACE, comment=" Tested by hand ")
    assert (first.status, first.body) == (
        200,
        {
            "releaseId": "r",
            "approval": "go-live",
            "attempt": 1,
            "decision": "approve",
            "votes": 1,
            "needed": 2,
            "status": "RUNNING",
        },
    )
    assert world.statuses() == {"go-live": "RUNNING", "orders": "WAITING"}
    second = approve(world, JOAN)
    assert (second.body["votes"], second.body["status"]) == (2, "SUCCEEDED")
    assert world.statuses() == {"go-live": "SUCCEEDED", "orders": "RUNNING"}
    assert world.outcome(tokens["go-live"])
    votes = world.item("pipeline#go-live")["votes"]
    assert [(each["by"], each["comment"]) for each in votes] == [
        (GRACE, "Tested by hand"),
        (JOAN, None),
    ]


def test_a_rejection_fails_the_approval(world: ReleaseWorld) -> None:
    """What waits behind it is skipped, and the failure says who said what."""
    ask(world)
    rejected = reject(world, GRACE, "The shop is closed")
    assert (rejected.body["status"], rejected.body["decision"]) == ("FAILED", "reject")
    assert world.statuses() == {"go-live": "FAILED", "orders": "SKIPPED"}
    assert "The shop is closed" in str(world.pipeline("go-live").failure)


def test_an_answer_ahead_counts_when_it_is_asked(world: ReleaseWorld) -> None:
    """The approval waits for ``catalog``; it is granted as soon as it is asked."""
    document: dict[str, Any] = {
        "releaseId": "r",
        "pipelines": ["catalog", after("orders", "go-live")],
        "approvals": [after("go-live", "catalog")],
    }
    world.wait_for_all(open_by(world, ADA, document))
    ahead = approve(world, GRACE)
    assert (ahead.status, ahead.body["votes"], ahead.body["status"]) == (200, 1, "WAITING")
    world.complete("catalog")
    assert world.statuses()["go-live"] == "SUCCEEDED"
    assert world.statuses()["orders"] == "RUNNING"


def test_the_same_answer_again_counts_once(world: ReleaseWorld) -> None:
    """A caller who saw no response sends it again, even after the end."""
    ask(world)
    first, again = approve(world, GRACE), approve(world, GRACE)
    assert (again.status, again.body) == (first.status, first.body)
    assert len(world.item("pipeline#go-live")["votes"]) == 1


def test_another_answer_of_the_same_person_is_refused(world: ReleaseWorld) -> None:
    """A vote cannot be changed."""
    ask(world, minApprovals=2)
    approve(world, GRACE)
    refused = reject(world, GRACE)
    assert refused.status == 409
    assert f"{GRACE} has approved go-live already" in refused.message
    assert world.statuses()["go-live"] == "RUNNING"


def throttled(service: Any, operation: str, broken: pytest.MonkeyPatch, *, after: int = 0) -> None:
    """Let an operation of a service fail from now on, after this number of calls."""
    call, calls = getattr(service, operation), count()

    def fail(**request: Any) -> Any:
        if next(calls) < after:
            return call(**request)
        error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
        raise ClientError(error, operation)  # type: ignore[arg-type]

    broken.setattr(service, operation, fail)


def test_the_task_goes_on_where_the_function_fails(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB fails after the vote: the task of the approval is woken, and starts the pipeline."""
    tokens = ask(world)
    with monkeypatch.context() as broken:
        throttled(world.dynamodb, "update_item", broken, after=1)
        counted = approve(world, GRACE)
    assert (counted.status, counted.body["votes"], counted.body["status"]) == (200, 1, "RUNNING")
    assert counted.message == "The answer counts. The release goes on in a moment."
    assert world.settlement(tokens["go-live"]).error == "LookAgain"
    assert world.statuses()["orders"] == "WAITING"
    world.wait(tokens["execution"], "go-live")
    assert world.statuses() == {"go-live": "SUCCEEDED", "orders": "RUNNING"}


def test_an_answer_counts_although_nothing_goes_on(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step Functions fails, too: the response says when it goes on, and a repeat hastens that."""
    ask(world)
    with monkeypatch.context() as broken:
        throttled(world.dynamodb, "update_item", broken, after=1)
        throttled(world.step_functions, "send_task_failure", broken)
        counted = approve(world, GRACE)
    assert (counted.status, counted.body["votes"], counted.body["status"]) == (200, 1, "RUNNING")
    assert "at 2026-11-22T10:00:00.000Z at the latest" in counted.message
    again = approve(world, GRACE)
    assert (again.body["votes"], again.body["status"]) == (1, "SUCCEEDED")
    assert world.statuses()["orders"] == "RUNNING"


def test_a_large_release_goes_on_in_the_task_of_the_approval(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its starts may take longer than the API waits, and the workflow tries its tasks again."""
    monkeypatch.setattr(answering, "MOST_AT_ONCE", 0)
    tokens = ask(world)
    counted = approve(world, GRACE)
    assert (counted.body["votes"], counted.body["status"]) == (1, "RUNNING")
    assert counted.message == "The answer counts. The release goes on in a moment."
    assert world.statuses() == {"go-live": "RUNNING", "orders": "WAITING"}
    world.wait(tokens["execution"], "go-live")
    assert world.statuses() == {"go-live": "SUCCEEDED", "orders": "RUNNING"}


def test_an_answer_may_come_before_the_task_of_its_approval(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task sees the vote when it comes; until then the answer says what is yet to come."""
    monkeypatch.setattr(answering, "MOST_AT_ONCE", 0)
    document = {
        "releaseId": "r",
        "pipelines": [after("orders", "go-live")],
        "approvals": [{"name": "go-live"}],
    }
    arn = open_by(world, ADA, document)
    answer = approve(world, GRACE).body
    assert answer["message"] == "The answer counts. The release goes on in a moment."
    world.wait_for_all(arn)
    assert world.statuses() == {"go-live": "SUCCEEDED", "orders": "RUNNING"}


def test_an_answer_after_the_end_says_how_it_ended(world: ReleaseWorld) -> None:
    """It was granted, rejected, has expired, or was cancelled."""
    execution = ask(world)["execution"]
    approve(world, GRACE)
    late = approve(world, JOAN)
    has_all = "go-live has all approvals that it needs: 1"
    stops = "release-machine cancel r stops the release"
    assert (late.status, late.message) == (409, f"{has_all}; {stops}")
    assert f"cannot be changed; {stops}" in reject(world, GRACE).message
    world.cancel(execution)
    assert approve(world, JOAN).message == f"{has_all}; release r is CANCELLED"

    rejected = ReleaseWorld()
    ask(rejected)
    reject(rejected, GRACE)
    assert (
        f"rejected by {GRACE}, which is final; after the release has ended, release-machine show "
        "r says how to go on"
    ) in approve(rejected, JOAN).message


def test_an_expired_approval_takes_no_answer(world: ReleaseWorld) -> None:
    """The answer that comes too late is refused, although no function has looked since."""
    tokens = ask(world, expiresAfterMinutes=30)
    world.clock.advance(timedelta(minutes=30))
    world.run_pipeline("r", "go-live", tokens["go-live"])
    late = approve(world, GRACE)
    assert late.status == 409
    assert late.message == (
        "approval go-live timed out: it expired: 0 of 1 approvals came within 30 minutes; "
        "after the release has ended, release-machine show r says how to go on"
    )


def test_an_answer_after_the_deadline_names_the_deadline(world: ReleaseWorld) -> None:
    """The approval itself has not expired."""
    tokens = ask(world, manifest={"deadline": "2026-11-22T09:30:00Z"})
    world.clock.advance(timedelta(minutes=30))
    world.run_pipeline("r", "go-live", tokens["go-live"])
    late = approve(world, GRACE)
    assert late.status == 409
    assert "timed out: the deadline of the release has passed" in late.message


def test_an_answer_after_the_task_was_given_up_does_not_name_a_rejection(
    world: ReleaseWorld,
) -> None:
    """Nobody has rejected it: the workflow gave up its task."""
    arn = ask(world)["execution"]
    world.give_up(
        FailedTask(
            release_id="r", pipeline="go-live", execution_arn=arn, error="Timeout", cause="too long"
        )
    )
    late = approve(world, GRACE)
    assert late.status == 409
    assert "approval go-live failed" in late.message
    assert "reject" not in late.message


@pytest.mark.parametrize("answer", [approve, reject])
@pytest.mark.parametrize("deadline", [{}, {"deadline": "2026-11-22T09:30:00Z"}])
def test_an_answer_after_the_time_limit_is_refused_before_a_function_looks(
    world: ReleaseWorld, answer: Callable[..., Response], deadline: dict[str, str]
) -> None:
    """The limit is that of the approval or the deadline; the last answer in time counts."""
    limit: dict[str, Any] = {} if deadline else {"expiresAfterMinutes": 30}
    ask(world, manifest=deadline, minApprovals=2, **limit)
    world.clock.advance(timedelta(minutes=30) - timedelta(milliseconds=1))
    assert approve(world, GRACE).status == 200
    world.clock.advance(timedelta(milliseconds=1))
    late = answer(world, JOAN)
    assert late.status == 409
    what = "the deadline of the release" if deadline else "its time limit"
    assert (
        f"go-live takes no more answers: {what} has passed, at 2026-11-22T09:30:00" in late.message
    )
    assert "release-machine show r says how to go on" in late.message
    assert len(world.item("pipeline#go-live")["votes"]) == 1
    assert approve(world, GRACE).status == 200  # again, as it counts already


def test_a_cancelled_approval_takes_no_answer(world: ReleaseWorld) -> None:
    """Cancelling the release ends its approvals."""
    tokens = ask(world)
    world.cancel(tokens["execution"])
    late = approve(world, GRACE)
    assert late.status == 409
    assert "approval go-live cancelled: release r is CANCELLED" in late.message


def test_an_answer_to_a_closed_release_is_refused(world: ReleaseWorld) -> None:
    """The release is cancelled, and its approvals are not ended yet."""
    ask(world)
    header = {"release_id": "r", "item": "release"}
    Table(world.client, TABLES.releases).update(header, Update(put={"status": "CANCELLED"}))
    refused = approve(world, GRACE)
    assert (refused.status, refused.message) == (
        409,
        "release r has ended; release-machine show r says how to go on",
    )


def test_an_answer_names_the_attempt_that_it_is_for(world: ReleaseWorld) -> None:
    """An answer for another attempt than the present one does not count."""
    ask(world)
    other = approve(world, GRACE, attempt=2)
    assert other.status == 409
    assert "is in attempt 1, not 2" in other.message
    assert "votes" not in world.item("pipeline#go-live")
    assert approve(world, GRACE, attempt=1).status == 200


@pytest.mark.parametrize(
    ("approval", "release_id", "says"),
    [
        ("go-live", "s", "there is no open release 's'"),
        ("go%2Dlive", "r", "go%2Dlive is not an approval of release r; did you mean"),
        ("go-lvie", "r", "go-lvie is not an approval of release r; did you mean `go-live`?"),
        ("orders", "r", "orders is a pipeline, not an approval of release r"),
        ("x" * 2000, "r", "there is no open release 'r'"),
    ],
)
def test_what_does_not_exist_is_named(
    world: ReleaseWorld, approval: str, release_id: str, says: str
) -> None:
    """A release that does not exist, or a name that is no approval of it: 404."""
    ask(world)
    found = send(world, GRACE, '{"decision": "approve"}', approval=approval, release_id=release_id)
    assert found.status == 404
    assert says in found.message
