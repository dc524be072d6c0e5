"""A release with `notBefore` is held until its time, and a release that waits is listed."""

from datetime import timedelta
from typing import Any

import pytest

from release_core.clock import to_iso
from release_core.errors import ExecutionEnded, LedgerBusy, ManifestInvalid, PipelinesBusy
from release_core.ledger.locks import Locks
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.worlds.faults import crash_after, meanwhile
from tests.worlds.release_world import ReleaseWorld

HOLD = timedelta(hours=2)


def hand_in(
    world: ReleaseWorld, release_id: str = "r", *names: str, hold: timedelta = HOLD, **more: Any
) -> str:
    """Start an execution for a release that is held this long."""
    manifest = {
        "releaseId": release_id,
        "pipelines": list(names or ("orders",)),
        "notBefore": to_iso(world.clock() + hold),
        **more,
    }
    return world.start(write_json(manifest))


def waits(world: ReleaseWorld, release_id: str, *names: str) -> str:
    """Start an execution for a release that waits for its pipelines."""
    manifest = {"releaseId": release_id, "pipelines": list(names or ("orders",)), "onBusy": "wait"}
    return world.start(write_json(manifest))


def outcome(world: ReleaseWorld, arn: str) -> str:
    """The outcome of an opening."""
    return str(world.open_release(arn)["outcome"])


def listed(world: ReleaseWorld) -> list[str]:
    """The releases that are listed as waiting to be opened."""
    return [each.release_id for each in world.ledger.pending()]


def places(world: ReleaseWorld) -> dict[str, list[str]]:
    """The releases in the queue of each pipeline, in order, where there are any."""
    return {
        each["pipeline"]: [place.split(" ")[2] for place in sorted(each["queue"])]
        for each in world.items("pipelines")
        if "queue" in each
    }


def test_a_held_release_locks_nothing_and_starts_at_its_time(world: ReleaseWorld) -> None:
    """It waits once, exactly until its time, without a lock, a place or a token."""
    arn = hand_in(world)
    held = world.open_release(arn)
    assert (held["outcome"], held["wait_seconds"]) == ("HELD", HOLD.total_seconds())
    assert (world.holders(), places(world)) == ({}, {})
    world.clock.advance(HOLD)
    assert outcome(world, arn) == "OPENED"
    assert world.release().not_before == world.clock()


def test_others_run_the_pipelines_of_a_held_release(world: ReleaseWorld) -> None:
    """Until its time, other releases lock the pipelines; then it refuses or waits as usual."""
    arn = hand_in(world, "r", onBusy="wait")
    assert outcome(world, arn) == "HELD"
    world.begin("orders", release_id="other")
    world.clock.advance(HOLD)
    assert outcome(world, arn) == "BUSY"
    refusing = hand_in(world, "s", hold=timedelta())
    with pytest.raises(PipelinesBusy, match="release other holds it"):
        world.open_release(refusing)


def test_a_time_in_the_past_means_now(world: ReleaseWorld) -> None:
    """The release is opened at once."""
    assert outcome(world, hand_in(world, hold=-HOLD)) == "OPENED"


def test_a_held_release_comes_when_its_time_comes(world: ReleaseWorld) -> None:
    """Releases that waited before its time are served before it, although it was started first."""
    held = hand_in(world, "held", onBusy="wait")
    assert outcome(world, held) == "HELD"
    world.begin("orders", release_id="holder")
    assert outcome(world, waits(world, "before")) == "BUSY"
    world.clock.advance(HOLD)
    assert outcome(world, held) == "BUSY"
    assert outcome(world, waits(world, "after")) == "BUSY"
    assert places(world) == {"orders": ["before", "held", "after"]}


def test_a_held_release_can_keep_its_places(world: ReleaseWorld) -> None:
    """With holdLocks a later release waits, or is refused; the held one goes first."""
    held = hand_in(world, "held", "orders", "catalog", holdLocks=True)
    assert outcome(world, held) == "HELD"
    assert world.holders() == {}
    assert outcome(world, waits(world, "later", "catalog")) == "BUSY"
    with pytest.raises(PipelinesBusy, match="release held came first and waits for it"):
        world.open_release(world.start('{"releaseId": "s", "pipelines": ["orders"]}'))
    world.clock.advance(HOLD)
    assert outcome(world, held) == "OPENED"
    assert places(world) == {"catalog": ["later"]}


