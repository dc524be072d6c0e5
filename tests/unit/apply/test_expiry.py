"""Records of releases expire as a whole, and never while anything needs them."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from release_core.apply import expiry
from release_core.apply.expiry import Expiry
from release_core.domain.release import PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import NOTHING
from release_core.errors import LedgerBusy
from release_core.ledger.expirations import Expirations, Expiring
from release_core.ledger.ledger import Ledger
from tests.fakes.clock import FakeClock
from tests.worlds.ledger_world import RETENTION, TABLES, LedgerWorld, an_opening
from tests.worlds.logged import watched

DAYS = timedelta(days=30)


@dataclass
class ExpiryWorld(LedgerWorld):
    """A ledger with closed releases, and the sweep that deletes them."""

    def closed(
        self,
        release_id: str,
        *pipelines: str,
        status: ReleaseStatus = ReleaseStatus.SUCCEEDED,
        announced: bool = True,
    ) -> Release:
        """Open and close a release of these pipelines."""
        opening = self.open(release_id, *pipelines)
        headers = self.ledger.headers
        headers.close(release_id, status, why="over", execution_arn=opening.execution_arn)
        if announced:
            headers.mark_announced(self.release(release_id))
        return self.release(release_id)

    def sweep(self, *, days: int = 30) -> None:
        """Run the sweep that keeps releases for so many days."""
        Expiry(ledger=self.ledger, clock=self.clock, retention=timedelta(days=days)).sweep()

    def stored(self) -> set[tuple[str, str]]:
        """The keys of all items in the table of releases."""
        return {(each["release_id"], each["item"]) for each in self.items("releases")}


@pytest.fixture
def world() -> ExpiryWorld:
    """An empty ledger."""
    return ExpiryWorld()


def test_all_items_of_an_old_release_are_deleted(world: ExpiryWorld) -> None:
    """Header, manifest, pipelines and the item of the execution go; younger releases stay."""
    world.closed("old", *(f"p{number}" for number in range(30)))
    world.clock.advance(DAYS)
    world.closed("young")
    before = {each for each in world.stored() if each[0] != "old" and "old" not in each[0]}
    world.clock.advance(timedelta(seconds=1))
    world.sweep()
    assert world.stored() == before
    assert world.ledger.get_header("old") is None


def test_the_id_is_free_after_that(world: ExpiryWorld) -> None:
    """The same id opens a new release, which has nothing of the old one."""
    world.closed("r", "a", "b")
    world.clock.advance(DAYS * 2)
    world.sweep()
    world.open("r", "b", "c")
    assert set(world.release("r").pipelines) == {"b", "c"}
    assert world.release("r").status is ReleaseStatus.RUNNING


def test_without_retention_everything_stays(world: ExpiryWorld) -> None:
    """By default releases are kept for ever."""
    world.closed("r")
    world.clock.advance(timedelta(days=36500))
    before = world.stored()
    Expiry(ledger=world.ledger, clock=world.clock, retention=None).sweep()
    assert world.stored() == before


def test_an_open_release_stays(world: ExpiryWorld) -> None:
    """A release that waits for months is not deleted."""
    world.open("r")
    world.clock.advance(DAYS * 12)
    world.sweep()
    assert world.release("r").status is ReleaseStatus.RUNNING


def test_a_release_that_a_slow_clock_closed_expires(world: ExpiryWorld) -> None:
    """By the clock of the function that closed it, it ended before it was opened."""
    slow = Ledger(world.client, TABLES, clock=FakeClock(), who="close-release", retention=RETENTION)
    world.clock.advance(timedelta(seconds=1))
    opening = world.open("r", "a")
    slow.headers.close("r", ReleaseStatus.FAILED, why="over", execution_arn=opening.execution_arn)
    slow.headers.mark_announced(world.release())
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.stored() == set()


def test_what_is_not_announced_stays(world: ExpiryWorld) -> None:
    """Its outcome is announced first."""
    world.closed("r", announced=False)
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.release("r").closed


def test_what_is_live_stays(world: ExpiryWorld) -> None:
    """A rollback needs the record of what last succeeded; the next success frees it."""
    release = world.closed("live", "a", "b")
    record = world.ledger.locks.record_last_good
    ran = replace(release.pipelines["a"], execution_id="e1", starting_at=world.clock())
    record("live", ran, NOTHING)
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.release("live").closed

    record("next", replace(ran, execution_id="e2", starting_at=world.clock()), NOTHING)
    world.sweep()
    assert world.ledger.get_header("live") is None


def test_the_latest_run_of_a_pipeline_stays(world: ExpiryWorld) -> None:
    """A rollback of an older release must see that a later one has run the pipeline."""
    opening = world.open("r", "a")
    world.ledger.locks.take(world.ledger.get_locks(["a"])["a"], opening.place)
    world.ledger.locks.free("a", opening.execution_arn, ran_in="r")
    world.ledger.headers.close(
        "r", ReleaseStatus.FAILED, why="over", execution_arn=opening.execution_arn
    )
    world.ledger.headers.mark_announced(world.release("r"))
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.release("r").closed


def test_rejected_manifests_expire(world: ExpiryWorld) -> None:
    """Nothing announces them later, and no release needs them."""
    world.ledger.openings.reject("arn:execution:x", "no", channel="direct", requester=None)
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.stored() == set()


def test_a_release_that_a_retry_waits_for_stays(world: ExpiryWorld) -> None:
    """The retry resumes it when it is its turn."""
    world.closed("r", "a", status=ReleaseStatus.FAILED)
    world.clock.advance(DAYS * 2)
    world.ledger.locks.enqueue(["a"], an_opening("r", "a", execution_arn="arn:execution:retry"))
    world.sweep()
    assert world.release("r").closed


def test_every_attempts_execution_is_forgotten(world: ExpiryWorld) -> None:
    """The items of all workflow executions of the release are deleted with it."""
    failed = world.closed("r", "a", status=ReleaseStatus.FAILED)
    again = an_opening("r", "a", execution_arn="arn:execution:again")
    assert world.ledger.openings.reopen(again, failed)
    world.ledger.headers.close(
        "r", ReleaseStatus.FAILED, why="over", execution_arn="arn:execution:again"
    )
    world.ledger.headers.mark_announced(world.release("r"))
    world.clock.advance(DAYS * 2)
    world.sweep()
    assert world.stored() == set()


def test_a_resume_that_comes_first_keeps_the_record(world: ExpiryWorld) -> None:
    """The release is read as closed, then resumed, then marked: it is not marked."""
    read = world.closed("r", "a", status=ReleaseStatus.FAILED)
    assert world.ledger.openings.reopen(an_opening("r", "a", execution_arn="arn:again"), read)
    assert world.ledger.expirations.mark(read) is None


def test_a_rollback_that_comes_first_keeps_the_record(world: ExpiryWorld) -> None:
    """The release is read, then rolled back, then marked: it is not marked."""
    read = world.closed("r", "a", status=ReleaseStatus.FAILED)
    rollback = an_opening("r-rollback", "a", execution_arn="arn:rollback", rollbackOf="r")
    assert world.ledger.openings.claim(replace(rollback, rolls_back=read)) is None
    assert world.ledger.expirations.mark(read) is None


def test_an_expiring_release_is_not_resumed(world: ExpiryWorld) -> None:
    """A half deleted release never becomes an open one."""
    read = world.closed("r", "a", status=ReleaseStatus.FAILED)
    assert world.ledger.expirations.mark(read)
    assert not world.ledger.openings.reopen(an_opening("r", "a", execution_arn="arn:again"), read)
    assert world.release("r").closed


def test_a_sweep_that_was_killed_is_continued(
    world: ExpiryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half deleted, the release is still closed, and the next sweep deletes the rest."""
    world.closed("r", *(f"p{number}" for number in range(30)))
    world.clock.advance(DAYS * 2)
    write, calls = world.dynamodb.transact_write_items, 0

    def killed(**request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return write(**request)

    with monkeypatch.context() as patch:
        patch.setattr(world.dynamodb, "transact_write_items", killed)
        with pytest.raises(KeyboardInterrupt):
            world.sweep()
    half = world.release("r")
    assert half.status is ReleaseStatus.SUCCEEDED
    assert 0 < len(half.pipelines) < 30
    world.sweep()
    assert world.stored() == set()


def test_a_second_sweep_deletes_nothing_of_a_new_release(world: ExpiryWorld) -> None:
    """Two sweeps find the release; the second comes after a new one has the id."""
    read = world.closed("r", "a")
    items = world.ledger.expirations.items_of("r")
    slow, fast = (world.ledger.expirations.mark(read) for _ in range(2))
    assert slow
    assert fast
    world.ledger.expirations.delete(fast, items)
    world.open("r", "a")
    before = world.stored()
    world.ledger.expirations.delete(slow, items)
    assert world.stored() == before
    assert world.release("r").pipelines["a"].status is PipelineStatus.WAITING


def left(world: ExpiryWorld, *names: str) -> list[str]:
    """Those of these releases that are still on record."""
    return [name for name in names if world.ledger.get_header(name)]


def three_old_releases(world: ExpiryWorld) -> None:
    """Close a, b and c, one after the other, long ago."""
    for name in ("a", "b", "c"):
        world.closed(name)
        world.clock.advance(timedelta(seconds=1))
    world.clock.advance(DAYS)


def test_a_sweep_is_bounded(world: ExpiryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is deleted an hour later, the oldest first."""
    three_old_releases(world)
    monkeypatch.setattr(expiry, "MOST_WORK", 1)
    world.sweep()
    assert left(world, "a", "b", "c") == ["b", "c"]


def test_rejected_manifests_are_work_too(
    world: ExpiryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no other items, and each takes several calls."""
    names = [f"arn:execution:{number}" for number in range(5)]
    for name in names:
        world.ledger.openings.reject(name, "no", channel="direct", requester=None)
        world.clock.advance(timedelta(seconds=1))
    world.clock.advance(DAYS)
    monkeypatch.setattr(expiry, "MOST_WORK", 2 * expiry.CALLS_PER_RELEASE)
    world.sweep()
    assert left(world, *names) == names[2:]


def test_a_sweep_ends_in_time(world: ExpiryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls may take long. The release that is being deleted is the last one."""
    three_old_releases(world)
    mark = Expirations.mark

    def slowly(self: Expirations, release: Release) -> Expiring | None:
        world.clock.advance(expiry.LONGEST_SWEEP / 2)
        return mark(self, release)

    monkeypatch.setattr(Expirations, "mark", slowly)
    world.sweep()
    assert left(world, "a", "b", "c") == ["c"]


def test_an_error_with_one_release_keeps_no_other(
    world: ExpiryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are tried, and the first error is raised so that the rule's function runs again."""
    three_old_releases(world)
    mark = Expirations.mark

    def busy(self: Expirations, release: Release) -> Expiring | None:
        if release.release_id == "c":
            return mark(self, release)
        raise LedgerBusy(f"{release.release_id} is busy")

    with monkeypatch.context() as patch:
        patch.setattr(Expirations, "mark", busy)
        with watched() as lines:
            with pytest.raises(LedgerBusy, match="a is busy"):
                world.sweep()
            warned = [each for each in lines.records if each.levelno == logging.WARNING]
            assert [vars(each)["release_id"] for each in warned] == ["a", "b"]
    assert left(world, "a", "b", "c") == ["a", "b"]
    world.sweep()
    assert left(world, "a", "b", "c") == []
