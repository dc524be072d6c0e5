"""Change calendars: nothing starts while one is closed, and what was held goes on by itself."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from release_core.decide.timing import (
    CLAIM_WINDOW,
    CLOSED_PAUSE,
    SOONEST_OPENING,
    UNREADABLE_LOOKS,
    UNREADABLE_PAUSE,
)
from release_core.domain.holds import HoldKind, Override
from release_core.domain.release import PipelineStatus
from release_core.ledger.dynamodb import Update
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, crash_after, meanwhile, refuse
from tests.worlds.release_world import ReleaseWorld, after, declaration
from tests.worlds.rollbacks import failed, run

HOUR = timedelta(hours=1)
NAMES = ("business-hours", "arn:aws:ssm:us-east-1:000000000000:document/company")
THROTTLED = Refused("ThrottlingException", "Rate exceeded")
DENIED = Refused("AccessDeniedException", "not authorized to perform: ssm:GetCalendarState")


@pytest.fixture
def world() -> ReleaseWorld:
    """A deployment with two change calendars."""
    return ReleaseWorld(change_calendars=NAMES)


def close(world: ReleaseWorld, lasts: timedelta = HOUR) -> datetime:
    """Close the calendars until this time from now; returns it in whole seconds."""
    world.ssm.closed_until = (world.clock() + lasts).replace(microsecond=0)
    return world.ssm.closed_until


def look(world: ReleaseWorld, arn: str, name: str = "orders") -> str:
    """Let the task of a pipeline look; its new token."""
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", name, token)
    return token


def holds_in_audit(world: ReleaseWorld, name: str = "orders") -> list[str]:
    """What the audit of a pipeline says of holds."""
    audit = world.item(f"pipeline#{name}")["audit"]
    return [entry["what"] for entry in audit if entry["what"].startswith("held")]


def test_nothing_starts_while_a_calendar_is_closed(world: ReleaseWorld) -> None:
    """The pipeline waits, and its record says until when and for which calendars."""
    until = close(world, timedelta(minutes=20))
    arn = world.begin("orders")
    token = world.wait(arn)
    hold = world.held()
    assert (hold.kind, hold.until, hold.why) == (HoldKind.CALENDAR, until, "closed")
    assert hold.scope == "business-hours, company"
    assert holds_in_audit(world) == [
        f"held until {until:%Y-%m-%d %H:%M:%S} UTC, calendar of business-hours, company: closed"
    ]
    assert world.executions_of("orders") == []
    assert 1200 <= int(world.settlement(token).cause or "") <= 1262


def test_it_starts_when_the_calendars_are_open_again(world: ReleaseWorld) -> None:
    """Its task looks soon after the calendars open, and starts it."""
    close(world, timedelta(minutes=20))
    arn = world.begin("orders")
    seconds = int(world.settlement(world.wait(arn)).cause or "")
    world.clock.advance(timedelta(seconds=seconds))
    look(world, arn)
    assert world.pipeline().held is None
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED"}


def test_all_calendars_are_asked_in_one_call(world: ReleaseWorld) -> None:
    """An invocation that starts several pipelines asks once for all of them."""
    arn = world.begin("orders", after("catalog", "orders"), after("payments", "orders"))
    world.wait_for_all(arn)
    assert world.ssm.calls == [list(NAMES)]
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED", "catalog": "RUNNING", "payments": "RUNNING"}
    assert world.ssm.calls == [list(NAMES)] * 2


def test_no_call_is_made_without_calendars() -> None:
    """SSM is not asked when no calendar is configured."""
    world = ReleaseWorld()
    close(world)
    world.wait(world.begin("orders"))
    assert world.statuses() == {"orders": "RUNNING"}
    assert world.ssm.calls == []


def test_a_calendar_that_closes_within_an_invocation_is_seen(world: ReleaseWorld) -> None:
    """An answer that names the time of the next change is good only until then."""
    close(world, HOUR)
    arn = world.begin("orders", "catalog")
    parts = world.parts()
    first, second = (world.step_functions.wait_for_token(arn) for _ in range(2))
    world.run_pipeline("r", "orders", first)
    world.run_pipeline("r", "catalog", second)
    advance = world.advance(parts)
    assert advance.calendars.hold(world.release(), world.pipeline()) == world.held()
    world.clock.advance(HOUR)
    assert advance.calendars.hold(world.release(), world.pipeline()) is None


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (DENIED, "not authorized to perform: ssm:GetCalendarState (AccessDeniedException)"),
        (Refused("InvalidDocument", "Document company does not exist."), "does not exist"),
    ],
)
def test_a_calendar_that_cannot_be_read_counts_as_closed(
    world: ReleaseWorld, trouble: Refused, says: str
) -> None:
    """The record has the reason. The task asks again after five minutes."""
    world.ssm.trouble = trouble
    arn = world.begin("orders")
    seconds = int(world.settlement(world.wait(arn)).cause or "")
    hold = world.held()
    assert hold.why.startswith("cannot be read, which counts as closed: ")
    assert says in hold.why
    assert hold.until == world.clock() + UNREADABLE_PAUSE
    assert 300 <= seconds <= 362
    world.ssm.trouble = None
    world.clock.advance(timedelta(seconds=seconds))
    look(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_start_asks_again_in_its_turn_while_ssm_throttles(world: ReleaseWorld) -> None:
    """Nothing says that the calendars cannot be read, and nothing starts before they are."""
    world.ssm.trouble = THROTTLED
    arn = world.begin("orders")
    seconds = int(world.settlement(world.wait(arn)).cause or "")
    assert world.held().kind is HoldKind.TURN
    assert seconds < 30
    assert world.executions_of("orders") == []
    world.ssm.trouble = None
    world.clock.advance(timedelta(seconds=seconds))
    look(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_many_that_are_woken_ask_again_in_turns(world: ReleaseWorld) -> None:
    """They stay held as they were, for seconds, and the audit does not grow."""
    close(world, timedelta(days=2))
    arn = world.begin("orders")
    world.wait(arn)
    before = world.held()
    world.ssm.trouble = THROTTLED
    look(world, arn)
    now = world.held()
    assert replace(now, until=before.until) == before
    assert now.until - world.clock() < timedelta(seconds=30)
    assert len(holds_in_audit(world)) == 1
    world.ssm.trouble = world.ssm.closed_until = None
    look(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_claim_that_is_taken_over_waits_while_ssm_throttles(world: ReleaseWorld) -> None:
    """It may have taken place: it is searched for before the pipeline is held."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Pipelines, "claim_start"):
        world.run_pipeline("r", "orders", token)
    world.ssm.trouble = THROTTLED
    look(world, arn)
    assert world.pipeline().status is PipelineStatus.STARTING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    look(world, arn)
    assert world.held().kind is HoldKind.TURN


