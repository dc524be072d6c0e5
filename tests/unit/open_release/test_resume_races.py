"""Races between two attempts of one release."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from release_core.apply.advance import Advance
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ExecutionEnded, ReleaseNotResumable
from release_core.ledger import openings
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.worlds.faults import FAILURE, crash_after, meanwhile
from tests.worlds.release_world import ReleaseWorld

PIPELINES: list[Any] = ["orders", {"name": "catalog", "dependsOn": ["orders"]}]


def resume(world: ReleaseWorld, pipelines: list[Any]) -> str:
    """Start an execution that resumes the release."""
    return world.start(write_json({"releaseId": "r", "pipelines": pipelines, "resume": True}))


def fail_first(world: ReleaseWorld) -> dict[str, Any]:
    """Let the first attempt fail in ``orders``; returns the event of that failure."""
    arn = world.begin(*PIPELINES)
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.play("orders", fail=FAILURE)
    events = world.undelivered()
    for event in events:
        world.record_state_change(event)
    world.close(arn)
    return events[-1]


def test_a_late_event_skips_no_renewed_pipeline(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While pipelines are renewed, an event of the old attempt does not skip renewed ones."""
    late = fail_first(world)
    arn = resume(world, PIPELINES)
    monkeypatch.setattr(openings, "TRANSACTION_LIMIT", 2)
    for write in ("update_item", "transact_write_items"):
        monkeypatch.setattr(world.dynamodb, write, overtaken_by(world, write, late))
    world.open_release(arn)
    assert {each.status for each in world.release().pipelines.values()} == {PipelineStatus.WAITING}
    assert world.release().halted_by is None


def overtaken_by(world: ReleaseWorld, write: str, event: dict[str, Any]) -> Callable[..., Any]:
    """The write; after it has renewed ``catalog``, the event arrives."""
    original = getattr(world.dynamodb, write)

    def overtaken(**request: Any) -> Any:
        before = world.pipeline("catalog").attempt
        answer = original(**request)
        if world.pipeline("catalog").attempt > before:
            world.record_state_change(event)
        return answer

    return overtaken


def test_a_stop_during_a_resume_leaves_no_pipeline_waiting(world: ReleaseWorld) -> None:
    """Pipelines are renewed only while their release runs."""
    fail_first(world)
    arn = resume(world, PIPELINES)
    with (
        meanwhile(Openings, "renew_pipelines", before=lambda: world.cancel(arn)),
        pytest.raises(ExecutionEnded),
    ):
        world.open_release(arn)
    assert world.release().status is ReleaseStatus.CANCELLED
    assert all(each.status.ended for each in world.release().pipelines.values())


def test_a_release_is_not_resumed_while_a_start_may_still_come(world: ReleaseWorld) -> None:
    """A cancelled release whose claimed start may still happen is not resumed yet."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/slow")
    world.ledger.headers.close("r", ReleaseStatus.CANCELLED, why="stopped", execution_arn=arn)
    world.step_functions.end(arn, "ABORTED")
    with pytest.raises(ReleaseNotResumable, match="orders: a start or retry"):
        world.open_release(resume(world, ["orders"]))
    world.clock.advance(timedelta(minutes=10))
    assert world.open_release(resume(world, ["orders"]))["outcome"] == "OPENED"


def test_an_unrecorded_start_that_succeeded_is_not_repeated(world: ReleaseWorld) -> None:
    """What started without a record and has succeeded is found before the next attempt opens."""
    arn = world.begin("orders")
    with crash_after(world.codepipeline, "start_pipeline_execution"):
        world.wait(arn, "orders")
    world.play("orders")
    world.ledger.headers.close("r", ReleaseStatus.CANCELLED, why="stopped", execution_arn=arn)
    world.step_functions.end(arn, "ABORTED")
    world.clock.advance(timedelta(minutes=10))
    assert world.open_release(resume(world, ["orders"]))["pipelines"] == []
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_late_task_of_the_former_attempt_changes_nothing(world: ReleaseWorld) -> None:
    """A task that outlives its stopped workflow does not replace the token of the next attempt."""
    stopped = world.begin("orders")
    late = world.step_functions.wait_for_token(stopped)
    world.cancel(stopped)
    again = resume(world, ["orders"])
    opened = world.open_release(again)
    token = world.step_functions.wait_for_token(again)
    world.run_pipeline("r", "orders", token, attempt=opened["attempt"])
    world.run_pipeline("r", "orders", late, attempt=1)
    assert (opened["attempt"], world.pipeline().task_token) == (2, token)
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_late_close_does_not_touch_the_next_attempt(world: ReleaseWorld) -> None:
    """The late close of an attempt starts, ends and announces nothing of the next one."""
    arn = world.begin("orders")

    def next_attempt() -> None:
        again = resume(world, ["orders"])
        world.open_release(again)
        token = world.step_functions.wait_for_token(again)
        world.ledger.pipelines.register_token("r", "orders", token, looks_at=world.clock())

    with meanwhile(Advance, "finish_closed", before=next_attempt):
        world.cancel(arn)
    assert world.release().status is ReleaseStatus.RUNNING
    assert world.pipeline().status is PipelineStatus.WAITING
    assert world.executions_of("orders") == []
    assert world.events.ends == []
    assert not world.release().announced
