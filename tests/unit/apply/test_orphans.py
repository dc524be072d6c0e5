"""A missed workflow end: the release is closed, its locks freed and its end announced."""

import json
from datetime import timedelta
from typing import Any

import pytest

from release_core.decide.timing import CLOSE_TRIED_WITHIN, VISIBLE_WITHIN
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import AnnouncementRefused, ManifestInvalid, PipelinesBusy
from release_core.ledger.headers import Headers
from release_core.strict_json import write_json
from tests.worlds.faults import Crash, count_calls, meanwhile
from tests.worlds.release_world import MACHINE, ReleaseWorld

WHY = "wrong version (the workflow execution was stopped)"


def end_unnoticed(world: ReleaseWorld) -> str:
    """Stop a release of ``orders`` and ``catalog`` without its event, and let ``orders`` end."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    world.stop(arn)
    world.play("orders")
    return arn


def announced(world: ReleaseWorld) -> list[str]:
    """The detail types of all events on the bus, in order."""
    return [entry["DetailType"] for entry in world.events.ends]


def deliver_orphans(world: ReleaseWorld) -> None:
    """Deliver the Release Orphaned events on the bus, as the rule does."""
    for entry in list(world.events.ends):
        if entry["DetailType"] == "Release Orphaned":
            world.close_release().when_ended(event(entry))


def event(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as EventBridge delivers it."""
    return {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }


def test_the_event_has_the_fields_of_the_missed_event(world: ReleaseWorld) -> None:
    """Release Orphaned has the execution, machine, status, error and cause of the missed event."""
    arn = end_unnoticed(world)
    world.deliver()
    (entry,) = world.events.ends
    assert (entry["Source"], entry["DetailType"]) == ("release-machine", "Release Orphaned")
    lost = world.step_functions.status_event(arn)["detail"]
    detail = json.loads(entry["Detail"])
    assert detail.pop("releaseId") == "r"
    assert detail == {name: lost[name] for name in detail}
    assert detail.keys() == {"executionArn", "stateMachineArn", "status", "error", "cause"}
    assert detail["stateMachineArn"] == MACHINE


def test_an_orphaned_release_is_closed_stopped_freed_and_announced(
    world: ReleaseWorld,
) -> None:
    """The cause is recorded at once; then running pipelines stop and the end is announced."""
    end_unnoticed(world)
    world.deliver()
    assert (world.release().status, world.release().why) == (ReleaseStatus.CANCELLED, WHY)
    assert world.pipeline("orders").status is PipelineStatus.SUCCEEDED
    assert world.executions_of("catalog")[0]["status"] == "InProgress"
    deliver_orphans(world)
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.holders().keys() == set()
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]
    assert json.loads(world.events.ends[-1]["Detail"])["why"] == WHY


def test_a_waiting_release_starts_when_the_orphan_is_closed(world: ReleaseWorld) -> None:
    """A release that waits for the orphan's pipelines starts before its hourly look."""
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
    deliver_orphans(world)
    assert world.outcome(token)
    assert world.open_release(waiting)["outcome"] == "OPENED"


def test_a_new_release_takes_the_pipelines_of_an_orphan(world: ReleaseWorld) -> None:
    """A new release takes the pipelines it needs; closing the orphan frees the others."""
    arn = world.begin("orders", "catalog")
    world.stop(arn)
    second = world.start('{"releaseId": "s", "pipelines": ["orders"]}')
    assert world.open_release(second)["outcome"] == "OPENED"
    assert world.release().why == WHY
    deliver_orphans(world)
    assert world.holders().keys() == {"orders"}
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]
    assert world.release().pipelines["catalog"].status is PipelineStatus.SKIPPED


def test_a_resume_closes_the_orphaned_attempt(world: ReleaseWorld) -> None:
    """A resume closes the earlier attempt with its cause; the late close changes nothing."""
    world.stop(world.begin("orders"))
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"], "resume": true}')
    assert world.open_release(arn)["outcome"] == "OPENED"
    (earlier,) = world.item("release")["attempts"]
    assert (earlier["status"], earlier["why"]) == ("CANCELLED", WHY)
    deliver_orphans(world)
    assert world.release().status is ReleaseStatus.RUNNING
    assert world.holders().keys() == {"orders"}


def test_a_crash_before_the_close_loses_nothing(world: ReleaseWorld) -> None:
    """The event is sent before the close, so a crash in between loses neither."""
    end_unnoticed(world)

    def crash() -> None:
        raise Crash

    with pytest.raises(Crash), meanwhile(Headers, "close", before=crash):
        world.deliver()
    deliver_orphans(world)
    assert world.release().why == WHY
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]