def test_a_calendar_that_is_not_readable_for_long_is_asked_every_hour(
    world: ReleaseWorld,
) -> None:
    """Otherwise the history of the workflow execution would be full within days."""
    world.ssm.trouble = DENIED
    arn = world.begin("orders")
    world.wait(arn)
    key = {"release_id": "r", "item": "pipeline#orders"}
    looks = Update(put={"registrations": UNREADABLE_LOOKS})
    world.ledger.pipelines._releases.update(key, looks)
    look(world, arn)
    assert world.held().until == world.clock() + CLOSED_PAUSE


def test_an_answer_without_a_known_state_counts_as_closed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the state OPEN lets a pipeline start."""
    monkeypatch.setattr(world.ssm, "get_calendar_state", lambda **_: {"State": "AJAR"})
    world.wait(world.begin("orders"))
    assert "unknown state AJAR" in world.held().why


def test_the_audit_says_once_that_a_calendar_cannot_be_read(world: ReleaseWorld) -> None:
    """It is asked many times, and an item has no room for an entry each time."""
    world.ssm.trouble = DENIED
    arn = world.begin("orders")
    world.wait(arn)
    for _ in range(3):
        world.clock.advance(UNREADABLE_PAUSE + timedelta(minutes=1))
        look(world, arn)
        assert world.held().until == world.clock() + UNREADABLE_PAUSE
    assert len(holds_in_audit(world)) == 1


def test_a_closed_calendar_may_name_no_time(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again after an hour."""
    monkeypatch.setattr(world.ssm, "get_calendar_state", lambda **_: {"State": "CLOSED"})
    world.wait(world.begin("orders"))
    assert world.held().until == world.clock() + CLOSED_PAUSE
    assert "names no time" in world.held().why


