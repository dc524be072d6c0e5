"""What the end of a pipeline means for the others, also after a crash or an error in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.errors import EndUnconfirmed, ExecutionTaken, Unfinished
from release_core.ledger.dynamodb import Update
from release_core.ledger.executions import Executions
from release_core.ledger.headers import Headers
from release_core.ledger.line import Line
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, Crash, count_calls, meanwhile, refuse
from tests.worlds.freezes import freeze, lift
from tests.worlds.release_world import PIPELINES, ReleaseWorld, after, declaration

THROTTLED = Refused("ThrottlingException", "Rate exceeded")
BAD = Refused("ValidationException", "bad variable")
CHAIN = (after("catalog", "orders"), after("payments", "catalog"))


@contextmanager
def dies_after_the_end_of(name: str) -> Iterator[None]:
    """Let the function die right after it has recorded the end of a pipeline."""
    original = Pipelines.record_end
    with pytest.MonkeyPatch.context() as patch:

        def dies(self: Pipelines, release_id: str, pipeline: Any, *more: Any, **how: Any) -> Any:
            ended = original(self, release_id, pipeline, *more, **how)
            if pipeline.name == name:
                raise Crash
            return ended

        patch.setattr(Pipelines, "record_end", dies)
        yield


@contextmanager
def fails_for(owner: Any, method: str, fails: Callable[..., Exception | None]) -> Iterator[None]:
    """Let a method raise the error that ``fails`` returns for its arguments, if any."""
    original = getattr(owner, method)
    with pytest.MonkeyPatch.context() as patch:

        def call(*args: Any, **how: Any) -> Any:
            error = fails(*args, **how)
            if error:
                raise error
            return original(*args, **how)

        patch.setattr(owner, method, call)
        yield


def deliver(world: ReleaseWorld, events: list[dict[str, Any]]) -> None:
    """Deliver events as Lambda does, which delivers an event again after an error."""
    for event in events:
        with suppress(Crash, Unfinished, ClientError):
            world.record_state_change(event)


def test_a_stop_that_failed_is_repeated(world: ReleaseWorld) -> None:
    """The pipeline that halts its release is settled when all others are stopped."""
    world.wait_for_all(world.begin("orders", "catalog", onFailure="stop"))
    world.deliver()
    world.play("orders", fail=FAILURE)
    events = world.undelivered()
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, world.codepipeline, "stop_pipeline_execution", THROTTLED)
        deliver(world, events)
    deliver(world, events)
    assert world.executions_of("catalog")[0]["status"] == "Stopping"


def test_a_crash_in_a_chain_is_repaired_by_the_next_try(world: ReleaseWorld) -> None:
    """The function dies after it has skipped the direct dependent; the others are skipped, too."""
    arn = world.begin("orders", *CHAIN, onFailure="continue")
    tokens = world.wait_for_all(arn)
    world.deliver()
    world.play("orders", fail=FAILURE)
    events = world.undelivered()
    with dies_after_the_end_of("catalog"):
        deliver(world, events)
    deliver(world, events)
    assert world.statuses()["payments"] == "SKIPPED"
    assert all(world.outcome(token) for token in tokens.values())


def test_a_crash_after_a_dependent_halted_the_release(world: ReleaseWorld) -> None:
    """The start of a dependent is refused, which halts the release; the next try stops the rest."""
    arn = world.begin("orders", after("catalog", "orders"), "payments", onFailure="stop")
    tokens = world.wait_for_all(arn)
    world.deliver()
    world.play("orders")
    events = world.undelivered()
    with pytest.MonkeyPatch.context() as patch, dies_after_the_end_of("catalog"):
        refuse(patch, world.codepipeline, "start_pipeline_execution", BAD)
        deliver(world, events)
    deliver(world, events)
    assert world.executions_of("payments")[0]["status"] == "Stopping"
    assert world.outcome(tokens["catalog"])


def test_an_error_with_one_dependent_keeps_no_other_from_its_start(world: ReleaseWorld) -> None:
    """All dependents are tried before the error is raised."""
    arn = world.begin("orders", after("catalog", "orders"), after("payments", "orders"))
    world.wait_for_all(arn)
    world.play("orders")

    def taken(*_: Any, pipeline: Any, **__: Any) -> Exception | None:
        return ExecutionTaken("taken") if pipeline.name == "catalog" else None

    with fails_for(Executions, "claim", taken):
        deliver(world, world.undelivered())
    assert world.statuses()["payments"] == "RUNNING"


def test_a_pipeline_that_got_its_slot_leaves_the_line(world: ReleaseWorld) -> None:
    """It lines up, and a slot is freed in the same moment: later errors of it block nobody."""
    arn = world.begin(*PIPELINES, maxConcurrency=2, onFailure="continue")
    world.wait(arn, "orders")
    world.wait(arn, "catalog")
    with meanwhile(Line, "join", before=lambda: world.complete("orders")):
        world.wait(arn, "payments")
    world.wait(arn, "storefront")
    assert world.ledger.line.names(world.release()) == ["storefront"]

    def unconfirmed(_: Any, __: str, pipeline: Any, *___: Any, **____: Any) -> Exception | None:
        return EndUnconfirmed("may be retried") if pipeline.name == "payments" else None

    world.play("payments", fail=FAILURE)
    with fails_for(Pipelines, "record_end", unconfirmed):
        deliver(world, world.undelivered())
        world.complete("catalog")
    assert world.statuses()["storefront"] == "RUNNING"


def test_a_slot_that_was_claimed_late_is_given_to_the_next(world: ReleaseWorld) -> None:
    """Of two functions that start a pipeline, the slower one claims the slot after its end."""
    arn = world.begin("orders", "catalog", maxConcurrency=1, onFailure="continue")
    slow = world.step_functions.wait_for_token(arn)

    def faster() -> None:
        with pytest.MonkeyPatch.context() as patch:
            refuse(patch, world.codepipeline, "start_pipeline_execution", BAD)
            world.wait(arn, "orders")

    with meanwhile(Headers, "claim_slot", before=faster, after=lambda: world.wait(arn, "catalog")):
        world.run_pipeline("r", "orders", slow)
    assert world.statuses() == {"orders": "FAILED", "catalog": "RUNNING"}


def test_a_look_reads_no_pipeline_that_is_done(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task looks only at those before it that have not ended, however many there are."""
    names = [f"p{n:02}" for n in range(20)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    arn = world.begin(*names, "orders", after("catalog", "orders", *names))
    world.wait_for_all(arn)
    for name in names:
        world.complete(name)
    world.clock.advance(timedelta(hours=2))
    world.wait(arn, "orders")
    reads = count_calls(monkeypatch, world.dynamodb, "batch_get_item")
    world.wait(arn, "catalog")
    assert len(reads) < 10


def test_a_rollback_by_codepipeline_stops_the_others_at_once(world: ReleaseWorld) -> None:
    """The release is halted while the rollback runs, and nothing waits for its end."""
    changed = declaration("orders")
    changed["stages"][-1]["onFailure"] = {"result": "ROLLBACK"}
    world.codepipeline.update_pipeline(pipeline=changed)
    world.codepipeline.start_pipeline_execution(name="orders")
    world.complete("orders")
    arn = world.begin("orders", "catalog", after("payments", "catalog"), onFailure="stop")
    world.wait_for_all(arn)
    world.finish(world.fetch("orders"))
    (copy,) = [each for each in world.codepipeline.actions.values() if each.pipeline == "orders"]
    world.finish(copy, FAILURE)
    world.deliver()
    assert world.pipeline().status == "RUNNING"
    assert world.executions_of("catalog")[0]["status"] == "Stopping"
    assert world.statuses()["payments"] == "SKIPPED"


def test_a_release_of_an_earlier_version_is_resumed(world: ReleaseWorld) -> None:
    """Its pipelines have no list of dependents; the resume records it."""
    manifest = ("orders", after("catalog", "orders"))
    arn = world.begin(*manifest)
    world.wait_for_all(arn)
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    for name in ("orders", "catalog"):
        key = {"release_id": "r", "item": f"pipeline#{name}"}
        world.ledger.pipelines._releases.update(key, Update(remove=["dependents", "blocked_by"]))
    arn = world.begin(*manifest, resume=True)
    world.wait_for_all(arn)
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING"}


@pytest.mark.parametrize("how", ["cancelled", "halted"])
def test_what_is_over_does_not_read_the_line(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """All that wait in line were skipped when the release was halted or closed."""
    arn = world.begin(*PIPELINES, maxConcurrency=2)
    world.wait_for_all(arn)
    running = [name for name, status in world.statuses().items() if status == "RUNNING"]
    if how == "cancelled":
        world.cancel(arn)
    else:
        world.complete(running[1], fail=FAILURE)
    names = count_calls(monkeypatch, Line, "names")
    world.complete(running[0])
    assert not names


def test_a_look_of_what_is_held_does_not_read_the_line(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It frees no slot, so nobody in line can start because of it."""
    freeze(world, "orders")
    arn = world.begin(*PIPELINES, maxConcurrency=2)
    world.wait_for_all(arn)
    names = count_calls(monkeypatch, Line, "names")
    world.wait(arn, "orders")
    assert not names


def test_what_is_held_leaves_the_line(world: ReleaseWorld) -> None:
    """Each slot that is freed would read it in vain; it comes back when nothing holds it."""
    arn = world.begin("orders", "catalog", "payments", maxConcurrency=1, onFailure="continue")
    world.wait_for_all(arn)
    (running,) = (name for name, status in world.statuses().items() if status == "RUNNING")
    first, last = world.ledger.line.names(world.release())
    freeze(world, first)
    world.complete(running)
    assert world.statuses()[last] == "RUNNING"
    assert world.ledger.line.names(world.release()) == []
    world.clock.advance(timedelta(hours=2))
    world.wait(arn, first)
    assert world.ledger.line.names(world.release()) == [first]


def test_what_comes_back_to_the_line_meanwhile_starts(world: ReleaseWorld) -> None:
    """Its freeze is lifted before its place is removed."""
    world.wait_for_all(world.begin("orders", "catalog", maxConcurrency=1))
    (running,) = (name for name, status in world.statuses().items() if status == "RUNNING")
    (waits,) = world.ledger.line.names(world.release())
    freeze(world, waits)
    with meanwhile(Line, "leave", before=lambda: lift(world, waits)):
        world.complete(running)
    assert world.statuses()[waits] == "RUNNING"
