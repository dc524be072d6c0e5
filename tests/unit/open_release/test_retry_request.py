"""A retry request names a release; its manifest comes from the ledger."""

from typing import Any

import pytest

from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.errors import ManifestInvalid, ReleaseNotResumable
from release_core.manifest.model import Manifest
from release_core.manifest.requests import RETRY_CHANGES
from release_core.strict_json import MAX_BYTES, write_json
from tests.worlds.faults import crash_after
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import ROLLBACK, finish, request, run

PAST, AHEAD = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.fixture
def world() -> ReleaseWorld:
    """A closed release v2 in which ``orders`` failed and ``catalog`` succeeded."""
    world = ReleaseWorld()
    run(world, "v2", "catalog", "orders", bad="orders", deadline=AHEAD, onFailure="continue")
    return world


def retry(world: ReleaseWorld, release_id: str = "v2", **more: Any) -> str:
    """Start an execution that asks for a retry of the release."""
    return world.start(write_json({"retry": release_id, **more}))


def test_a_retry_continues_the_release(world: ReleaseWorld) -> None:
    """The pipelines that did not succeed run again, and the requester is recorded."""
    arn = retry(world, requestedBy="alice")
    opened = world.open_release(arn)
    assert (opened["outcome"], opened["pipelines"]) == ("OPENED", ["orders"])
    assert finish(world, arn, "v2", "orders")["status"] == "SUCCEEDED"
    header = world.item("release", "v2")
    assert (header["attempt"], header["on_failure"]) == (2, "continue")
    assert (header["audit"][2]["what"], header["audit"][2]["who"]) == ("resumed", "alice")
    assert header["deadline"].startswith("2999-01-01")


def test_a_release_with_a_huge_manifest_can_be_retried() -> None:
    """A rollback can be retried although its manifest is too large for an input."""
    world = ReleaseWorld()
    names = [f"wide-{n}" for n in range(20)]
    defaults = [{"name": f"V{n}", "defaultValue": "\u8a9e" * 1000} for n in range(5)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name) | {"variables": defaults})
    run(world, "v1", *names)
    arn, closed = run(world, "v2", *names, bad=names[-1], **ROLLBACK)
    rollback = world.start(request(closed, arn))
    world.open_release(rollback)
    finish(world, rollback, "v2-rollback", *reversed(names), bad=names[-1])
    assert len(world.item("manifest", "v2-rollback")["manifest"].encode()) > MAX_BYTES
    again = retry(world, "v2-rollback")
    assert world.open_release(again)["pipelines"] == [names[-1]]
    assert finish(world, again, "v2-rollback", names[-1])["status"] == "SUCCEEDED"


@pytest.mark.parametrize(("deadline", "kept"), [("2998-01-01T00:00:00Z", "2998"), (None, None)])
def test_a_retry_may_have_another_deadline_or_none(
    world: ReleaseWorld, deadline: str | None, kept: str | None
) -> None:
    """The deadline of a retry replaces that of the release, or removes it."""
    world.open_release(retry(world, deadline=deadline))
    found = world.item("release", "v2").get("deadline")
    assert (found and found[:4]) == kept


def test_a_retry_may_wait_for_pipelines(world: ReleaseWorld) -> None:
    """With onBusy wait, a retry starts when another release has freed the pipelines."""
    other = world.begin("orders", release_id="other")
    arn = retry(world, onBusy="wait")
    assert world.open_release(arn)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(arn)
    world.opener().wait(arn, token)
    finish(world, other, "other", "orders")
    assert world.outcome(token)
    assert world.open_release(arn)["outcome"] == "OPENED"


def test_a_retry_continues_after_a_crash(world: ReleaseWorld) -> None:
    """If the opening crashed, its next try opens the same attempt."""
    arn = retry(world)
    opener = world.opener()
    with crash_after(opener.ledger.openings, "reopen"):
        opener(arn)
    assert world.open_release(arn)["pipelines"] == ["orders"]
    assert world.pipeline("orders", "v2").status is PipelineStatus.WAITING
    assert world.release("v2").attempt == 2


def test_a_successful_release_is_not_retried(world: ReleaseWorld) -> None:
    """A release that succeeded is already released."""
    run(world, "v3", "catalog")
    assert world.open_release(retry(world, "v3"))["outcome"] == "ALREADY_RELEASED"


@pytest.mark.parametrize(
    ("release_id", "says"),
    [
        ("nothing", "the ledger has no manifest of a release nothing"),
        ("running", "release running still runs"),
        ("v1", "release v1 was rolled back by release x"),
    ],
)
def test_a_retry_is_rejected_like_a_resume(world: ReleaseWorld, release_id: str, says: str) -> None:
    """A rejected retry is recorded with its requester."""
    world.begin("payments", release_id="running")
    run(world, "v1", "storefront", bad="storefront")
    taking_back = {"releaseId": "x", "pipelines": ["storefront"], "rollbackOf": "v1"}
    world.open_release(world.start(write_json(taking_back)))
    arn = retry(world, release_id, requestedBy="alice")
    with pytest.raises(ReleaseNotResumable, match=says):
        world.open_release(arn)
    header = world.item("release", arn)
    assert (header["status"], header["requester"]) == (ReleaseStatus.REJECTED, "alice")


@pytest.mark.parametrize(
    "fields",
    [
        {"retry": 5},
        {"retry": "a/b"},
        {"retry": True},
        {"retry": "v2", "resume": True},
        {"retry": "v2", "pipelines": ["orders"]},
        {"retry": "v2", "requestedBy": 1},
    ],
)
def test_an_invalid_retry_request_is_rejected(world: ReleaseWorld, fields: dict[str, Any]) -> None:
    """Wrong types and unknown keys in a retry request are rejected."""
    with pytest.raises(ManifestInvalid, match="The request for a retry has 1 problem"):
        world.open_release(world.start(write_json(fields)))


def test_the_options_of_a_retry_are_checked_with_its_manifest(world: ReleaseWorld) -> None:
    """Each problem has the same path as in the manifest."""
    with pytest.raises(ManifestInvalid) as caught:
        world.open_release(retry(world, deadline="soon", onBusy="push"))
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()[1:]] == [
        "- deadline",
        "- onBusy",
    ]
    with pytest.raises(ManifestInvalid, match=r"deadline: 2020-01-01T00:00:00Z has passed"):
        world.open_release(retry(world, deadline=PAST))


def test_a_retry_can_change_only_options_outside_the_hash() -> None:
    """A retry can change only options that do not change the manifest's hash."""
    given = {"notBefore": PAST, "holdLocks": True, "deadline": AHEAD, "onBusy": "wait"}
    assert given.keys() == RETRY_CHANGES
    plain = {"releaseId": "r", "pipelines": ["orders"]}
    assert Manifest.model_validate(plain).sha256 == Manifest.model_validate(plain | given).sha256


def test_a_pipeline_that_succeeded_may_be_gone(world: ReleaseWorld) -> None:
    """A retry checks only the pipelines that it runs, and so does its plan."""
    world.codepipeline.delete_pipeline(name="catalog")
    recorded = world.ledger.get_manifest("v2")
    assert recorded
    assert world.planner()({**recorded, "resume": True}).problems == ()
    assert world.open_release(retry(world))["pipelines"] == ["orders"]


def test_a_pipeline_that_runs_again_must_exist(world: ReleaseWorld) -> None:
    """A retry is rejected if a pipeline that did not succeed no longer exists."""
    world.codepipeline.delete_pipeline(name="orders")
    with pytest.raises(ManifestInvalid, match="there is no pipeline 'orders'"):
        world.open_release(retry(world))
