"""Freezes: what is frozen does not start, and goes on by itself when it is not frozen any more."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.clock import from_iso, to_iso
from release_core.decide.decisions import hold_of
from release_core.decide.timing import CLAIM_WINDOW, START_PACE
from release_core.domain.holds import Freeze, HoldKind
from release_core.domain.release import PipelineStatus
from release_core.errors import StartUnresolved
from release_core.ledger.headers import Headers
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, crash_after, meanwhile, refuse
from tests.worlds.release_world import ReleaseWorld, after, declaration
from tests.worlds.rollbacks import failed, run

HOUR = timedelta(hours=1)


def freeze(world: ReleaseWorld, scope: str = "*", *, lasts: timedelta = HOUR) -> Freeze:
    """Freeze what the scope covers, from now on."""
    at = world.clock()
    frozen = Freeze(
        scope=scope, until=from_iso(to_iso(at + lasts)), reason="audit", by="arn:ada", at=at
    )
    world.ledger.freezes.put(frozen)
    return frozen


def look(world: ReleaseWorld, token: str, arn: str, name: str = "orders") -> str:
    """Let the task of a pipeline look again when it asks for it, or is told to; its new token."""
    outcome = world.settlement(token)
    assert outcome.error == "LookAgain"
    return wait_again(world, arn, int(outcome.cause or ""), name)


def wait_again(world: ReleaseWorld, arn: str, seconds: int, name: str = "orders") -> str:
    """Let the task of a pipeline wait for this long."""
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", name, token, wait_seconds=seconds)
    return token


def audit(world: ReleaseWorld, name: str = "orders") -> list[str]:
    """What the audit of a pipeline says."""
    return [entry["what"] for entry in world.item(f"pipeline#{name}")["audit"]]


def test_what_is_frozen_does_not_start(world: ReleaseWorld) -> None:
    """It waits, and its record says until when, why and by whom; its audit says it once."""
    frozen = freeze(world, lasts=timedelta(minutes=20))
    arn = world.begin("orders")
    token = world.wait(arn)
    hold = world.held()
    assert (hold.kind, hold.until, hold.why) == (HoldKind.FREEZE, frozen.until, "audit")
    assert (hold.by, hold.scope) == ("arn:ada", "*")
    look(world, token, arn)
    said = [each for each in audit(world) if each.startswith("held")]
    assert said == [
        f"held until {frozen.until:%Y-%m-%d %H:%M:%S} UTC, freeze of * by arn:ada: audit"
    ]
    assert world.executions_of("orders") == []


def test_after_the_freeze_it_starts_by_itself(world: ReleaseWorld) -> None:
    """Its task looks soon after the end of the freeze, and its record is not held any more."""
    freeze(world, lasts=timedelta(minutes=20))
    arn = world.begin("orders")
    token = world.wait(arn)
    seconds = int(world.settlement(token).cause or "")
    assert 20 * 60 <= seconds <= 21 * 60 + 2
    token = look(world, token, arn)
    world.clock.advance(timedelta(seconds=seconds))
    wait_again(world, arn, 3600)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert world.pipeline().held is None
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED"}


def test_what_a_freeze_does_not_cover_starts(world: ReleaseWorld) -> None:
    """Only the pipelines that its scope matches are held, even when slots are few."""
    freeze(world, "pay*")
    arn = world.begin("payments", "orders", maxConcurrency=1)
    world.wait_for_all(arn)
    assert world.statuses() == {"payments": "WAITING", "orders": "RUNNING"}
    assert world.held("payments").scope == "pay*"


def test_a_running_pipeline_goes_on(world: ReleaseWorld) -> None:
    """A freeze stops nothing: an execution runs to its end, with retries of its stages."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    freeze(world)
    world.complete("orders", fail=FAILURE)
    assert world.pipeline().retried == 1
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED"}
    assert len(world.executions_of("orders")) == 1


def test_a_dependent_is_held_when_its_turn_comes(world: ReleaseWorld) -> None:
    """The function that would start it holds it, and lets its task look after the freeze."""
    arn = world.begin("orders", after("catalog", "orders"))
    token = world.wait(arn, "catalog")
    world.wait(arn, "orders")
    freeze(world, lasts=timedelta(minutes=5))
    assert world.pipeline("catalog").held is None
    world.complete("orders")
    world.held("catalog")
    assert 5 * 60 <= int(world.settlement(token).cause or "") <= 6 * 60 + 2


def test_a_freeze_that_comes_before_the_claim_is_seen_after_it(world: ReleaseWorld) -> None:
    """The starter reads the freezes after it has claimed the start, and gives the claim back."""
    arn = world.begin("orders")
    with meanwhile(Pipelines, "claim_start", before=lambda: freeze(world)):
        world.wait(arn)
    hold = world.held()
    assert hold.kind is HoldKind.FREEZE
    assert world.executions_of("orders") == []
    assert world.pipeline().started_by is None
    assert world.pipeline().starting_at is None


