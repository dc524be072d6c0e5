"""What happens to a release is announced when it is on record, at least once, under one id."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.apply.announcer import NOT_ANNOUNCED
from release_core.decide.missing import is_end_missing
from release_core.domain.announcements import (
    APPROVAL_ANSWERED,
    APPROVAL_REQUESTED,
    PIPELINE_SETTLED,
    RELEASE_CANCELLED,
    RELEASE_FAILED,
    RELEASE_FAILING,
    RELEASE_STARTED,
    RELEASE_SUCCEEDED,
)
from release_core.domain.release import PipelineStatus
from release_core.errors import AnnouncementRefused
from release_core.ledger.pipelines import Pipelines
from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEvents
from tests.worlds.answers import ADA, GRACE, JOAN, approve, ask, reject
from tests.worlds.faults import FAILURE, Crash, crash_after, meanwhile
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld, after


def types(world: ReleaseWorld) -> list[str]:
    """The detail types of all events on the bus, in order."""
    return [each["DetailType"] for each in world.events.entries]


def settled(world: ReleaseWorld) -> list[tuple[str, str]]:
    """The announced ends of pipelines and approvals, in order."""
    return [(each["pipeline"], each["status"]) for each in world.events.details(PIPELINE_SETTLED)]


def ids(world: ReleaseWorld, detail_type: str) -> list[str]:
    """The event ids of all events of a type."""
    return [each["eventId"] for each in world.events.details(detail_type)]


def test_a_release_is_announced_from_its_start_to_its_outcome(world: ReleaseWorld) -> None:
    """The opening, each end and the outcome are announced, in this order."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait_for_all(arn)
    world.complete("orders")
    world.complete("catalog")
    world.close(arn)
    assert types(world) == [
        RELEASE_STARTED,
        PIPELINE_SETTLED,
        PIPELINE_SETTLED,
        RELEASE_SUCCEEDED,
    ]
    assert settled(world) == [("orders", "SUCCEEDED"), ("catalog", "SUCCEEDED")]
    (outcome,) = world.events.details(RELEASE_SUCCEEDED)
    assert outcome["counts"] == {
        "total": 2,
        "waiting": 0,
        "running": 0,
        "succeeded": 2,
        "failed": 0,
        "skipped": 0,
    }


def test_an_end_has_its_execution_revisions_and_time(world: ReleaseWorld) -> None:
    """A consumer can write a commit status from it."""
    arn = world.begin("orders")
    world.wait(arn)
    world.ship("v1")
    (end,) = world.events.details(PIPELINE_SETTLED)
    assert end["executionId"] == world.pipeline().execution_id
    assert [(each["action"], each["revision"]) for each in end["revisions"]] == [("Fetch", "v1")]
    assert end["at"] == world.item("pipeline#orders")["ended_at"]


# The first failure


def test_the_first_failure_is_announced_while_others_run(world: ReleaseWorld) -> None:
    """It says what failed and that nothing more starts; a second failure is no news."""
    world.wait_for_all(world.begin("orders", "catalog", "payments"))
    world.complete("orders", fail=FAILURE)
    world.complete("catalog", fail=FAILURE)
    (found,) = world.events.details(RELEASE_FAILING)
    assert (found["pipeline"], found["halted"], found["onFailure"]) == ("orders", True, "halt")
    assert found["failures"][0]["reason"].startswith("the bucket is gone")


def test_a_release_that_continues_is_failing_too(world: ReleaseWorld) -> None:
    """With onFailure continue the first failure is announced, and the others go on."""
    world.wait_for_all(world.begin("orders", "catalog", "payments", onFailure="continue"))
    world.complete("catalog", fail=FAILURE)
    world.complete("orders", fail=FAILURE)
    (found,) = world.events.details(RELEASE_FAILING)
    assert (found["pipeline"], found["halted"]) == ("catalog", False)


def test_the_end_of_the_only_pipeline_is_the_outcome(world: ReleaseWorld) -> None:
    """Nothing goes on after it, so the outcome alone says it."""
    arn = world.begin("orders")
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    assert types(world) == [RELEASE_STARTED, PIPELINE_SETTLED, RELEASE_FAILED]


def test_the_next_attempt_fails_by_itself(world: ReleaseWorld) -> None:
    """A resume begins with nothing announced."""
    arn = world.begin("orders", "catalog")
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.complete("catalog")
    world.close(arn)
    again = world.start('{"releaseId": "r", "pipelines": ["orders", "catalog"], "resume": true}')
    world.open_release(again)
    assert world.release().failing_by is None
    assert [each["attempt"] for each in world.events.details(RELEASE_STARTED)] == [1, 2]


# A bus that refuses


