"""The hourly rule announces what was not announced, once, and what is stuck."""

import json
from datetime import timedelta

import pytest

from open_release.announcing import Announcing
from release_core.decide.timing import ANNOUNCED_WITHIN, OVERRUN, STUCK_AFTER
from release_core.domain.announcements import (
    APPROVAL_REQUESTED,
    PIPELINE_SETTLED,
    RELEASE_HELD,
    RELEASE_REJECTED,
    RELEASE_STARTED,
    RELEASE_STUCK,
)
from release_core.domain.release import Release
from release_core.errors import (
    AnnouncementRefused,
    LedgerBusy,
    ManifestInvalid,
    PipelinesBusy,
    Rejection,
)
from release_core.ledger.ledger import Ledger
from release_core.strict_json import write_json
from tests.worlds.answers import ask
from tests.worlds.faults import Crash, meanwhile
from tests.worlds.release_world import LOOK_AFTER, ReleaseWorld

HOUR = timedelta(hours=1)
DROPPED = write_json(
    {
        "source": "aws.s3",
        "detail": {"bucket": {"name": "manifests"}, "object": {"key": "r.json"}},
    }
)


def an_hour_passes(world: ReleaseWorld, hours: int = 1) -> None:
    """Let an hour pass, and the hourly rule invoke its function."""
    world.clock.advance(HOUR * hours)
    world.parts("close-release").late_announcements.sweep()


def test_a_start_that_was_not_announced_is_announced_once(world: ReleaseWorld) -> None:
    """The release was opened although the bus refused the event."""
    world.events.failing = 1
    world.begin("orders")
    assert world.events.entries == []
    an_hour_passes(world)
    an_hour_passes(world)
    (started,) = world.events.details(RELEASE_STARTED)
    assert started["at"] == world.item("release")["opened_at"]


def test_nothing_is_repeated_of_a_release_that_goes_on(world: ReleaseWorld) -> None:
    """All that was announced has its mark."""
    world.wait_for_all(world.begin("orders", "catalog"))
    world.complete("orders")
    before = list(world.events.entries)
    an_hour_passes(world)
    assert world.events.entries == before


def test_an_end_that_was_not_announced_is_announced_once(world: ReleaseWorld) -> None:
    """Also if the task settles later: the end has a mark of its own then."""
    arn = world.begin("orders", "catalog")
    world.wait_for_all(arn)
    world.play("orders")
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.deliver()
    an_hour_passes(world)
    an_hour_passes(world)
    assert [each["pipeline"] for each in world.events.details(PIPELINE_SETTLED)] == ["orders"]
    world.complete("catalog")
    world.close(arn)
    ends = [each["pipeline"] for each in world.events.details(PIPELINE_SETTLED)]
    assert ends == ["orders", "catalog"]


def test_what_has_just_happened_is_left_to_its_function(world: ReleaseWorld) -> None:
    """The rule does not announce what another function is about to announce."""
    world.wait_for_all(world.begin("orders", "catalog"))
    world.play("orders")
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.deliver()
    world.clock.advance(ANNOUNCED_WITHIN)
    world.parts("close-release").late_announcements.sweep()
    assert world.events.of(PIPELINE_SETTLED) == []


def test_a_question_that_was_not_announced_is_announced_once(world: ReleaseWorld) -> None:
    """People would wait for it in vain."""
    world.events.failing = 2
    ask(world)
    an_hour_passes(world)
    an_hour_passes(world)
    assert len(world.events.of(APPROVAL_REQUESTED)) == 1


def test_a_rejection_that_was_not_announced_is_announced_once(world: ReleaseWorld) -> None:
    """It has the same id as the event that the bus may have got."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    with (
        meanwhile(Announcing, "rejection", before=lambda: refuse(world)),
        pytest.raises(ManifestInvalid),
    ):
        world.open_release(arn)
    assert world.events.entries == []
    an_hour_passes(world)
    an_hour_passes(world)
    (found,) = world.events.details(RELEASE_REJECTED)
    assert (found["error"], found["executionArn"]) == ("ManifestInvalid", arn)
    assert "nowhere" in found["why"]


@pytest.mark.parametrize(
    ("asked", "alias"),
    [
        ('{"releaseId": "r", "pipelines": ["nowhere"]}', None),
        ('{"manifest": 5, "requestedBy": "ada", "apiRequestId": "call 1"}', "api"),
        (DROPPED, None),
        ('{"rollBack": "q", "releaseId": "q-rollback", "requestedBy": "ada"}', None),
    ],
    ids=("direct", "api", "s3", "rollback"),
)
def test_a_late_rejection_says_the_same(asked: str, alias: str | None) -> None:
    """Whatever the door is; only the moment may be another one."""
    found = []
    for refusals in (0, 1):
        world = ReleaseWorld()
        world.events.failing = refusals
        with pytest.raises(Rejection):
            world.open_release(world.start(asked, alias=alias))
        an_hour_passes(world)
        found += world.events.details(RELEASE_REJECTED)
    first, late = ({**each, "at": None} for each in found)
    assert late == first


def refuse(world: ReleaseWorld) -> None:
    """Let the bus refuse the next event."""
    world.events.failing = 1


def test_an_announced_rejection_is_not_repeated(world: ReleaseWorld) -> None:
    """It names the release, the door and the problems."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    with pytest.raises(ManifestInvalid):
        world.open_release(arn)
    an_hour_passes(world)
    (found,) = world.events.details(RELEASE_REJECTED)
    assert (found["releaseId"], found["channel"], found["attempt"]) == ("r", "direct", None)
    assert len(found["problems"]) == 1