def test_a_freeze_between_the_claim_and_the_read_is_seen(world: ReleaseWorld) -> None:
    """Then the freeze may name the start as under way, and it does not take place."""
    arn = world.begin("orders")
    with meanwhile(Pipelines, "claim_start", after=lambda: freeze(world)):
        world.wait(arn)
    world.held()
    assert world.executions_of("orders") == []


def test_a_claim_that_is_given_back_frees_its_slot(world: ReleaseWorld) -> None:
    """What waits for the slot and is not frozen starts at once."""
    arn = world.begin("orders", "catalog", maxConcurrency=1)
    other = world.step_functions.wait_for_token(arn)

    def the_other_waits() -> None:
        world.run_pipeline("r", "catalog", other)
        freeze(world, "orders")

    with meanwhile(Pipelines, "claim_start", before=the_other_waits):
        world.wait(arn)
    world.held()
    assert world.statuses()["catalog"] == "RUNNING"
    assert world.release().in_flight == {"catalog"}


@pytest.mark.parametrize("was_held", [False, True])
def test_a_slot_is_freed_whose_starter_died_before_its_claim(
    world: ReleaseWorld, was_held: bool
) -> None:
    """What is held has no slot, also if the hold is on record already."""
    arn = world.begin("orders", "catalog", maxConcurrency=1)
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Headers, "claim_slot"):
        world.run_pipeline("r", "orders", token)
    assert world.release().in_flight == {"orders"}
    frozen = freeze(world, "orders")
    if was_held:
        release = replace(world.release(), in_flight=frozenset())
        hold = hold_of(replace(release, freezes=(frozen,)), world.pipeline(), frozen.at)
        assert hold
        world.ledger.holds.hold(release, world.pipeline(), hold)
    wait_again(world, arn, 3600)
    world.held()
    assert world.release().in_flight == frozenset()
    world.wait(arn, "catalog")
    assert world.statuses()["catalog"] == "RUNNING"
    assert len([each for each in audit(world) if each.startswith("held")]) == 1


def test_a_slot_that_is_freed_meanwhile_is_claimed_again(world: ReleaseWorld) -> None:
    """Between the slot and the claim another function holds the pipeline, and the hold ends."""
    arn = world.begin("orders", maxConcurrency=1)

    def frozen_and_lifted() -> None:
        freeze(world)
        world.advance(world.parts()).pipeline("r", "orders")
        assert world.release().in_flight == frozenset()
        world.ledger.freezes.lift("*", by="arn:ada")

    with meanwhile(Headers, "claim_slot", after=frozen_and_lifted):
        world.wait(arn)
    assert world.statuses() == {"orders": "RUNNING"}
    assert world.release().in_flight == {"orders"}


def test_a_claim_that_is_given_back_is_not_given_back_twice(world: ReleaseWorld) -> None:
    """A function that is slow to give its claim back does not disturb the next start."""
    arn = world.begin("orders", maxConcurrency=1)
    frozen = world.pipeline()

    def lifted_and_started() -> None:
        world.ledger.freezes.lift("*", by="arn:ada")
        world.clock.advance(CLAIM_WINDOW * 2)
        world.advance(world.parts()).pipeline("r", "orders")

    freezing = meanwhile(Pipelines, "claim_start", after=lambda: freeze(world))
    with freezing, meanwhile(type(world.ledger.holds), "hold", before=lifted_and_started):
        world.wait(arn)
    assert frozen.status is PipelineStatus.WAITING
    assert world.statuses() == {"orders": "RUNNING"}
    assert world.release().in_flight == {"orders"}
    assert len(world.executions_of("orders")) == 1


def test_a_claim_that_was_taken_over_is_not_given_back(world: ReleaseWorld) -> None:
    """The freeze is lifted, and another function is about to start the pipeline."""
    arn = world.begin("orders")

    def lifted_and_claimed() -> None:
        world.ledger.freezes.lift("*", by="arn:ada")
        token = world.step_functions.wait_for_token(arn)
        with crash_after(Pipelines, "claim_start"):
            world.run_pipeline("r", "orders", token)

    freezing = meanwhile(Pipelines, "claim_start", after=lambda: freeze(world))
    holding = meanwhile(type(world.ledger.holds), "hold", before=lifted_and_claimed)
    token = world.step_functions.wait_for_token(arn)
    with freezing, holding:
        world.run_pipeline("r", "orders", token)
    assert world.statuses() == {"orders": "STARTING"}
    assert world.pipeline().registrations == 2