@pytest.mark.parametrize("named", ["2020-01-01T00:00:00Z", "soon"])
def test_a_time_that_has_passed_is_not_asked_for_at_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Our clock may be ahead of that of SSM. The task does not ask again and again."""
    answer = {"State": "CLOSED", "NextTransitionTime": named}
    monkeypatch.setattr(world.ssm, "get_calendar_state", lambda **_: answer)
    world.wait(world.begin("orders"))
    assert world.held().until >= world.clock() + SOONEST_OPENING


def test_a_calendar_that_opens_early_is_noticed_by_the_next_look(world: ReleaseWorld) -> None:
    """The task looks every hour, or when an event wakes it, and asks again."""
    close(world, timedelta(days=2))
    arn = world.begin("orders")
    world.wait(arn)
    world.ssm.closed_until = None
    look(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_calendar_that_stays_closed_longer_holds_longer(world: ReleaseWorld) -> None:
    """The next look records the new time."""
    close(world)
    arn = world.begin("orders")
    world.wait(arn)
    until = close(world, 3 * HOUR)
    look(world, arn)
    assert world.held().until == until
    assert world.executions_of("orders") == []


def test_a_rollback_is_not_held(world: ReleaseWorld) -> None:
    """It starts although the calendars are closed, and SSM is not asked."""
    run(world, "v1", "orders", "catalog")
    wanted = failed(world)
    close(world)
    asked = len(world.ssm.calls)
    arn = world.start(wanted)
    world.open_release(arn)
    release_id = json.loads(wanted)["releaseId"]
    world.run_pipeline(release_id, "orders", world.step_functions.wait_for_token(arn))
    assert world.pipeline("orders", release_id).status is PipelineStatus.RUNNING
    assert len(world.ssm.calls) == asked


def test_an_override_lets_the_release_start(world: ReleaseWorld) -> None:
    """It overrides calendars that are closed, and those that cannot be read."""
    world.ssm.trouble = DENIED
    arn = world.begin("orders")
    world.wait(arn)
    override = Override(reason="outage", by="arn:ada", at=world.clock())
    world.ledger.headers.override("r", override)
    look(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_running_pipeline_goes_on(world: ReleaseWorld) -> None:
    """A calendar that closes stops nothing: an execution runs on, with retries of its stages."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    close(world)
    world.complete("orders", fail=FAILURE)
    world.complete("orders")
    assert world.statuses() == {"orders": "SUCCEEDED"}


def test_a_cancel_ends_what_is_held(world: ReleaseWorld) -> None:
    """A held pipeline is skipped when its release is cancelled."""
    close(world)
    arn = world.begin("orders")
    world.wait(arn)
    world.cancel(arn)
    assert world.statuses() == {"orders": "SKIPPED"}


def test_a_claim_that_is_given_back_frees_its_slot(world: ReleaseWorld) -> None:
    """A pipeline that is held has no slot."""
    close(world)
    world.wait(world.begin("orders", "catalog", maxConcurrency=1))
    assert world.release().in_flight == frozenset()


def test_a_calendar_that_closes_before_the_claim_is_seen_after_it(world: ReleaseWorld) -> None:
    """SSM is asked after the start is claimed."""
    arn = world.begin("orders")
    with meanwhile(Pipelines, "claim_start", before=lambda: close(world)):
        world.wait(arn)
    world.held()
    assert world.executions_of("orders") == []


def test_a_starter_that_dies_with_its_claim_starts_nothing_while_closed(
    world: ReleaseWorld,
) -> None:
    """The next tries search first, and hold the pipeline when no execution can be found."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Pipelines, "claim_start"):
        world.run_pipeline("r", "orders", token)
    close(world)
    look(world, arn)
    assert world.pipeline().status is PipelineStatus.STARTING
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    look(world, arn)
    world.held()
    assert world.executions_of("orders") == []


def test_a_start_whose_record_is_lost_is_found_while_closed(world: ReleaseWorld) -> None:
    """It took place before the calendars closed, so it is not held."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(world.codepipeline, "start_pipeline_execution"):
        world.run_pipeline("r", "orders", token)
    close(world)
    look(world, arn)
    assert world.pipeline().status is PipelineStatus.RUNNING
    assert len(world.executions_of("orders")) == 1


def test_a_throttled_start_is_held(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried again while the calendars are closed."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        throttled = Refused("ThrottlingException", "Rate exceeded")
        refuse(patch, world.codepipeline, "start_pipeline_execution", throttled)
        world.wait(arn)
    close(world)
    world.clock.advance(CLAIM_WINDOW + timedelta(seconds=1))
    look(world, arn)
    assert world.held().kind is HoldKind.CALENDAR


def test_many_that_were_held_start_in_turns(world: ReleaseWorld) -> None:
    """A few start at once, and the others when their turns come."""
    names = [f"p{number}" for number in range(9)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    close(world)
    arn = world.begin(*names)
    world.wait_for_all(arn)
    world.clock.advance(HOUR + timedelta(minutes=1))
    for name in names:
        look(world, arn, name)
    statuses = list(world.statuses().values())
    assert statuses.count("RUNNING") == 6
    assert {world.held(name).kind for name in names[6:]} == {HoldKind.TURN}