def test_a_retried_rejection_has_the_same_id(world: ReleaseWorld) -> None:
    """A crash between the event and its mark repeats both."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    openings = type(world.ledger.openings)
    with pytest.raises(Crash), meanwhile(openings, "note_rejection", before=crash):
        world.open_release(arn)
    with pytest.raises(ManifestInvalid):
        world.open_release(arn)
    first, second = world.events.details(RELEASE_REJECTED)
    assert first["eventId"] == second["eventId"]


def test_a_rejection_is_on_record_before_it_is_announced(world: ReleaseWorld) -> None:
    """What people are told is rejected is never opened, although the reason is gone."""
    first = world.begin("orders")
    arn = world.start('{"releaseId": "s", "pipelines": ["orders"]}')
    openings = type(world.ledger.openings)
    with pytest.raises(Crash), meanwhile(openings, "note_rejection", before=crash):
        world.open_release(arn)
    assert len(world.events.of(RELEASE_REJECTED)) == 1
    world.cancel(first)
    with pytest.raises(PipelinesBusy, match="orders"):
        world.open_release(arn)
    assert world.ledger.get_header("s") is None
    assert world.holders() == {}
    assert {each["error"] for each in world.events.details(RELEASE_REJECTED)} == {"PipelinesBusy"}


def test_a_rejection_that_was_announced_is_the_answer_of_a_retry(world: ReleaseWorld) -> None:
    """The workflow gets the same answer, and people are told nothing again."""
    first = world.begin("orders")
    arn = world.start('{"releaseId": "s", "pipelines": ["orders"]}')
    for _ in range(2):
        with pytest.raises(PipelinesBusy, match="Other releases hold pipelines"):
            world.open_release(arn)
        world.cancel(first)
    assert len(world.events.of(RELEASE_REJECTED)) == 1


def test_a_rejection_that_is_being_announced_is_left_to_its_function(world: ReleaseWorld) -> None:
    """The hourly rule comes between the record and the event."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    with (
        meanwhile(
            Announcing, "rejection", before=world.parts("close-release").late_announcements.sweep
        ),
        pytest.raises(ManifestInvalid),
    ):
        world.open_release(arn)
    assert len(world.events.of(RELEASE_REJECTED)) == 1


def crash() -> None:
    """End the function here."""
    raise Crash


# Held releases


def wait_for(world: ReleaseWorld, **more: object) -> str:
    """Hand release s in, which needs orders and waits; returns its execution."""
    arn = world.start(
        write_json({"releaseId": "s", "pipelines": ["orders"], "onBusy": "wait", **more})
    )
    answer = world.open_release(arn)
    if answer["outcome"] == "BUSY":
        world.opener().wait(arn, world.step_functions.wait_for_token(arn))
    return arn


def test_a_release_that_waits_for_another_is_announced_once(world: ReleaseWorld) -> None:
    """It names the release that holds the pipeline; its next looks are no news."""
    first = world.begin("orders")
    arn = wait_for(world)
    (found,) = world.events.details(RELEASE_HELD)
    assert (found["kind"], found["releaseId"]) == ("pipelines", "s")
    assert found["holds"] == [
        {"pipeline": "orders", "releaseId": "r", "executionArn": first, "waits": False}
    ]
    world.opener().wait(arn, world.step_functions.wait_for_token(arn))
    an_hour_passes(world)
    assert len(world.events.of(RELEASE_HELD)) == 1


