"""Beside a dropped manifest lies what became of it, from the opening to the outcome."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.errors import Rejection
from tests.fakes.service import Refused
from tests.unit.open_release.test_opening import BUCKET, dropped
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import ReleaseWorld

MANIFEST = {"releaseId": "r", "pipelines": ["orders"]}


def drop(world: ReleaseWorld, manifest: object = MANIFEST, key: str = "release.json") -> str:
    """Put a manifest into the bucket; returns the execution that its event starts."""
    body = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    put = world.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return world.start(dropped(key, put["VersionId"]))


def result(world: ReleaseWorld, key: str = "release.json") -> dict[str, Any]:
    """The result beside a manifest."""
    body = world.s3.get_object(Bucket=BUCKET, Key=f"{key}.result")["Body"].read()
    document: dict[str, Any] = json.loads(body)
    return document


def state(world: ReleaseWorld, key: str = "release.json") -> str:
    """The state in the result."""
    return str(result(world, key)["state"])


def test_an_accepted_manifest_names_its_release(world: ReleaseWorld) -> None:
    """And the execution and the version of the object, so that both are found."""
    arn = drop(world)
    version = world.s3.get_object(Bucket=BUCKET, Key="release.json")["VersionId"]
    world.open_release(arn)
    found = result(world)
    assert found["manifest"] == {"bucket": BUCKET, "key": "release.json", "versionId": version}
    assert (found["state"], found["releaseId"], found["attempt"]) == ("accepted", "r", 1)
    assert found["executionArn"] == arn
    assert found["startedAt"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_outcome_replaces_it(world: ReleaseWorld, fails: bool) -> None:
    """With the reason that the ledger has."""
    arn = drop(world)
    world.open_release(arn)
    world.wait(arn)
    world.complete("orders", fail=FAILURE if fails else None)
    closed = world.close(arn)
    found = result(world)
    assert found["state"] == closed["status"].lower() == ("failed" if fails else "succeeded")
    assert found["why"] == closed["why"]
    assert found["executionArn"] == arn


def test_a_cancelled_release_says_who_and_why(world: ReleaseWorld) -> None:
    """The cause of the stop is the reason."""
    arn = drop(world)
    world.open_release(arn)
    world.cancel(arn, "maria: wrong version")
    assert state(world) == "cancelled"
    assert "maria: wrong version" in result(world)["why"]


@pytest.mark.parametrize(
    ("manifest", "error"),
    [(b"{", "ManifestUnreadable"), (b" " * 300_000, "ManifestUnreadable"), ({}, "ManifestInvalid")],
    ids=["not JSON", "too large", "invalid"],
)
@pytest.mark.parametrize("dry", [False, True])
def test_a_rejected_manifest_has_every_problem(
    world: ReleaseWorld, manifest: Any, error: str, dry: bool
) -> None:
    """Whatever the object contains, and for a dry run, too."""
    asked = {**manifest, "dryRun": True} if dry and isinstance(manifest, dict) else manifest
    arn = drop(world, asked)
    with pytest.raises(Rejection) as rejected:
        world.open_release(arn)
    found = result(world)
    assert (found["state"], found["error"]) == ("rejected", error)
    assert found["why"] == str(rejected.value)
    assert found["problems"]
    world.step_functions.end(arn, "FAILED")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert result(world) == found


def test_more_problems_are_listed_than_the_cause_has(world: ReleaseWorld) -> None:
    """The cause of an execution is limited; the file lists all."""
    names = [f"no-such-{number}" for number in range(80)]
    arn = drop(world, {"releaseId": "r", "pipelines": names})
    with pytest.raises(Rejection, match="and 30 more"):
        world.open_release(arn)
    found = result(world)["problems"]
    assert len(found) == len(names)
    assert all(name in line for name, line in zip(names, found, strict=True))


def test_a_dry_run_has_its_plan_beside_it(world: ReleaseWorld) -> None:
    """Nothing else is written."""
    answer = world.open_release(drop(world, {**MANIFEST, "dryRun": True}))
    found = result(world)
    assert (found["state"], found["releaseId"]) == ("planned", "r")
    assert found["plan"] == answer["plan"]
    assert world.items("releases") == []


def test_a_release_that_waits_says_for_what(world: ReleaseWorld) -> None:
    """For busy pipelines, then for its time; cancelled before it opens, it says so."""
    first = world.begin("orders", release_id="first")
    busy = drop(world, {**MANIFEST, "onBusy": "wait"})
    assert world.open_release(busy)["outcome"] == "BUSY"
    assert (state(world), result(world)["why"]) == ("waiting", "waits for busy pipelines")
    world.wait(first, release_id="first")
    world.complete("orders")
    world.close(first, "first")
    assert world.open_release(busy)["outcome"] == "OPENED"
    assert state(world) == "accepted"

    later = {"releaseId": "later", "pipelines": ["catalog"], "notBefore": "2026-12-24T18:00:00Z"}
    held = drop(world, later, "later.json")
    assert world.open_release(held)["outcome"] == "HELD"
    found = result(world, "later.json")
    assert (found["state"], found["why"]) == ("waiting", "held until 2026-12-24T18:00:00.000Z")
    world.cancel(held, "not needed")
    found = result(world, "later.json")
    assert (found["state"], found["executionArn"]) == ("cancelled", held)
    assert "not needed" in found["why"]


def test_an_execution_that_fails_before_it_opens_says_so(world: ReleaseWorld) -> None:
    """For example because the function failed again and again."""
    arn = drop(world)
    world.step_functions.end(arn, "FAILED")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert (state(world), result(world)["executionArn"]) == ("failed", arn)


def test_an_event_that_another_source_put_says_nothing(world: ReleaseWorld) -> None:
    """Anyone who may put events could forge the input of an execution."""
    arn = drop(world)
    world.step_functions.end(arn, "FAILED")
    forged = world.step_functions.status_event(arn) | {"source": "release-machine"}
    world.close_release().when_ended(forged)
    with pytest.raises(ClientError, match="NoSuchKey"):
        result(world)


@pytest.mark.parametrize("text", ["{}", "[]", '{"manifest": {}}', "ELSEWHERE"])
def test_an_execution_without_an_object_has_no_result(world: ReleaseWorld, text: str) -> None:
    """Nor one whose event names another bucket."""
    event = dropped("release.json", "v1").replace(BUCKET, "elsewhere")
    arn = world.start(event if text == "ELSEWHERE" else text)
    with pytest.raises(Rejection):
        world.open_release(arn)
    world.step_functions.end(arn, "FAILED")
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.s3.keys() == []


def test_the_same_manifest_again_names_the_release_that_has_it(world: ReleaseWorld) -> None:
    """Another object, or a newer version of the same object."""
    arn = drop(world)
    world.open_release(arn)
    for key in ("again.json", "release.json"):
        again = drop(world, key=key)
        assert world.open_release(again)["outcome"] == "ALREADY_RELEASED"
        found = result(world, key)
        assert (found["state"], found["executionArn"]) == ("alreadyReleased", again)
        assert (found["releaseId"], found["releasedBy"]) == ("r", arn)


@pytest.mark.parametrize("opens_first", [0, 1])
def test_an_event_that_comes_twice_has_one_result(world: ReleaseWorld, opens_first: int) -> None:
    """The execution that has opened the release stays, whichever it is."""
    put = world.s3.put_object(Bucket=BUCKET, Key="release.json", Body=json.dumps(MANIFEST).encode())
    both = [world.start(dropped("release.json", put["VersionId"])) for _ in range(2)]
    world.open_release(both[opens_first])
    world.open_release(both[1 - opens_first])
    found = result(world)
    assert (found["state"], found["executionArn"]) == ("accepted", both[opens_first])


def test_the_outcome_of_an_older_version_does_not_replace_a_newer_one(world: ReleaseWorld) -> None:
    """Two manifests under the same key, one shortly after the other."""
    old = drop(world)
    world.open_release(old)
    world.wait(old)
    world.clock.advance(timedelta(seconds=1))
    new = drop(world, {"releaseId": "new", "pipelines": ["catalog"]})
    world.open_release(new)
    accepted = result(world)
    assert (accepted["releaseId"], accepted["executionArn"]) == ("new", new)
    world.complete("orders")
    world.close(old)
    assert result(world) == accepted
    world.wait(new, "catalog", "new")
    world.complete("catalog")
    world.close(new, "new")
    assert (state(world), result(world)["releaseId"]) == ("succeeded", "new")


def failed(world: ReleaseWorld) -> str:
    """Release a dropped manifest that fails; returns its execution."""
    arn = drop(world)
    world.open_release(arn)
    world.wait(arn)
    world.complete("orders", fail=FAILURE)
    world.close(arn)
    assert state(world) == "failed"
    return arn


def test_a_retry_replaces_the_outcome_of_the_attempt_before(world: ReleaseWorld) -> None:
    """A retry has no object of its own: its outcome is that of the manifest."""
    first = failed(world)
    again = world.start(json.dumps({"retry": "r"}))
    world.open_release(again)
    assert state(world) == "failed"
    world.wait(again)
    world.complete("orders")
    world.close(again)
    found = result(world)
    assert (found["state"], found["attempt"], found["executionArn"]) == ("succeeded", 2, first)


def test_a_dropped_resume_has_the_outcome_of_its_attempt(world: ReleaseWorld) -> None:
    """The result of the attempt before stays what it was."""
    failed(world)
    before = result(world)
    again = drop(world, {**MANIFEST, "resume": True}, "again.json")
    world.open_release(again)
    assert (state(world, "again.json"), result(world, "again.json")["attempt"]) == ("accepted", 2)
    world.wait(again)
    world.complete("orders")
    world.close(again)
    assert state(world, "again.json") == "succeeded"
    assert result(world) == before


def test_a_release_goes_on_when_its_result_cannot_be_written(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is the record."""
    arn = drop(world)
    refuse(monkeypatch, world.s3, "put_object", Refused("AccessDenied", "no", status=403))
    assert world.open_release(arn)["outcome"] == "OPENED"
    world.wait(arn)
    world.complete("orders")
    assert world.close(arn)["status"] == "SUCCEEDED"
    assert world.events.entries


def test_a_manifest_through_another_door_has_no_result(world: ReleaseWorld) -> None:
    """Also one that claims to be an object: only the bucket's event names one."""
    claims = {"manifest": MANIFEST, "apiRequestId": "s3://manifests/release.json?versionId=v1"}
    arn = world.start(json.dumps(claims))
    world.open_release(arn)
    world.wait(arn)
    world.complete("orders")
    world.close(arn)
    assert world.s3.keys() == []