def test_an_event_that_the_bus_rejected_is_sent_by_the_next_try(world: ReleaseWorld) -> None:
    """Nothing is closed or settled before the bus has accepted the event."""
    end_unnoticed(world)
    world.events.failing = 1
    *earlier, last = world.undelivered()
    for each in earlier:
        world.record_state_change(each)
    with pytest.raises(AnnouncementRefused):
        world.record_state_change(last)
    assert world.release().status is ReleaseStatus.RUNNING
    world.record_state_change(last)
    deliver_orphans(world)
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]


def test_many_invalid_tokens_are_one_orphan(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that finds many invalid tokens asks Step Functions once and sends one event."""
    arn = world.begin("orders", *({"name": n, "dependsOn": ["orders"]} for n in ("catalog",)))
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.ledger.headers.halt(world.release(), "orders")
    world.stop(arn)
    asked = count_calls(monkeypatch, world.step_functions, "describe_execution")
    world.complete("orders")
    assert {each.settled for each in world.release().pipelines.values()} == {True}
    assert len(asked) == 1
    assert announced(world) == ["Release Orphaned"]


def test_a_release_that_was_never_announced_is_announced_later(world: ReleaseWorld) -> None:
    """A closed release whose end was never announced is announced by the next function in need."""
    arn = world.begin("orders", "catalog")
    world.step_functions.stop_execution(executionArn=arn, cause="wrong version")
    world.ledger.headers.record_workflow_end(arn, "ABORTED")
    world.ledger.headers.close("r", ReleaseStatus.CANCELLED, why=WHY, execution_arn=arn)

    def need(pipeline: str) -> None:
        world.open_release(
            world.start(write_json({"releaseId": f"of-{pipeline}", "pipelines": [pipeline]}))
        )

    need("orders")
    assert announced(world) == []
    world.clock.advance(CLOSE_TRIED_WITHIN + timedelta(seconds=1))
    need("catalog")
    deliver_orphans(world)
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]


def test_a_false_orphan_event_closes_nothing(world: ReleaseWorld) -> None:
    """A Release Orphaned event closes a release only if Step Functions confirms the end."""
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


def test_an_execution_that_no_longer_exists_counts_as_failed(world: ReleaseWorld) -> None:
    """If Step Functions has deleted the execution, the release is closed as FAILED."""
    arn = world.begin("orders")
    world.wait(arn)
    world.step_functions.end(arn, "SUCCEEDED")
    world.step_functions.forget(arn)
    world.clock.advance(VISIBLE_WITHIN)
    world.complete("orders")
    assert world.release().status is ReleaseStatus.FAILED
    assert world.release().why == (
        "the workflow execution failed: Step Functions no longer has this execution"
    )
    deliver_orphans(world)
    assert announced(world) == ["Release Orphaned", "Release Failed"]


def test_a_new_execution_that_is_not_found_still_runs(world: ReleaseWorld) -> None:
    """DescribeExecution is eventually consistent: a release of seconds ago is not taken over."""
    arn = world.begin("orders")
    another = world.start(write_json({"releaseId": "next", "pipelines": ["orders"]}))
    world.step_functions.forget(arn)
    world.parts().orphans.sweep()
    with pytest.raises(PipelinesBusy):
        world.open_release(another)
    assert world.release().status is ReleaseStatus.RUNNING


def test_the_hourly_look_finds_a_missed_stop(world: ReleaseWorld) -> None:
    """If every event was lost, the hourly look closes the release."""
    arn = world.begin("orders", "catalog")
    world.wait(arn, "orders")
    world.stop(arn)
    world.advance(world.parts()).orphans.sweep()
    assert (world.release().status, world.release().why) == (ReleaseStatus.CANCELLED, WHY)
    deliver_orphans(world)
    assert announced(world) == ["Release Orphaned", "Release Cancelled"]
    assert world.holders().keys() == set()
    assert world.release().pipelines["catalog"].status is PipelineStatus.SKIPPED
    assert world.release().pipelines["orders"].stop_requested_at


def test_the_hourly_look_ignores_healthy_releases(world: ReleaseWorld) -> None:
    """The hourly look changes no running, announced or rejected release."""
    world.begin("orders")
    done = world.begin("catalog", release_id="done")
    world.cancel(done)
    with pytest.raises(ManifestInvalid):
        world.open_release(world.start("{}"))
    assert [
        each.release_id
        for each in world.ledger.unannounced(since=world.clock() - timedelta(days=1))
    ] == ["r"]
    before = announced(world)
    world.advance(world.parts()).orphans.sweep()
    assert announced(world) == before
    assert world.release().status is ReleaseStatus.RUNNING


def test_an_orphan_that_cannot_be_announced_does_not_block_others(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hourly look continues after an error and fails at its end, so Lambda tries again."""
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