def test_a_release_is_held_for_its_time_and_then_for_pipelines(world: ReleaseWorld) -> None:
    """Both are announced, each once, with ids of their own."""
    world.begin("orders")
    later = world.clock() + 2 * HOUR
    arn = wait_for(world, notBefore=later.isoformat())
    an_hour_passes(world, hours=3)
    assert world.open_release(arn)["outcome"] == "BUSY"
    world.opener().wait(arn, world.step_functions.wait_for_token(arn))
    found = world.events.details(RELEASE_HELD)
    assert [each["kind"] for each in found] == ["time", "pipelines"]
    assert len({each["eventId"] for each in found}) == 2


def test_a_wait_that_was_not_announced_is_announced_by_the_hourly_rule(
    world: ReleaseWorld,
) -> None:
    """The release keeps its place although the bus refused the event."""
    world.begin("orders")
    world.events.failing = 1
    wait_for(world)
    assert world.events.of(RELEASE_HELD) == []
    an_hour_passes(world)
    an_hour_passes(world)
    assert len(world.events.of(RELEASE_HELD)) == 1


def test_a_release_whose_time_has_just_come_is_not_held(world: ReleaseWorld) -> None:
    """It is opened in a moment, so it waits for no pipelines."""
    world.events.failing = 1
    wait_for(world, notBefore=(world.clock() + HOUR).isoformat())
    an_hour_passes(world)
    assert world.events.of(RELEASE_HELD) == []


# Stuck releases


def test_a_release_whose_task_does_not_look_is_stuck(world: ReleaseWorld) -> None:
    """It is announced once, with the pipeline and since when."""
    world.wait(world.begin("orders"))
    since = world.item("pipeline#orders")["token_registered_at"]
    world.clock.advance(STUCK_AFTER)
    world.parts("close-release").late_announcements.sweep()
    assert world.events.of(RELEASE_STUCK) == []
    an_hour_passes(world)
    an_hour_passes(world)
    (found,) = world.events.details(RELEASE_STUCK)
    assert (found["kind"], found["since"]) == ("wait", since)
    assert found["stuckPipelines"] == ["orders"]


def test_a_long_wait_is_not_stuck_before_its_time(world: ReleaseWorld) -> None:
    """A task that planned to wait for a day may wait for two."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    world.run_pipeline("r", "orders", token, wait_seconds=24 * LOOK_AFTER)
    an_hour_passes(world, hours=47)
    assert world.events.of(RELEASE_STUCK) == []
    an_hour_passes(world, hours=2)
    assert len(world.events.of(RELEASE_STUCK)) == 1


def test_a_release_past_its_deadline_is_stuck(world: ReleaseWorld) -> None:
    """Its pipelines were to be stopped then."""
    deadline = world.clock() + HOUR
    world.wait(world.begin("orders", deadline=deadline.isoformat()))
    world.clock.advance(HOUR + OVERRUN)
    an_hour_passes(world, hours=0)
    assert world.events.of(RELEASE_STUCK) == []
    world.clock.advance(timedelta(minutes=1))
    an_hour_passes(world, hours=0)
    (found,) = [each for each in world.events.details(RELEASE_STUCK) if each["kind"] == "deadline"]
    assert found["stuckPipelines"] == ["orders"]
    assert found["since"] == found["deadline"]


def test_an_error_with_one_release_keeps_none_from_being_announced(world: ReleaseWorld) -> None:
    """All are tried, and the first error is raised so that the rule's function runs again."""
    world.events.failing = 2
    world.begin("orders")
    world.begin("catalog", release_id="s")
    world.clock.advance(HOUR)
    world.events.failing = 1
    with pytest.raises(AnnouncementRefused):
        world.parts("close-release").late_announcements.sweep()
    assert len(world.events.of(RELEASE_STARTED)) == 1
    world.parts("close-release").late_announcements.sweep()
    found = {json.loads(each["Detail"])["releaseId"] for each in world.events.of(RELEASE_STARTED)}
    assert found == {"r", "s"}


def test_a_release_that_cannot_be_read_keeps_none_from_being_announced(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record is read again an hour later."""
    world.events.failing = 2
    world.begin("orders")
    world.begin("catalog", release_id="s")
    world.clock.advance(HOUR)
    parts = world.parts("close-release")
    read = Ledger.get_release

    def busy(ledger: Ledger, release_id: str) -> Release | None:
        if release_id == "s":
            return read(ledger, release_id)
        raise LedgerBusy(f"{release_id} is busy")

    monkeypatch.setattr(Ledger, "get_release", busy)
    with pytest.raises(LedgerBusy, match="r is busy"):
        parts.late_announcements.sweep()
    (started,) = world.events.details(RELEASE_STARTED)
    assert started["releaseId"] == "s"
