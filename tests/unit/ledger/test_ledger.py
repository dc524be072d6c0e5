"""Each write to the ledger can be repeated, raced and retried without harm."""

from datetime import UTC, datetime, timedelta

import pytest

from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Failure, Pipeline, PipelineStatus, ReleaseStatus
from release_core.domain.revisions import Revision, Shipped
from release_core.errors import ExecutionEnded, ExecutionTaken
from tests.worlds.ledger_world import RETENTION, LedgerWorld, an_opening

AT = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def world() -> LedgerWorld:
    """A ledger without releases."""
    return LedgerWorld()


def a_change(state: ExecutionState, attempt: int = 1, source: str = "event") -> Change:
    """A state change at ten o'clock."""
    return Change(state=state, attempt=attempt, at=AT, source=source)


def test_a_release_id_is_claimed_once(world: LedgerWorld) -> None:
    """A second execution that claims the same id gets the release that has it."""
    world.open("r")
    holder = world.ledger.openings.claim(an_opening("r", execution_arn="arn:execution:other"))
    assert holder
    assert holder.execution_arn == "arn:execution:r"


def test_a_claim_recognises_its_own_retry(world: LedgerWorld) -> None:
    """The execution that has the id can claim it again."""
    world.open("r")
    assert world.ledger.openings.claim(an_opening("r")) is None


def test_a_stopped_execution_can_open_nothing(world: LedgerWorld) -> None:
    """After its execution was stopped, a release can no longer be opened."""
    assert world.ledger.headers.record_workflow_end("arn:execution:r", "ABORTED") is None
    with pytest.raises(ExecutionEnded):
        world.ledger.openings.claim(an_opening("r"))
    assert world.ledger.get_release("r") is None


def test_a_stop_finds_the_release_that_was_opened(world: LedgerWorld) -> None:
    """A stop after the claim returns the release to close."""
    world.open("r")
    assert world.ledger.headers.record_workflow_end("arn:execution:r", "ABORTED") == "r"


def test_a_slow_first_try_does_not_reset_what_its_retry_has_started(world: LedgerWorld) -> None:
    """Recording the pipelines again does not change those that run."""
    names = [f"p{index}" for index in range(150)]
    opening = world.open("r", *names)
    world.ledger.pipelines.register_token("r", "p120", "t", looks_at=world.clock())
    assert world.ledger.pipelines.claim_start("r", world.pipeline("p120"), "run-pipeline/1")
    world.ledger.openings.put_pipelines(opening, {})
    assert world.pipeline("p120").status is PipelineStatus.STARTING
    assert sorted(world.release().pipelines) == sorted(names)


def test_an_opened_release_is_recorded_completely(world: LedgerWorld) -> None:
    """Header, manifest and pipelines are recorded with times and a first audit entry."""
    world.open("r", "orders", "catalog")
    header = world.item("release")
    assert header["opened_at"] == "2026-11-22T09:00:00.000Z"
    assert header["listing"] == "release"
    assert header["audit"] == [
        {
            "at": "2026-11-22T09:00:00.000Z",
            "who": "release manager",
            "what": "opened through direct",
            "before": None,
            "after": "RUNNING",
        }
    ]
    assert world.item("manifest")["manifest"] == (
        '{"pipelines":[{"name":"orders"},{"name":"catalog"}],"releaseId":"r"}'
    )
    assert world.item("pipeline#catalog")["position"] == 1


def test_a_rejected_manifest_is_recorded_under_its_execution(world: LedgerWorld) -> None:
    """A rejection is listed among the releases, although it has no release id."""
    world.ledger.openings.reject("arn:execution:x", "why", channel="s3", requester=None)
    item = world.item("release", "arn:execution:x")
    assert (item["status"], item["why"], item["listing"]) == ("REJECTED", "why", "release")


def test_a_token_is_registered_only_for_a_pipeline_of_a_release(world: LedgerWorld) -> None:
    """A token for an unknown pipeline is not recorded."""
    assert world.ledger.pipelines.register_token("r", "orders", "t", looks_at=world.clock()) is None
    assert world.items("releases") == []


def test_a_new_token_is_not_settled(world: LedgerWorld) -> None:
    """A new token replaces a settled one; marking the old one as settled changes nothing."""
    world.open("r")
    world.ledger.pipelines.register_token("r", "orders", "old", looks_at=world.clock())
    before = world.pipeline()
    world.ledger.pipelines.mark_settled("r", before)
    assert world.pipeline().settled
    world.ledger.pipelines.register_token("r", "orders", "new", looks_at=world.clock())
    world.ledger.pipelines.mark_settled("r", before)
    assert not world.pipeline().settled
    assert world.pipeline().registrations == 2


def test_a_start_is_claimed_once(world: LedgerWorld) -> None:
    """Of two functions that see a waiting pipeline, one can claim its start."""
    world.open("r")
    seen = world.pipeline()
    assert world.ledger.pipelines.claim_start("r", seen, "run-pipeline/1")
    assert not world.ledger.pipelines.claim_start("r", seen, "run-pipeline/2")


def test_a_start_claim_whose_answer_was_lost_is_recognised(world: LedgerWorld) -> None:
    """If the SDK repeats a successful claim, the claim holds and is audited once."""
    world.open("r")
    seen = world.pipeline()
    assert world.ledger.pipelines.claim_start("r", seen, "run-pipeline/1")
    assert world.ledger.pipelines.claim_start("r", seen, "run-pipeline/1")
    assert [each["after"] for each in world.item("pipeline#orders")["audit"]] == [
        "WAITING",
        "STARTING",
    ]