def test_the_bus_keeps_no_dependent_from_starting(world: ReleaseWorld) -> None:
    """The token is sent and the dependent starts; the event comes back and is announced."""
    tokens = world.wait_for_all(world.begin("orders", after("catalog", "orders")))
    world.play("orders")
    *_, last = events = world.undelivered()
    for event in events[:-1]:
        world.record_state_change(event)
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.record_state_change(last)
    assert world.settlement(tokens["orders"]).succeeded
    assert world.pipeline("catalog").status is PipelineStatus.RUNNING
    assert not world.pipeline().settled
    world.record_state_change(last)
    assert settled(world) == [("orders", "SUCCEEDED")]
    assert world.pipeline().settled


def test_the_bus_keeps_no_skipped_pipeline_from_being_settled(world: ReleaseWorld) -> None:
    """All tokens are sent although no end can be announced."""
    tokens = world.wait_for_all(
        world.begin("orders", after("catalog", "orders"), after("payments", "catalog"))
    )
    world.events.failing = 100
    world.play("orders", fail=FAILURE)
    *earlier, last = world.undelivered()
    for each in earlier:
        world.record_state_change(each)
    with pytest.raises(AnnouncementRefused):
        world.record_state_change(last)
    errors = {name: world.settlement(token).error for name, token in tokens.items()}
    assert errors == {
        "orders": "PipelineFailed",
        "catalog": "PipelineSkipped",
        "payments": "PipelineSkipped",
    }


def test_a_refused_event_fails_no_task(world: ReleaseWorld) -> None:
    """A task is given up after so many errors, so the bus must not cause any."""
    world.events.failing = 100
    tokens = ask(world)
    assert world.pipeline("go-live").status is PipelineStatus.RUNNING
    world.events.failing = 0
    world.step_functions.time_out(tokens["go-live"])
    world.wait(tokens["execution"], "go-live")
    assert len(world.events.of(APPROVAL_REQUESTED)) == 1


def test_a_crash_before_the_mark_repeats_the_event(world: ReleaseWorld) -> None:
    """The repeat has the same id, so consumers can ignore it."""
    world.wait(world.begin("orders"))
    world.play("orders")
    *earlier, last = world.undelivered()
    for each in earlier:
        world.record_state_change(each)
    with (
        pytest.raises(Crash),
        meanwhile(Pipelines, "mark_settled", before=crash),
    ):
        world.record_state_change(last)
    world.record_state_change(last)
    first, second = ids(world, PIPELINE_SETTLED)
    assert first == second


def crash() -> None:
    """End the function here."""
    raise Crash


def test_a_crash_after_the_mark_repeats_nothing(world: ReleaseWorld) -> None:
    """What is marked as settled was announced."""
    world.wait(world.begin("orders"))
    world.play("orders")
    *earlier, last = world.undelivered()
    for each in earlier:
        world.record_state_change(each)
    with crash_after(Pipelines, "mark_settled"):
        world.record_state_change(last)
    world.record_state_change(last)
    assert len(ids(world, PIPELINE_SETTLED)) == 1


# The close


def test_the_close_announces_what_no_task_settles(world: ReleaseWorld) -> None:
    """A pipeline whose task never came is announced before the outcome."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.complete("orders")
    world.close(arn)
    assert settled(world) == [("orders", "SUCCEEDED"), ("catalog", "SKIPPED")]
    assert types(world)[-1] == RELEASE_FAILED


def test_the_close_repeats_what_the_bus_refused(world: ReleaseWorld) -> None:
    """An end whose event was lost with its function is announced before the outcome."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.events.failing = 1
    for each in world.undelivered()[:-1]:
        world.record_state_change(each)
    world.events.failing = 0
    world.close(arn)
    assert settled(world) == [("orders", "SUCCEEDED")]
    assert types(world)[-1] == RELEASE_SUCCEEDED


def test_a_pipeline_that_stops_after_the_close_is_announced(world: ReleaseWorld) -> None:
    """A cancelled release lets its actions end; each end is announced when it comes."""
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    assert settled(world) == []
    world.complete("orders")
    assert settled(world) == [("orders", "STOPPED")]


class SlowBus(FakeEvents):
    """Each call takes seconds of the function's time, and then fails."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.calls = 0

    def put_events(self, **_: Any) -> dict[str, Any]:
        """PutEvents."""
        self.calls += 1
        self._clock.advance(timedelta(seconds=11))
        raise ClientError({"Error": {"Code": "InternalException"}}, "PutEvents")


def test_a_slow_bus_keeps_no_lock(world: ReleaseWorld) -> None:
    """The close of a cancelled release waits for it once, and Lambda's retry announces the rest."""
    names = ("orders", "catalog", "payments", "storefront")
    arn = world.begin("orders", *(after(name, "orders") for name in names[1:]))
    world.wait_for_all(arn)
    bus, world.events = world.events, SlowBus(world.clock)
    event, began = world.stop(arn), world.clock()
    with pytest.raises(NOT_ANNOUNCED):
        world.close_release().when_ended(event)
    assert world.events.calls == 1
    assert world.clock() - began < timedelta(seconds=15)
    assert world.holders() == {}
    assert world.release().closed_at
    world.events = bus
    world.close_release().when_ended(event)
    world.complete("orders")
    assert sorted(settled(world)) == sorted(
        (name, "STOPPED" if name == "orders" else "SKIPPED") for name in names
    )
    assert len(world.events.of(RELEASE_CANCELLED)) == 1


