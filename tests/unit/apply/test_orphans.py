"""A workflow that ended unheard: its release is closed, freed and announced like any other."""

import json
from datetime import timedelta
from typing import Any

import pytest

from release_core.decide.timing import CLOSE_TRIED_WITHIN
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import AnnouncementRefused, ManifestInvalid
from release_core.ledger.headers import Headers
from release_core.strict_json import write_json
from tests.worlds.faults import Crash, count_calls
from tests.worlds.release_world import MACHINE, ReleaseWorld

WHY = "the workflow execution was stopped: wrong version"


def end_unheard(world: ReleaseWorld) -> str:
    """Stop a release of ``orders`` and ``catalog`` unheard, and let ``orders`` end."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.stop(arn)
    world.play("orders")
    return arn


def told(world: ReleaseWorld) -> list[str]:
    """The kinds of all events on the bus, in order."""
    return [entry["DetailType"] for entry in world.events.entries]


def hear(world: ReleaseWorld) -> None:
    """Deliver all that was put on the bus about orphans, as the rule does."""
    for entry in list(world.events.entries):
        if entry["DetailType"] == "Release Orphaned":
            world.close_release().when_ended(event(entry))


def event(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as EventBridge delivers it."""
    return {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }


def test_an_end_unheard_is_told_in_step_functions_own_words(world: ReleaseWorld) -> None:
    """The event names what the lost one would have: execution, machine, status and cause."""
    arn = end_unheard(world)
    world.deliver()
    (entry,) = world.events.entries
    assert (entry["Source"], entry["DetailType"]) == ("release-machine", "Release Orphaned")
    lost = world.step_functions.status_event(arn)["detail"]
    detail = json.loads(entry["Detail"])
    assert detail.pop("releaseId") == "r"
    assert detail == {name: lost[name] for name in detail}
    assert detail.keys() == {"executionArn", "stateMachineArn", "status", "error", "cause"}
    assert detail["stateMachineArn"] == MACHINE


def test_a_release_closed_by_who_noticed_is_wound_up_freed_and_announced(
    world: ReleaseWorld,
) -> None:
    """The cause is on record at once; what runs is then stopped, as after a stop that is heard."""
    end_unheard(world)
    world.deliver()
    assert (world.release().status, world.release().why) == (ReleaseStatus.CANCELLED, WHY)
    assert world.pipeline("orders").status is PipelineStatus.SUCCEEDED
    assert world.executions_of("catalog")[0]["status"] == "InProgress"
    hear(world)
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.holders().keys() == set()
    assert told(world) == ["Release Orphaned", "Release Cancelled"]
    assert json.loads(world.events.entries[-1]["Detail"])["why"] == WHY


def test_who_waits_for_a_dead_release_is_woken_by_who_notices(world: ReleaseWorld) -> None:
    """The release that waits does not sit out its hourly look."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    waiting = world.start(
        write_json({"releaseId": "s", "pipelines": ["catalog"], "onBusy": "wait"})
    )
    assert world.open_release(waiting)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(waiting)
    world.opener().wait(waiting, token)
    world.stop(arn)
    world.complete("orders")
    hear(world)
    assert world.outcome(token)
    assert world.open_release(waiting)["outcome"] == "OPENED"


def test_a_release_that_needs_the_pipelines_tells_of_the_dead_one(world: ReleaseWorld) -> None:
    """It takes over what it needs at once; the rest is freed by the close that it brings."""
    arn = world.begin("orders", "catalog")
    world.stop(arn)
    second = world.start('{"releaseId": "s", "pipelines": ["orders"]}')
    assert world.open_release(second)["outcome"] == "OPENED"
    assert world.release().why == WHY
    hear(world)
    assert world.holders().keys() == {"orders"}
    assert told(world) == ["Release Orphaned", "Release Cancelled"]
    assert world.release().pipelines["catalog"].status is PipelineStatus.SKIPPED


def test_a_resume_tells_of_the_dead_attempt(world: ReleaseWorld) -> None:
    """The attempt before is closed with its cause; its late close leaves the new one alone."""
    world.stop(world.begin("orders"))
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"], "resume": true}')
    assert world.open_release(arn)["outcome"] == "OPENED"
    (earlier,) = world.item("release")["attempts"]
    assert (earlier["status"], earlier["why"]) == ("CANCELLED", WHY)
    hear(world)
    assert world.release().status is ReleaseStatus.RUNNING
    assert world.holders().keys() == {"orders"}


def test_who_dies_before_the_close_has_told_already(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event comes before the close: a death in between loses neither."""
    end_unheard(world)
    with monkeypatch.context() as patch:

        def die(*_: object, **__: object) -> None:
            raise Crash

        patch.setattr(Headers, "close", die)
        with pytest.raises(Crash):
            world.deliver()
    hear(world)
    assert world.release().why == WHY
    assert told(world) == ["Release Orphaned", "Release Cancelled"]


