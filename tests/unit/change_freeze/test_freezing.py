"""Freezes, lifts and overrides that people request, and what they wake."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from release_core.clock import to_iso
from release_core.domain.holds import HoldKind
from release_core.domain.release import PipelineStatus
from release_core.errors import LedgerBusy
from release_core.ledger.freezes import MAX_FREEZES
from release_core.ledger.ledger import Ledger
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused, service
from tests.worlds.answers import ADA, GRACE
from tests.worlds.faults import FAILURE, crash_after, meanwhile
from tests.worlds.freezes import changer, freeze, lift, override, send
from tests.worlds.release_world import ReleaseWorld, after

LIFT, FREEZE, OVERRIDE = "DELETE /freezes/{scope}", "POST /freezes", "POST /overrides/{releaseId}"


def wait_again(world: ReleaseWorld, arn: str, name: str = "orders", *, seconds: int = 3600) -> str:
    """Let the task of a pipeline look, and then wait for so long; returns its token."""
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", name, token, wait_seconds=seconds)
    return token


def test_a_freeze_answers_what_it_is_and_what_was_under_way(world: ReleaseWorld) -> None:
    """A start that was claimed before is named, with its release."""
    arn = world.begin("orders", "catalog", "payments")
    world.wait(arn, "payments")
    token = world.step_functions.wait_for_token(arn)
    with crash_after(Pipelines, "claim_start"):
        world.run_pipeline("r", "orders", token)
    answer = freeze(world, "*")
    assert answer.status == 200
    assert answer.body == {
        "scope": "*",
        "until": to_iso(world.clock() + timedelta(hours=1)),
        "reason": "audit",
        "by": ADA,
        "replaces": None,
        "pipelines": 3,
        "underWay": [{"releaseId": "r", "pipeline": "orders"}],
    }
    assert freeze(world, "cat*").body["underWay"] == []


def test_a_freeze_says_how_many_known_pipelines_it_covers(world: ReleaseWorld) -> None:
    """With none, it counts all the same for pipelines to come; the answer warns of a typo."""
    world.begin("orders", "catalog", "payments")
    assert freeze(world, "*s").body["pipelines"] == 2
    assert "message" not in freeze(world, "catalog").body
    none = freeze(world, "oders")
    assert (none.status, none.body["pipelines"]) == (200, 0)
    assert none.message == (
        "oders matches no pipeline that has been in a release so far; did you mean `orders`?"
    )


def test_a_start_that_is_under_way_takes_place(world: ReleaseWorld) -> None:
    """The freeze comes after the starter has read the freezes: the answer names this start."""
    arn = world.begin("orders")
    named: list[Any] = []
    with meanwhile(
        world.codepipeline,
        "start_pipeline_execution",
        before=lambda: named.extend(freeze(world).body["underWay"]),
    ):
        world.wait(arn)
    assert world.statuses() == {"orders": "RUNNING"}
    assert named == [{"releaseId": "r", "pipeline": "orders"}]


def test_a_start_of_a_release_that_was_just_cancelled_is_named(world: ReleaseWorld) -> None:
    """Its lock is free already, but the pipeline knows its latest release."""
    arn = world.begin("orders")
    named: list[Any] = []

    def cancel_and_freeze() -> None:
        with pytest.raises(Exception, match="may still happen"):
            world.cancel(arn)
        assert world.holders() == {}
        named.extend(freeze(world).body["underWay"])

    with meanwhile(world.codepipeline, "start_pipeline_execution", before=cancel_and_freeze):
        world.wait(arn)
    assert named == [{"releaseId": "r", "pipeline": "orders"}]


def test_lifting_a_freeze_starts_what_it_held(world: ReleaseWorld) -> None:
    """The task is woken, looks, and starts its pipeline; nothing is held any more."""
    freeze(world, "ord*", minutes=30)
    arn = world.begin("orders")
    world.wait(arn)
    token = wait_again(world, arn)
    assert lift(world, "ord*").body == {"scope": "ord*", "held": 1, "stillFrozenBy": []}
    assert world.settlement(token).error == "LookAgain"
    wait_again(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}
    assert world.pipeline().held is None


def test_what_another_freeze_covers_stays_held(world: ReleaseWorld) -> None:
    """Its task is not woken, unless the other freeze ends earlier."""
    freeze(world, "*", minutes=30)
    freeze(world, "orders", minutes=20)
    arn = world.begin("orders")
    world.wait(arn)
    wait_again(world, arn)
    assert lift(world, "orders").body["held"] == 0
    freeze(world, "orders", minutes=20)
    assert lift(world, "*").body["held"] == 1
    token = wait_again(world, arn)
    assert world.pipeline().held
    seconds = int(world.settlement(token).cause or "")
    assert 20 * 60 <= seconds <= 21 * 60 + 2


def test_a_freeze_replaces_that_of_another_person_only_with_a_later_end(
    world: ReleaseWorld,
) -> None:
    """The answer names what it replaces. An earlier end is refused: lift that freeze first."""
    first = freeze(world, "shop-*", minutes=30)
    shorter = freeze(world, "shop-*", minutes=29, by=GRACE)
    assert shorter.status == 409
    assert f"by {ADA}: audit" in shorter.message
    assert "lift that freeze first: release-machine unfreeze 'shop-*'" in shorter.message
    longer = freeze(world, "shop-*", minutes=40, by=GRACE)
    described = ("scope", "until", "reason", "by")
    assert longer.body["replaces"] == {name: first.body[name] for name in described}
    assert [each.by for each in world.ledger.get_freezes()] == [GRACE]
    assert freeze(world, "shop-*", minutes=40, by=GRACE).body["replaces"] is None


def test_a_lift_names_the_freezes_that_overlap(world: ReleaseWorld) -> None:
    """Some of what it covered may still be frozen by others; not by freezes that have ended."""
    everything = freeze(world, by=GRACE)
    for scope in ("shop-*", "*-web", "pay*"):
        freeze(world, scope)
    freeze(world, "shop-orders", minutes=1)
    world.clock.advance(timedelta(minutes=1))
    still = lift(world, "shop-*").body["stillFrozenBy"]
    assert [each["scope"] for each in still] == ["*", "*-web"]
    described = ("scope", "until", "reason", "by")
    assert still[0] == {name: everything.body[name] for name in described}


def test_a_crash_while_waking_is_repaired_by_a_repeat(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The freeze is lifted already; the repeat wakes what is still held."""
    freeze(world, minutes=30)
    arn = world.begin("orders", "catalog")
    for name in ("orders", "catalog"):
        world.wait(arn, name)
        wait_again(world, arn, name)
    wake, woken = world.step_functions.send_task_failure, list[dict[str, str]]()

    def fails_later(**request: str) -> Any:
        if woken:
            raise service("stepfunctions").error(Refused("ThrottlingException", "slow down"), "")
        woken.append(request)
        return wake(**request)

    with monkeypatch.context() as patch:
        patch.setattr(world.step_functions, "send_task_failure", fails_later)
        assert lift(world).status == 503
    wait_again(world, arn, "orders")
    assert lift(world).body["held"] == 1
    wait_again(world, arn, "catalog")
    assert world.statuses() == {"orders": "RUNNING", "catalog": "RUNNING"}