def test_an_execution_belongs_to_one_release(world: LedgerWorld) -> None:
    """Claiming an execution again is harmless; another release cannot claim it."""
    for _ in range(2):
        world.ledger.executions.claim("e1", release_id="r", pipeline=Pipeline(name="orders"))
    with pytest.raises(ExecutionTaken, match="belongs to release r, attempt 1, not to s"):
        world.ledger.executions.claim("e1", release_id="s", pipeline=Pipeline(name="orders"))


def test_an_execution_is_bound_once(world: LedgerWorld) -> None:
    """If two functions bind an execution to a pipeline, the first one counts."""
    world.open("r")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "run-pipeline/1")
    starting = world.pipeline()
    world.ledger.pipelines.bind_execution("r", starting, "e1")
    world.ledger.pipelines.bind_execution("r", starting, "e2")
    assert world.pipeline().execution_id == "e1"
    assert world.pipeline().status is PipelineStatus.RUNNING


def test_a_change_is_recorded_once(world: LedgerWorld) -> None:
    """The same attempt and state is one change, even if the second event has another time."""
    first = world.ledger.executions.record_change("e1", "orders", a_change(ExecutionState.STARTED))
    later = Change(
        state=ExecutionState.STARTED, attempt=1, at=AT + timedelta(seconds=1), source="event"
    )
    again = world.ledger.executions.record_change("e1", "orders", later)
    assert len(first.changes) == len(again.changes) == 1
    assert again.changes[0].at == AT.replace(microsecond=123000)


def test_event_and_start_meet_in_either_order(world: LedgerWorld) -> None:
    """Whichever of event and claim is written second sees the release and all changes."""
    world.ledger.executions.record_change("early", "orders", a_change(ExecutionState.STARTED))
    world.ledger.executions.claim("early", release_id="r", pipeline=Pipeline(name="orders"))
    early = world.ledger.executions.record_change(
        "early", "orders", a_change(ExecutionState.SUCCEEDED)
    )
    world.ledger.executions.claim("late", release_id="r", pipeline=Pipeline(name="orders"))
    late = world.ledger.executions.record_change("late", "orders", a_change(ExecutionState.STARTED))
    assert (early.release_id, len(early.changes)) == ("r", 2)
    assert (late.release_id, len(late.changes)) == ("r", 1)


def test_executions_of_releases_are_kept_longer_than_others(world: LedgerWorld) -> None:
    """An execution without a release expires in two days; a claimed one after the retention."""
    world.ledger.executions.record_change("stranger", "orders", a_change(ExecutionState.STARTED))
    world.ledger.executions.record_change("ours", "orders", a_change(ExecutionState.STARTED))
    world.ledger.executions.claim("ours", release_id="r", pipeline=Pipeline(name="orders"))
    world.ledger.executions.record_change("ours", "orders", a_change(ExecutionState.SUCCEEDED))
    expiry = {each["execution_id"]: each["expires_at"] for each in world.items("executions")}
    assert expiry["stranger"] == (world.clock() + timedelta(days=2)).timestamp()
    assert expiry["ours"] == (world.clock() + RETENTION).timestamp()


def test_the_first_end_of_a_pipeline_stays(world: LedgerWorld) -> None:
    """If two functions record an end from the same view, the first one stays, with its reason."""
    world.open("r")
    world.ledger.pipelines.claim_start("r", world.pipeline(), "run-pipeline/1")
    world.ledger.pipelines.bind_execution("r", world.pipeline(), "e1")
    seen = world.pipeline()
    failure = Failure(message="boom", stage="Deploy", action="Copy", code="JobFailed")
    world.ledger.pipelines.record_end("r", seen, PipelineStatus.FAILED, failure=failure)
    world.ledger.pipelines.record_end("r", seen, PipelineStatus.SUCCEEDED)
    assert world.pipeline().status is PipelineStatus.FAILED
    assert world.pipeline().failure == failure
    audit = world.item("pipeline#orders")["audit"]
    assert [each["after"] for each in audit] == ["WAITING", "STARTING", "RUNNING", "FAILED"]
    assert audit[-1]["what"] == "stage Deploy, action Copy: boom (JobFailed)"


def test_a_release_is_closed_once(world: LedgerWorld) -> None:
    """If two functions close a release, the first outcome stays."""
    world.open("r")
    world.ledger.headers.close(
        "r", ReleaseStatus.CANCELLED, why="stopped", execution_arn="arn:execution:r"
    )
    world.ledger.headers.close(
        "r", ReleaseStatus.SUCCEEDED, why="all good", execution_arn="arn:execution:r"
    )
    header = world.item("release")
    assert (header["status"], header["why"]) == ("CANCELLED", "stopped")
    assert [each["after"] for each in header["audit"]] == ["RUNNING", "CANCELLED"]


def test_the_newest_success_is_the_last_good(world: LedgerWorld) -> None:
    """An older success does not replace a newer one."""
    world.open("r")
    revision = Revision(artifact="source", revision="v2", summary="two")
    shipped = Shipped(revisions=[revision], variables={"STAGE": "prod"})
    world.ledger.locks.record_last_good("r", world.pipeline(), shipped)
    world.clock.set(world.clock() - timedelta(seconds=5))
    world.ledger.locks.record_last_good("older", world.pipeline(), Shipped())
    (item,) = world.items("pipelines")
    assert item["last_good"]["release_id"] == "r"
    assert item["last_good"]["revisions"] == [
        {"artifact": "source", "revision": "v2", "summary": "two"}
    ]
    assert item["last_good"]["variables"] == {"STAGE": "prod"}


def test_the_manifest_is_not_read_with_the_release(world: LedgerWorld) -> None:
    """Reading a release does not read its manifest, which may be large."""
    world.open("r", "orders", "catalog")
    assert list(world.release().pipelines) == ["catalog", "orders"]
    assert world.ledger.get_release("nowhere") is None