def test_a_slow_bus_keeps_no_release_from_opening(world: ReleaseWorld) -> None:
    """The start is announced by the hourly rule."""
    world.events = SlowBus(world.clock)
    world.begin("orders")
    assert world.events.calls == 1


def test_a_success_of_an_earlier_attempt_is_not_announced_again(world: ReleaseWorld) -> None:
    """The close announced it: the task that would settle it was gone, so its mark is missing."""
    arn = world.begin("orders", "catalog")
    world.wait_for_all(arn)
    world.play("catalog")
    world.undelivered()
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    again = world.start('{"releaseId": "r", "pipelines": ["orders", "catalog"], "resume": true}')
    world.open_release(again)
    assert world.pipeline("catalog").status is PipelineStatus.SUCCEEDED
    unsettled = replace(world.pipeline("catalog"), settled=False)
    assert not is_end_missing(world.release(), unsettled)
    assert is_end_missing(replace(world.release(), attempt=1), unsettled)


# Approvals


def test_a_question_and_each_answer_are_announced(world: ReleaseWorld) -> None:
    """People learn that they are asked, who answered, and how it ended."""
    ask(world, question="Go live?", minApprovals=2)
    (asked,) = world.events.details(APPROVAL_REQUESTED)
    assert (asked["question"], asked["votes"], asked["needed"]) == ("Go live?", 0, 2)
    assert asked["nextCommand"] == "release-machine approve r go-live"
    approve(world, GRACE, comment="looked at it")
    approve(world, JOAN)
    answers = world.events.details(APPROVAL_ANSWERED)
    assert [(each["by"], each["comment"]) for each in answers] == [
        (GRACE, "looked at it"),
        (JOAN, None),
    ]
    assert [each["votes"] for each in answers] == [1, 2]
    assert settled(world) == [("go-live", "SUCCEEDED")]


def test_a_repeated_answer_is_announced_once(world: ReleaseWorld) -> None:
    """The vote counts once, and so is it told."""
    ask(world, minApprovals=2)
    approve(world, GRACE)
    approve(world, GRACE)
    assert len(ids(world, APPROVAL_ANSWERED)) == 1


def test_an_answer_ahead_is_announced(world: ReleaseWorld) -> None:
    """A vote before the question counts, and then nobody has to be asked."""
    world.wait_for_all(
        world.begin(
            "catalog",
            after("orders", "go-live"),
            approvals=[{"name": "go-live", "dependsOn": ["catalog"], "fourEyes": False}],
        )
    )
    approve(world, GRACE)
    assert len(ids(world, APPROVAL_ANSWERED)) == 1
    world.complete("catalog")
    assert world.events.of(APPROVAL_REQUESTED) == []
    assert ("go-live", "SUCCEEDED") in settled(world)
    assert len(ids(world, APPROVAL_ANSWERED)) == 1


def test_a_rejection_is_announced_with_its_reason(world: ReleaseWorld) -> None:
    """The answer has the comment, and the release fails because of it."""
    ask(world, requester=ADA)
    reject(world, GRACE, "not on a Friday")
    (answer,) = world.events.details(APPROVAL_ANSWERED)
    assert (answer["decision"], answer["comment"]) == ("reject", "not on a Friday")
    assert answer["eventId"] not in ids(world, PIPELINE_SETTLED)


def test_an_answer_that_the_bus_refuses_counts(world: ReleaseWorld) -> None:
    """The person gets the answer of the API, and the next look announces the vote."""
    tokens = ask(world, minApprovals=2)
    world.events.failing = 1
    assert approve(world, GRACE).status == 200
    assert world.events.of(APPROVAL_ANSWERED) == []
    world.clock.advance(timedelta(seconds=LOOK_AFTER))
    world.step_functions.time_out(tokens["go-live"])
    world.wait(tokens["execution"], "go-live")
    assert len(world.events.of(APPROVAL_ANSWERED)) == 1


def details_of(world: ReleaseWorld) -> list[dict[str, Any]]:
    """The details of all events."""
    return world.events.details(*types(world))


def test_every_event_names_release_and_requester(world: ReleaseWorld) -> None:
    """All events of a release agree about it."""
    tokens = ask(world, requester=ADA)
    approve(world, GRACE)
    world.complete("orders")
    world.close(tokens["execution"])
    assert {each["releaseId"] for each in details_of(world)} == {"r"}
    assert {each["requester"] for each in details_of(world)} == {ADA}
    assert {each["executionArn"] for each in details_of(world)} == {tokens["execution"]}