def test_places_are_refused_at_once(world: ReleaseWorld) -> None:
    """With holdLocks, a release that refuses busy pipelines is rejected when it is handed in."""
    world.begin("orders", release_id="holder")
    with pytest.raises(PipelinesBusy, match="release holder holds it"):
        world.open_release(hand_in(world, "r", "orders", "catalog", holdLocks=True))
    assert (places(world), listed(world)) == ({}, [])


def test_two_that_keep_their_places_at_the_same_instant(world: ReleaseWorld) -> None:
    """Each records its place before it looks, so the later one sees the earlier one."""
    first = hand_in(world, "first", holdLocks=True)
    second = hand_in(world, "second", holdLocks=True)
    with (
        meanwhile(Locks, "enqueue", before=lambda: world.open_release(first)),
        pytest.raises(PipelinesBusy, match="release first came first"),
    ):
        world.open_release(second)
    assert places(world) == {"orders": ["first"]}


def test_a_stopped_release_gives_its_places_back(world: ReleaseWorld) -> None:
    """The release behind it is woken, and the stopped one is listed no more."""
    held = hand_in(world, "held", holdLocks=True)
    assert outcome(world, held) == "HELD"
    behind = waits(world, "behind")
    assert outcome(world, behind) == "BUSY"
    token = world.step_functions.wait_for_token(behind)
    world.opener().wait(behind, token)
    world.cancel(held)
    assert world.settlement(token).succeeded
    assert listed(world) == ["behind"]


def test_a_release_is_listed_until_it_is_opened(world: ReleaseWorld) -> None:
    """A held or waiting release is found by its id, with who handed it in, until it is opened."""
    held = world.start(
        write_json(
            {
                "manifest": {
                    "releaseId": "held",
                    "pipelines": ["orders"],
                    "notBefore": to_iso(world.clock() + HOLD),
                },
                "requestedBy": "alice",
            }
        )
    )
    assert outcome(world, held) == "HELD"
    world.begin("catalog", release_id="holder")
    assert outcome(world, waits(world, "waiting", "catalog", "payments")) == "BUSY"
    first, second = world.ledger.pending()
    assert (first.release_id, first.requester, first.channel) == ("held", "alice", "direct")
    assert (first.execution_arn, first.pipeline_count, first.pending) == (held, 1, True)
    assert first.is_held(world.clock())
    assert (second.release_id, second.waits_for) == ("waiting", ("catalog", "payments"))
    assert not second.is_held(world.clock())
    world.clock.advance(HOLD)
    assert not first.is_held(world.clock())
    assert outcome(world, held) == "OPENED"
    assert listed(world) == ["waiting"]


def test_the_claim_of_the_release_removes_its_entry(world: ReleaseWorld) -> None:
    """So a release is never listed as waiting while its pipelines are recorded."""
    arn = hand_in(world)
    assert outcome(world, arn) == "HELD"
    world.clock.advance(HOLD)
    seen: list[list[str]] = []
    with meanwhile(Openings, "put_pipelines", before=lambda: seen.append(listed(world))):
        world.open_release(arn)
    assert seen == [[]]


def test_the_same_manifest_again_is_listed_and_then_already_released(world: ReleaseWorld) -> None:
    """An entry in the list blocks no release of the same id: the first that opens has it."""
    twin = hand_in(world)
    assert outcome(world, twin) == "HELD"
    now = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    assert outcome(world, now) == "OPENED"
    assert listed(world) == ["r"]
    world.clock.advance(HOLD)
    assert outcome(world, twin) == "ALREADY_RELEASED"
    assert listed(world) == []


def test_a_rejected_release_is_listed_no_more(world: ReleaseWorld) -> None:
    """The manifest is checked again when its time has come."""
    arn = hand_in(world)
    assert outcome(world, arn) == "HELD"
    world.codepipeline.delete_pipeline(name="orders")
    world.clock.advance(HOLD)
    with pytest.raises(ManifestInvalid, match="there is no pipeline 'orders'"):
        world.open_release(arn)
    assert listed(world) == []