def test_what_the_bus_did_not_take_is_told_by_the_next_try(world: ReleaseWorld) -> None:
    """Nothing is closed, nor taken for settled, before the bus has the event."""
    end_unheard(world)
    world.events.failing = 1
    *earlier, last = world.undelivered()
    for each in earlier:
        world.record_state_change(each)
    with pytest.raises(AnnouncementRefused):
        world.record_state_change(last)
    assert world.release().status is ReleaseStatus.RUNNING
    world.record_state_change(last)
    hear(world)
    assert told(world) == ["Release Orphaned", "Release Cancelled"]


def test_many_dead_tokens_are_one_orphan(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that finds many tasks gone asks Step Functions once, and tells once."""
    arn = world.begin("orders", *({"name": n, "dependsOn": ["orders"]} for n in ("catalog",)))
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.ledger.headers.halt(world.release(), "orders")
    world.stop(arn)
    asked = count_calls(monkeypatch, world.step_functions, "describe_execution")
    world.complete("orders")
    assert {each.settled for each in world.release().pipelines.values()} == {True}
    assert len(asked) == 1
    assert told(world) == ["Release Orphaned"]


def test_a_close_that_was_given_up_is_brought_again_by_who_notices(world: ReleaseWorld) -> None:
    """Closed, never announced, and long after every try of that: whoever needs it tells again."""
    arn = world.begin("orders", "catalog")
    world.step_functions.stop_execution(executionArn=arn, cause="wrong version")
    world.ledger.headers.record_workflow_end(arn, "ABORTED")
    world.ledger.headers.close("r", ReleaseStatus.CANCELLED, why=WHY, execution_arn=arn)

    def need(pipeline: str) -> None:
        world.open_release(
            world.start(write_json({"releaseId": f"of-{pipeline}", "pipelines": [pipeline]}))
        )

    need("orders")
    assert told(world) == []
    world.clock.advance(CLOSE_TRIED_WITHIN + timedelta(seconds=1))
    need("catalog")
    hear(world)
    assert told(world) == ["Release Orphaned", "Release Cancelled"]


def test_nobody_can_close_a_release_by_saying_that_it_is_orphaned(world: ReleaseWorld) -> None:
    """An event in our own name is believed only as far as Step Functions confirms it."""
    arn = world.begin("orders")
    detail = {"executionArn": arn, "stateMachineArn": MACHINE, "status": "ABORTED"}
    entry = {
        "Source": "release-machine",
        "DetailType": "Release Orphaned",
        "Detail": write_json(detail),
    }
    world.close_release().when_ended(event(entry))
    assert world.release().status is ReleaseStatus.RUNNING
    world.stop(arn)
    world.close_release().when_ended(event(entry))
    assert world.release().why == WHY


def test_an_execution_that_is_known_no_more_counts_as_failed(world: ReleaseWorld) -> None:
    """After its machine was deleted, or after 90 days: the release is closed and says so."""
    arn = world.begin("orders")
    world.wait(arn)
    world.step_functions.end(arn, "SUCCEEDED")
    world.step_functions.forget(arn)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.FAILED
    assert world.release().why == (
        "the workflow execution failed: Step Functions no longer has this execution"
    )
    hear(world)
    assert told(world) == ["Release Orphaned", "Release Failed"]


def test_the_hourly_look_finds_a_stop_of_which_nothing_was_heard(world: ReleaseWorld) -> None:
    """Nobody asks, no pipeline ends, every event is lost: the release is closed all the same."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.stop(arn)
    world.advance(world.parts()).orphans.sweep()
    assert (world.release().status, world.release().why) == (ReleaseStatus.CANCELLED, WHY)
    hear(world)
    assert told(world) == ["Release Orphaned", "Release Cancelled"]
    assert world.holders().keys() == set()
    assert world.release().pipelines["catalog"].status is PipelineStatus.SKIPPED
    assert world.release().pipelines["orders"].stop_requested_at


def test_the_hourly_look_leaves_alone_what_is_well(world: ReleaseWorld) -> None:
    """What runs, what was announced and what was rejected is no orphan."""
    world.begin("orders")
    done = world.begin("catalog", release_id="done")
    world.cancel(done)
    with pytest.raises(ManifestInvalid):
        world.open_release(world.start("{}"))
    assert [
        each.release_id
        for each in world.ledger.unannounced(since=world.clock() - timedelta(days=1))
    ] == ["r"]
    before = told(world)
    world.advance(world.parts()).orphans.sweep()
    assert told(world) == before
    assert world.release().status is ReleaseStatus.RUNNING


def test_an_orphan_that_cannot_be_told_of_keeps_no_other_waiting(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look goes on with the others, and fails at its end, so that Lambda tries again."""
    for name in ("orders", "catalog"):
        world.stop(world.begin(name, release_id=name))
    put = world.events.put_events

    def refuse_one(**request: Any) -> dict[str, Any]:
        if "catalog" in request["Entries"][0]["Detail"]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        return put(**request)

    monkeypatch.setattr(world.events, "put_events", refuse_one)
    with pytest.raises(AnnouncementRefused):
        world.advance(world.parts()).orphans.sweep()
    assert world.release("orders").status is ReleaseStatus.CANCELLED
    assert world.release("catalog").status is ReleaseStatus.RUNNING
