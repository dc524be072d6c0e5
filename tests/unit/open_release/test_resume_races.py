"""Attempts of one release that meet: each function knows which one it sees."""

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
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld

PIPELINES: list[Any] = ["orders", {"name": "catalog", "dependsOn": ["orders"]}]


def resume(world: ReleaseWorld, pipelines: list[Any]) -> str:
    """Start an execution that resumes the release."""
    return world.start(write_json({"releaseId": "r", "pipelines": pipelines, "resume": True}))


def fail_first(world: ReleaseWorld) -> dict[str, Any]:
    """Let the first attempt fail at ``orders``; answers the event that told so."""
    arn = world.begin(*PIPELINES)
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.play("orders", fail=FAILURE)
    events = world.undelivered()
    for event in events:
        world.record_state_change(event)
    world.close(arn)
    return events[-1]


def test_a_late_event_does_not_skip_what_was_renewed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While pipelines are renewed, the old end of one means nothing to those renewed before."""
    late = fail_first(world)
    arn = resume(world, PIPELINES)
    monkeypatch.setattr(openings, "TRANSACTION_LIMIT", 2)
    for write in ("update_item", "transact_write_items"):
        monkeypatch.setattr(world.dynamodb, write, overtaken_by(world, write, late))
    world.open_release(arn)
    assert {each.status for each in world.release().pipelines.values()} == {PipelineStatus.WAITING}
    assert world.release().halted_by is None


def overtaken_by(world: ReleaseWorld, write: str, event: dict[str, Any]) -> Callable[..., Any]:
    """The write; after the first one to the release ``catalog`` is renewed and an event arrives."""
    original = getattr(world.dynamodb, write)

    def overtaken(**request: Any) -> Any:
        before = world.pipeline("catalog").attempt
        answer = original(**request)
        if world.pipeline("catalog").attempt > before:
            world.record_state_change(event)
        return answer

    return overtaken


def test_a_stop_while_pipelines_are_renewed_leaves_none_waiting(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipelines are renewed only while their release runs, as they are recorded at first."""
    fail_first(world)
    arn = resume(world, PIPELINES)
    renew = Openings.renew_pipelines

    def overtaken(self: Openings, *args: Any) -> None:
        world.cancel(arn)
        renew(self, *args)

    monkeypatch.setattr(Openings, "renew_pipelines", overtaken)
    with pytest.raises(ExecutionEnded):
        world.open_release(arn)
    assert world.release().status is ReleaseStatus.CANCELLED
    assert all(each.status.ended for each in world.release().pipelines.values())


def test_a_start_that_may_still_come_is_waited_for(world: ReleaseWorld) -> None:
    """A release whose stop does not know yet what was started is not resumed."""
    arn = world.begin("orders")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "release-machine-run-pipeline/slow")
    world.ledger.headers.close("r", ReleaseStatus.CANCELLED, why="stopped", execution_arn=arn)
    world.step_functions.end(arn, "ABORTED")
    with pytest.raises(ReleaseNotResumable, match="orders: a start or retry"):
        world.open_release(resume(world, ["orders"]))
    world.clock.advance(timedelta(minutes=10))
    assert world.open_release(resume(world, ["orders"]))["outcome"] == "OPENED"


def test_a_late_close_does_nothing_in_the_attempt_that_follows(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Winding up the first attempt neither starts, ends nor announces anything of the second."""
    arn = world.begin("orders")
    event = world.stop(arn)
    advance = Advance.finish_closed

    def overtaken(self: Advance, release_id: str) -> Any:
        again = resume(world, ["orders"])
        monkeypatch.setattr(Advance, "finish_closed", advance)
        world.open_release(again)
        token = world.step_functions.wait_for_token(again)
        world.ledger.pipelines.register_token("r", "orders", token)
        return advance(self, release_id)

    monkeypatch.setattr(Advance, "finish_closed", overtaken)
    world.close_release().when_ended(event)
    assert world.release().status is ReleaseStatus.RUNNING
    assert world.pipeline().status is PipelineStatus.WAITING
    assert world.executions_of("orders") == []
    assert world.events.entries == []
    assert not world.release().announced