def test_an_ended_execution_is_not_listed(world: ReleaseWorld) -> None:
    """A function that outlives its stopped execution adds no entry."""
    arn = hand_in(world)
    with (
        meanwhile(Locks, "hold", before=lambda: world.cancel(arn)),
        pytest.raises(ExecutionEnded),
    ):
        world.open_release(arn)
    assert listed(world) == []


def test_a_try_that_is_behind_is_not_listed(world: ReleaseWorld) -> None:
    """When another try of the same execution has opened the release, this one adds no entry."""
    arn = hand_in(world)

    def overtake() -> None:
        world.clock.advance(HOLD)
        assert outcome(world, arn) == "OPENED"

    with meanwhile(Locks, "hold", before=overtake), pytest.raises(LedgerBusy):
        world.open_release(arn)
    assert listed(world) == []


def test_a_crash_loses_no_hold(world: ReleaseWorld) -> None:
    """After a crash behind the write, the next try holds the release for the rest of the time."""
    arn = hand_in(world)
    with crash_after(Locks, "hold"):
        world.open_release(arn)
    world.clock.advance(HOLD / 2)
    assert world.open_release(arn)["wait_seconds"] == HOLD.total_seconds() / 2
    assert listed(world) == ["r"]


def test_a_lost_stop_is_found_within_the_hour(world: ReleaseWorld) -> None:
    """The hourly look removes a dead release from the list and the queues, and wakes the next."""
    held = hand_in(world, "held", holdLocks=True)
    assert outcome(world, held) == "HELD"
    behind = waits(world, "behind")
    assert outcome(world, behind) == "BUSY"
    token = world.step_functions.wait_for_token(behind)
    world.opener().wait(behind, token)
    world.step_functions.stop_execution(executionArn=held, cause="enough")
    world.parts("record-state-change").orphans.sweep()
    assert world.settlement(token).succeeded
    assert (listed(world), places(world)) == (["behind"], {"orders": ["behind"]})


def test_a_retry_can_be_held(world: ReleaseWorld) -> None:
    """The next attempt has a time of its own, and locks nothing before it."""
    arn = world.begin("orders")
    world.cancel(arn)
    again = world.start(write_json({"retry": "r", "notBefore": to_iso(world.clock() + HOLD)}))
    assert outcome(world, again) == "HELD"
    assert (world.holders(), listed(world)) == ({}, ["r"])
    world.clock.advance(HOLD)
    assert outcome(world, again) == "OPENED"
    assert (world.release().attempt, world.release().not_before) == (2, world.clock())


def test_an_attempt_that_is_not_held_has_no_time(world: ReleaseWorld) -> None:
    """The time of an earlier attempt does not stay in the header."""
    arn = hand_in(world, hold=-HOLD)
    assert outcome(world, arn) == "OPENED"
    world.cancel(arn)
    assert outcome(world, world.start('{"retry": "r", "notBefore": null}')) == "OPENED"
    assert world.release().not_before is None


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (
            {"notBefore": "2026-11-22T18:00:00Z", "deadline": "2026-11-22T18:00:00Z"},
            "notBefore: must be before the deadline, 2026-11-22T18:00:00Z",
        ),
        (
            {"notBefore": "2036-11-22T18:00:00+01:00"},
            r"notBefore: 2036-11-22T18:00:00\+01:00 is more than 360 days from now",
        ),
        ({"notBefore": "2026-11-22T18:00:00"}, "notBefore: must have a time zone"),
    ],
)
def test_an_impossible_time_is_rejected(
    world: ReleaseWorld, times: dict[str, str], says: str
) -> None:
    """Each problem says what is wrong, and nothing is recorded but the rejection."""
    arn = world.start(write_json({"releaseId": "r", "pipelines": ["orders"], **times}))
    with pytest.raises(ManifestInvalid, match=says):
        world.open_release(arn)
    assert listed(world) == []


def test_the_deadline_counts_while_a_release_is_held(world: ReleaseWorld) -> None:
    """If the release is opened too late, it is rejected."""
    arn = hand_in(world, deadline=to_iso(world.clock() + HOLD + timedelta(seconds=1)))
    assert outcome(world, arn) == "HELD"
    world.clock.advance(HOLD + timedelta(seconds=1))
    with pytest.raises(ManifestInvalid, match="has passed"):
        world.open_release(arn)
