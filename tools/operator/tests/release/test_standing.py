"""How a pipeline stands, from what was read of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from release_core.domain.execution import ExecutionState
from release_core.domain.holds import Freeze, Hold, HoldKind
from release_core.domain.past_execution import PastExecution
from release_core.domain.queue import Lock, Place
from release_core.domain.release import (
    Failure,
    LockHolder,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_machine.release.estate import EstatePipeline, HeldBy, LastFailure, OtherRun, Standing
from release_machine.release.standing import Seen, standing_of
from tools.operator.tests.conftest import at, pipeline

NOW = at(1000)
HELD_BY_R = Lock(
    pipeline="orders", holder=LockHolder(release_id="r", execution_arn="arn:r", since=at(0))
)
FREE = Lock(pipeline="orders")
FAILURE = Failure(stage="Deploy", message="no such bucket")
FREEZE = Freeze(scope="ord*", until=at(7200), reason="sale", by="arn:bob", at=at(0))


def execution(name: str, state: str | None, seconds: float, **more: Any) -> PastExecution:
    """An execution that was started and has changed last so many seconds after the beginning."""
    return PastExecution(
        execution_id=name,
        state=ExecutionState(state) if state else None,
        started_at=at(seconds - 10),
        updated_at=at(seconds),
        **more,
    )


def a_release(release_id: str, status: str = "FAILED") -> Release:
    """The header of a release."""
    return Release(
        release_id=release_id,
        status=ReleaseStatus(status),
        execution_arn=f"arn:{release_id}",
        opened_at=at(0),
    )


def stands(
    lock: Lock = FREE, *, freezes: tuple[Freeze, ...] = (), now: datetime = NOW, **seen: Any
) -> EstatePipeline:
    """How the pipeline stands of which this was read."""
    return standing_of(Seen(name="orders", lock=lock, **seen), freezes, now)


def failed(**more: Any) -> Pipeline:
    """The pipeline as it failed in a release after 100 seconds."""
    return pipeline(0, "orders", "FAILED", execution_id="e1", ended=100, failure=FAILURE, **more)


def test_nothing_is_to_be_said() -> None:
    """A pipeline whose last execution has succeeded is idle."""
    found = stands(listed=[execution("e1", "SUCCEEDED", 100)])
    assert found.standings == ()
    assert found.failure is None


def test_it_runs_in_a_release() -> None:
    """The execution of the release is no other run, also if its start is not bound yet."""
    running = pipeline(0, "orders", "RUNNING", execution_id="e2", began=90)
    listed = [execution("e2", None, 100)]
    found = stands(HELD_BY_R, node=running, listed=listed)
    assert (found.standings, found.outside) == ((Standing.RUNNING,), ())
    starting = pipeline(0, "orders", "STARTING")
    found = stands(HELD_BY_R, node=starting, listed=listed, owners={"e2": "r"})
    assert (found.standings, found.outside) == ((Standing.RUNNING,), ())


def test_it_runs_outside_releases() -> None:
    """An execution that no release, or another one, has started is named with who started it."""
    other = execution("e3", None, 100, trigger="StartPipelineExecution", trigger_detail="arn:bob")
    stopping = execution("e4", "STOPPING", 90)
    found = stands(listed=[other, stopping], owners={"e4": "late"})
    assert found.outside == (
        OtherRun(execution_id="e3", since=at(90), by="arn:bob", trigger="StartPipelineExecution"),
        OtherRun(execution_id="e4", since=at(80), release_id="late", stops=True),
    )
    assert found.standings == (Standing.RUNNING,)


def test_it_waits() -> None:
    """A release that holds it and has not started it makes it wait, and so does a queue."""
    waiting = pipeline(0, "orders", depends_on=("web",))
    assert stands(HELD_BY_R, node=waiting).standings == (Standing.WAITING,)
    assert stands(HELD_BY_R).standings == (Standing.WAITING,)
    place = Place(since=at(5), execution_arn="arn:q", release_id="q")
    found = stands(replace(FREE, queue=(place,)))
    assert (found.standings, found.queue) == ((Standing.WAITING,), (place,))
    ended = pipeline(0, "orders", "SUCCEEDED", execution_id="e1", ended=10)
    assert stands(HELD_BY_R, node=ended).standings == ()


def test_it_is_held() -> None:
    """A hold on record is named once, with the release; a freeze holds it without one, too."""
    hold = Hold(kind=HoldKind.FREEZE, until=at(7200), why="sale", by="arn:bob", scope="ord*")
    node = pipeline(0, "orders", held=hold)
    of_release = HeldBy(
        kind="freeze", until=at(7200), why="sale", by="arn:bob", scope="ord*", release_id="r"
    )
    found = stands(HELD_BY_R, node=node, freezes=(FREEZE,))
    assert found.held == (of_release,)
    assert found.standings == (Standing.HELD, Standing.WAITING)
    alone = stands(freezes=(FREEZE, replace(FREEZE, scope="web"), replace(FREEZE, until=at(9))))
    assert alone.held == (replace(of_release, release_id=None),)


def test_what_held_it_before_it_was_started_holds_it_no_more() -> None:
    """A freeze that covers a running pipeline holds its next start."""
    hold = Hold(kind=HoldKind.FREEZE, until=at(7200), why="sale", scope="ord*")
    node = pipeline(0, "orders", "RUNNING", held=hold)
    (held,) = stands(HELD_BY_R, node=node, freezes=(FREEZE,)).held
    assert held.release_id is None


def test_a_release_is_held_that_will_need_it() -> None:
    """Until its time, which the pipeline shows."""
    pending = replace(a_release("later", "RUNNING"), pending=True, not_before=at(5000))
    assert stands(pending=[pending]).held == (
        HeldBy(kind="notBefore", until=at(5000), release_id="later"),
    )


def test_it_failed_last_in_a_release() -> None:
    """With what is on record of it, until an execution succeeds."""
    header = a_release("r")
    seen: dict[str, Any] = {"latest": failed(), "latest_release": header}
    listed = [execution("e1", "FAILED", 100)]
    found = stands(listed=listed, **seen)
    assert found.failure == LastFailure(
        status=failed().status, at=at(100), release_id="r", execution_id="e1", failure=FAILURE
    )
    assert found.failed is header
    assert found.standings == (Standing.FAILED,)
    later = execution("e2", "SUCCEEDED", 200)
    assert stands(listed=[later, *listed], **seen).failure is None
    earlier = execution("e0", "SUCCEEDED", 50)
    assert stands(listed=[*listed, earlier], **seen).failure is not None


def test_it_has_failed_in_the_release_that_holds_it() -> None:
    """The release goes on, so it is not a closed one."""
    found = stands(HELD_BY_R, node=failed(), listed=[execution("e1", "FAILED", 100)])
    assert found.failure is not None
    assert (found.failure.release_id, found.failed) == ("r", None)
    assert found.standings == (Standing.FAILED,)


def test_a_person_has_repaired_it() -> None:
    """An execution that succeeded later, by a retry in CodePipeline, has not failed."""
    node = failed(late_success=at(150))
    assert stands(latest=node, latest_release=a_release("r")).failure is None


@pytest.mark.parametrize(
    ("state", "counts"),
    [("FAILED", True), ("STOPPED", False), ("CANCELED", False), ("SUPERSEDED", False)],
)
def test_it_failed_last_outside_releases(state: str, counts: bool) -> None:
    """What a person has stopped, or a newer execution has replaced, has not failed."""
    listed = [execution("e9", state, 300), execution("e1", "SUCCEEDED", 100)]
    found = stands(listed=listed, latest=failed(), latest_release=a_release("r"))
    assert (found.failure is not None) is counts
    if found.failure:
        assert (found.failure.release_id, found.failure.execution_id) == (None, "e9")
        assert found.failed is None


@pytest.mark.parametrize("state", ["STOPPED", "CANCELED", "SUPERSEDED"])
def test_what_was_stopped_since_repairs_nothing(state: str) -> None:
    """The execution that failed before is still to be repaired, until one succeeds."""
    listed = [
        execution("e3", state, 300),
        execution("e2", "FAILED", 200),
        execution("e1", "FAILED", 100),
    ]
    found = stands(listed=listed, owners={"e2": "r"})
    assert found.failure == LastFailure(
        status=PipelineStatus.FAILED, at=at(200), release_id="r", execution_id="e2"
    )
    assert found.standings == (Standing.FAILED,)
    later = execution("e4", "SUCCEEDED", 400)
    assert stands(listed=[later, *listed]).failure is None
    between = execution("e0", "SUCCEEDED", 250)
    assert stands(listed=[*listed, between]).failure is None


def test_codepipeline_went_back_outside_releases() -> None:
    """That is a success of its own, and what failed is still to be repaired."""
    back = execution("e3", "SUCCEEDED", 120, rollback_to="e0", undoes="failed: e1")
    found = stands(listed=[back, execution("e1", "FAILED", 100)])
    assert found.failure is not None
    assert found.failure.execution_id == "e1"


def test_codepipeline_went_back_by_itself() -> None:
    """That is a success of its own, and what failed is still to be repaired."""
    back = execution("e5", "SUCCEEDED", 120, rollback_to="e0", undoes="failed: e1")
    listed = [back, execution("e1", "FAILED", 100), execution("e0", "SUCCEEDED", 50)]
    found = stands(listed=listed, latest=failed(), latest_release=a_release("r"))
    assert found.failure is not None
    assert found.failure.failure == FAILURE


def test_what_is_known_of_a_name() -> None:
    """A pipeline that does not exist is known if a release has used it, or will."""
    gone = Seen(name="orders", lock=FREE, exists=False)
    assert not gone.is_known
    assert replace(gone, exists=True).is_known
    assert replace(gone, was_released=True).is_known
    assert replace(gone, lock=HELD_BY_R).is_known
    assert replace(gone, pending=[a_release("r")]).is_known