@pytest.mark.parametrize(
    "error",
    [
        LedgerBusy("keys of a batch read are left"),
        BotoCoreError(),
        ClientError({"Error": {"Code": "InternalServerError"}}, "Scan"),
    ],
)
def test_a_freeze_that_stands_is_not_an_error_without_words(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The response says that it may be recorded; the same request completes it."""

    def fails(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "nodes_in_releases", fails)
        response = freeze(world)
    assert response.status == 503
    assert "It may be recorded: send the same request again" in response.body["message"]
    assert len(world.ledger.get_freezes()) == 1
    assert freeze(world).status == 200
    assert len(world.ledger.get_freezes()) == 1


def test_what_is_recorded_as_held_while_the_freeze_is_lifted_goes_on(world: ReleaseWorld) -> None:
    """Nothing is on record when the held pipelines are read; the pipeline reads the freezes."""
    freeze(world)
    arn = world.begin("orders")
    with meanwhile(type(world.ledger.holds), "hold", before=lambda: lift(world)):
        world.wait(arn)
    assert world.statuses() == {"orders": "RUNNING"}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_release_with_an_override_starts_although_it_is_frozen(
    world: ReleaseWorld, *, first: bool
) -> None:
    """The override may come before or after the freeze. Other releases stay held."""
    arn = world.begin("orders", "catalog")
    if first:
        override(world)
        freeze(world)
    else:
        freeze(world)
        world.wait(arn)
        token = wait_again(world, arn)
        assert world.pipeline().held
        override(world)
        assert world.settlement(token).error == "LookAgain"
    wait_again(world, arn)
    assert world.statuses()["orders"] == "RUNNING"
    other = world.begin("payments", release_id="s")
    world.wait(other, "payments", "s")
    assert world.pipeline("payments", "s").held


def test_the_first_override_counts(world: ReleaseWorld) -> None:
    """It is in the audit once, with its author; a repeat says what is on record."""
    world.begin("orders")
    assert override(world).body == {"releaseId": "r", "reason": "urgent", "by": ADA}
    assert override(world, reason="another").body["reason"] == "urgent"
    said = [each for each in world.item("release")["audit"] if "overridden" in each["what"]]
    assert [(each["who"], each["what"]) for each in said] == [
        (ADA, "freezes and calendars are overridden: urgent")
    ]


def test_an_override_wakes_what_a_crash_left(world: ReleaseWorld) -> None:
    """The override is on record; its repeat wakes the held pipelines."""
    freeze(world, minutes=30)
    arn = world.begin("orders")
    seconds = int(world.settlement(world.wait(arn)).cause or "")
    token = wait_again(world, arn, seconds=seconds)
    with crash_after(type(world.ledger.headers), "override"):
        override(world)
    assert world.outcome(token) is None
    override(world)
    wait_again(world, arn)
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_retry_of_a_release_needs_another_override(world: ReleaseWorld) -> None:
    """The next attempt may come long after what was overridden."""
    arn = world.begin("orders")
    override(world)
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    freeze(world)
    world.wait(world.begin("orders", resume=True))
    assert world.pipeline().held
    assert override(world).status == 200


def test_a_rollback_is_never_held(world: ReleaseWorld) -> None:
    """A freeze must not keep anybody from going back."""
    for version in ("v1", "v2"):
        arn = world.begin("orders", release_id=version)
        world.wait(arn, release_id=version)
        world.ship(version)
        assert world.close(arn, version)["status"] == "SUCCEEDED"
    freeze(world)
    arn = world.start('{"rollBack": "v2", "releaseId": "back"}')
    opened = world.open_release(arn)
    assert opened["outcome"] == "OPENED"
    world.wait(arn, release_id="back")
    assert world.pipeline(release_id="back").status is PipelineStatus.RUNNING


def test_an_approval_is_asked_although_everything_is_frozen(world: ReleaseWorld) -> None:
    """A freeze holds starts of pipelines; people can answer meanwhile."""
    freeze(world)
    arn = world.begin(after("orders", "go"), approvals=[{"name": "go", "fourEyes": False}])
    world.wait(arn, "go")
    world.wait(arn, "orders")
    assert world.statuses() == {"go": "RUNNING", "orders": "WAITING"}


def test_woken_tasks_wait_for_their_turns(world: ReleaseWorld) -> None:
    """Each of many tasks is told to look, and then to wait about as long as until its turn."""
    names = ("orders", "catalog", "payments", "storefront")
    freeze(world, minutes=30)
    arn = world.begin(*names)
    tokens = {}
    for name in names:
        world.wait(arn, name)
        tokens[name] = wait_again(world, arn, name)
    assert lift(world).body["held"] == len(names)
    assert all(world.settlement(token).error == "LookAgain" for token in tokens.values())
    for name in names:
        wait_again(world, arn, name)
    assert set(world.statuses().values()) == {"RUNNING"}
    said = [each["what"] for each in world.item("pipeline#catalog")["audit"]]
    when = f"{world.clock():%Y-%m-%d %H:%M:%S} UTC"
    assert said[2].startswith(f"held until {when}, {HoldKind.TURN}: nothing holds it any more")


PAST = '{"scope": "*", "until": "2020-01-01T00:00:00Z", "reason": "x"}'


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (PAST, "has passed: it is 2026-11-22T09:00:00.000Z now"),
        (PAST.replace("2020", "2036"), "more than 90 days from now"),
        (PAST.replace("2020", "2026").replace("Z", ""), "must have a time zone"),
        (PAST.replace("2020-01-01T00:00:00Z", "soon"), "`until` must be a time with its zone"),
        (PAST.replace('"2020-01-01T00:00:00Z"', "5"), "`until` must be a text"),
        ('{"scope": "*", "reason": "x"}', "`until` is needed"),
        ('{"scope": "*", "until": "2026-12-24T00:00:00Z"}', "a `reason` is needed"),
        ('{"scope": "*", "until": "2026-12-24T00:00:00Z", "reason": " "}', "a `reason` is needed"),
        ('{"until": "2026-12-24T00:00:00Z", "reason": "x"}', "`scope` must be *"),
        (PAST.replace('"*"', '"a b"').replace("2020", "2027"), "`scope` must be *"),
        (PAST.replace('"*"', '"[ab]"').replace("2020", "2027"), "`scope` must be *"),
        (PAST.replace("reason", "raeson"), "did you mean `reason`?"),
        ("", "`scope` must be *"),
        ("no", "the body is not JSON"),
    ],
)
def test_a_bad_freeze_is_refused(world: ReleaseWorld, body: str, says: str) -> None:
    """400 with the way out, and nothing is frozen."""
    answer = send(world, FREEZE, body)
    assert answer.status == 400
    assert says in answer.message
    assert world.ledger.get_freezes() == ()


def test_one_freeze_too_many_is_refused(world: ReleaseWorld) -> None:
    """409 with the scopes that are frozen."""
    for number in range(MAX_FREEZES):
        freeze(world, f"p{number}")
    answer = freeze(world, "orders")
    assert answer.status == 409
    assert "Lift one of them (p0, p1" in answer.message


def test_freezes_that_others_write_at_the_same_moment_are_refused(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503: the same request again may succeed."""
    monkeypatch.setattr("release_core.ledger.freezes._TRIES", 0)
    assert {freeze(world).status, lift(world).status} == {503}
    assert world.ledger.get_freezes() == ()


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ("order", "'order' is not frozen; did you mean `orders`?"),
        ("xyz", "'xyz' is not frozen; frozen are: orders, pay*"),
        ("", "'' is not frozen"),
    ],
)
def test_only_what_is_frozen_can_be_lifted(world: ReleaseWorld, scope: str, says: str) -> None:
    """404 with what is frozen."""
    freeze(world, "orders")
    freeze(world, "pay*")
    answer = lift(world, scope)
    assert answer.status == 404
    assert says in answer.message
    assert len(world.ledger.get_freezes()) == 2


def test_what_ends_cannot_be_overridden(world: ReleaseWorld) -> None:
    """404 for a release that is not open yet or unknown, 409 for one that is closed."""
    arn = world.begin("orders")
    world.cancel(arn)
    assert override(world).status == 409
    assert "is CANCELLED" in override(world).message
    for name in ("none", "", "x" * 200):
        assert override(world, name).status == 404
    assert send(world, OVERRIDE, "{}", releaseId="r").status == 400
    assert "override" not in world.item("release")


def test_an_event_of_no_route_is_an_error(world: ReleaseWorld) -> None:
    """API Gateway sends none; somebody who invokes the function directly finds no other way in."""
    with pytest.raises(LookupError):
        changer(world).respond({"httpMethod": "POST", "resource": "/releases"})
    unsigned = {"httpMethod": "POST", "resource": "/freezes", "requestContext": {"identity": {}}}
    assert changer(world).respond(unsigned)["statusCode"] == 403
    assert "message" in json.loads(changer(world).respond(unsigned)["body"])