def test_a_starter_that_dies_with_its_claim_starts_nothing_in_a_freeze(
    world: ReleaseWorld,
) -> None:
    """The next try of the task searches first, and holds the pipeline when none can be found."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Pipelines, "claim_start"):
        world.run_pipeline("r", "orders", token)
    freeze(world)
    wait_again(world, arn, 3600)
    assert world.pipeline().status is PipelineStatus.STARTING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    wait_again(world, arn, 3600)
    world.held()
    assert world.executions_of("orders") == []


def test_a_start_whose_record_is_lost_is_found_in_a_freeze(world: ReleaseWorld) -> None:
    """It took place before the freeze, so it is not held."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(world.codepipeline, "start_pipeline_execution"):
        world.run_pipeline("r", "orders", token)
    freeze(world)
    wait_again(world, arn, 3600)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert len(world.executions_of("orders")) == 1


def test_a_start_that_is_tried_again_meets_a_freeze_at_its_claim(world: ReleaseWorld) -> None:
    """The freeze comes while the claim is taken over: the start is searched for first."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Pipelines, "claim_start"):
        world.run_pipeline("r", "orders", token)
    with meanwhile(Pipelines, "claim_start", after=lambda: freeze(world)):
        wait_again(world, arn, 3600)
    assert world.pipeline().status is PipelineStatus.STARTING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    wait_again(world, arn, 3600)
    world.held()


def test_a_throttled_start_is_held(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried again while it is frozen, and starts after the freeze."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        throttled = Refused("ThrottlingException", "Rate exceeded")
        refuse(patch, world.codepipeline, "start_pipeline_execution", throttled)
        world.wait(arn)
    freeze(world)
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    wait_again(world, arn, 3600)
    world.held()
    assert world.pipeline().start_refusals == 0
    world.clock.advance(HOUR)
    wait_again(world, arn, 3600)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_pipeline_that_is_started_over_is_held(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new execution is a start. Its earlier execution stays on record."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    first = world.pipeline().execution_id
    freeze(world)
    world.play("orders", fail=FAILURE)
    *_, failed = world.undelivered()
    gone = Refused("StageNotRetryableException", "no")
    refuse(monkeypatch, world.codepipeline, "retry_stage_execution", gone)
    with pytest.raises(StartUnresolved):
        world.record_state_change(failed)
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    world.record_state_change(failed)
    wait_again(world, arn, 3600)
    world.held()
    assert world.pipeline().earlier_executions == (first,)
    world.clock.advance(HOUR)
    wait_again(world, arn, 3600)
    assert world.statuses() == {"orders": "RUNNING"}
    assert len(world.executions_of("orders")) == 2


def test_a_cancel_ends_what_is_held(world: ReleaseWorld) -> None:
    """A held pipeline is skipped when its release is cancelled."""
    freeze(world)
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    assert world.statuses() == {"orders": "SKIPPED"}
    assert world.pipeline().held is None


def test_a_halt_ends_what_is_held(world: ReleaseWorld) -> None:
    """A held pipeline is skipped when another one fails."""
    freeze(world, "orders")
    arn = world.begin("orders", "catalog")
    world.wait_for_all(arn)
    world.complete("catalog", fail=FAILURE)
    assert world.statuses() == {"orders": "SKIPPED", "catalog": "FAILED"}


def test_a_deadline_ends_what_is_held(world: ReleaseWorld) -> None:
    """The task looks at the deadline, although the freeze lasts longer."""
    freeze(world)
    deadline = world.clock() + timedelta(minutes=10)
    arn = world.begin("orders", deadline=f"{deadline:%Y-%m-%dT%H:%M:%SZ}")
    token = world.wait(arn)
    seconds = int(world.settlement(token).cause or "")
    assert seconds <= 602
    world.clock.advance(timedelta(seconds=seconds))
    wait_again(world, arn, 3600)
    assert world.statuses() == {"orders": "SKIPPED"}


def test_a_freeze_that_is_lengthened_holds_longer(world: ReleaseWorld) -> None:
    """At the end of the first freeze the task finds the other one, which its audit says."""
    freeze(world, lasts=timedelta(minutes=20))
    arn = world.begin("orders")
    world.wait(arn)
    longer = freeze(world, lasts=timedelta(minutes=40))
    world.clock.advance(timedelta(minutes=21))
    wait_again(world, arn, 3600)
    assert world.held().until == longer.until
    assert len([each for each in audit(world) if each.startswith("held")]) == 2


def test_of_two_freezes_the_one_that_ends_last_holds(world: ReleaseWorld) -> None:
    """The other one ends first, and nothing is written."""
    freeze(world, "ord*", lasts=timedelta(minutes=20))
    longer = freeze(world, lasts=timedelta(minutes=40))
    arn = world.begin("orders")
    world.wait(arn)
    assert world.held().until == longer.until
    world.clock.advance(timedelta(minutes=21))
    wait_again(world, arn, 3600)
    assert len([each for each in audit(world) if each.startswith("held")]) == 1


def test_a_freeze_that_is_lifted_while_it_is_recorded_holds_nothing(world: ReleaseWorld) -> None:
    """The release is read again after the hold is on record, so the end of the freeze is seen."""
    freeze(world)
    arn = world.begin("orders")
    with meanwhile(
        type(world.ledger.holds),
        "hold",
        before=lambda: world.ledger.freezes.lift("*", by="arn:ada"),
    ):
        world.wait(arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_rollback_is_not_held(world: ReleaseWorld) -> None:
    """The ledger made its manifest, so it ships what was good."""
    run(world, "v1", "orders", "catalog")
    rollback = failed(world)
    freeze(world)
    arn, release_id = world.start(rollback), json.loads(rollback)["releaseId"]
    world.open_release(arn)
    world.run_pipeline(release_id, "orders", world.step_functions.wait_for_token(arn))
    assert world.pipeline("orders", release_id).status is PipelineStatus.RUNNING


def test_a_manifest_of_a_user_with_rollback_of_is_held(world: ReleaseWorld) -> None:
    """It names a release that it rolls back, and may ship anything."""
    run(world, "v1", "orders", "catalog")
    run(world, "v2", "orders", "catalog", bad="catalog")
    freeze(world)
    world.wait(world.begin("orders", rollbackOf="v2"))
    assert world.held().why == "audit"


def test_a_retry_forgets_what_held_the_last_attempt(world: ReleaseWorld) -> None:
    """The next attempt starts at once when nothing holds it."""
    freeze(world)
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    world.ledger.freezes.lift("*", by="arn:ada")
    world.wait(world.begin("orders", resume=True))
    assert world.statuses() == {"orders": "RUNNING"}


def test_many_that_were_held_start_in_turns(world: ReleaseWorld) -> None:
    """A few start at once. The others have turns on record, and their tasks look then."""
    names = [f"p{number}" for number in range(12)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    freeze(world)
    arn = world.begin(*names)
    world.wait_for_all(arn)
    world.clock.advance(HOUR)
    for name in names:
        wait_again(world, arn, 3600, name)
    statuses = world.statuses()
    assert [statuses[name] for name in names] == ["RUNNING"] * 6 + ["WAITING"] * 6
    turns = [world.held(name).until - world.clock() for name in names[6:]]
    assert turns == [timedelta(seconds=1.5) * number for number in range(7, 13)]
    assert {world.held(name).kind for name in names[6:]} == {HoldKind.TURN}
    world.clock.advance(timedelta(seconds=19))
    for name in names[6:]:
        wait_again(world, arn, 3600, name)
    assert set(world.statuses().values()) == {"RUNNING"}


def test_turns_that_nobody_used_hold_nothing_for_long(world: ReleaseWorld) -> None:
    """Turns stay taken when a freeze comes again: a wait for them is at most five minutes."""
    for _ in range(1000):
        world.ledger.pace.take_turn(world.clock(), apart=START_PACE)
    freeze(world)
    arn = world.begin("orders")
    world.wait(arn)
    world.ledger.freezes.lift("*", by="arn:ada")
    wait_again(world, arn, 3600)
    assert world.held().kind is HoldKind.TURN
    assert world.held().until - world.clock() <= timedelta(minutes=5)


def test_the_task_of_what_is_held_looks_once_an_hour(world: ReleaseWorld) -> None:
    """However often tasks look: a freeze may last longer than a history holds such looks."""
    freeze(world, lasts=HOUR * 48)
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", "orders", token, wait_seconds=600, look_after_seconds=600)
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "3600")
    world.ledger.freezes.lift("*", by="arn:ada")
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", "orders", token, wait_seconds=3600, look_after_seconds=600)
    assert world.statuses() == {"orders": "RUNNING"}
    assert world.settlement(token).cause == "600"


def test_no_task_looks_every_few_seconds_for_a_slot_after_a_freeze(world: ReleaseWorld) -> None:
    """A pipeline that was held and waits for a slot now waits as any other does."""
    freeze(world)
    arn = world.begin("orders", "catalog", maxConcurrency=1)
    world.wait_for_all(arn)
    world.clock.advance(HOUR + timedelta(minutes=2))
    for name in ("orders", "catalog"):
        token = wait_again(world, arn, 3600, name)
    assert world.statuses() == {"orders": "RUNNING", "catalog": "WAITING"}
    assert world.outcome(token) is None
