"""A retry names its release: the manifest is that of the ledger, however large it is."""

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


def test_the_release_goes_on_as_it_was_opened(world: ReleaseWorld) -> None:
    """What did not succeed runs again, on behalf of whoever asked for it."""
    arn = retry(world, requestedBy="alice")
    opened = world.open_release(arn)
    assert (opened["outcome"], opened["pipelines"]) == ("OPENED", ["orders"])
    assert finish(world, arn, "v2", "orders")["status"] == "SUCCEEDED"
    header = world.item("release", "v2")
    assert (header["attempt"], header["on_failure"]) == (2, "continue")
    assert (header["audit"][2]["what"], header["audit"][2]["who"]) == ("resumed", "alice")
    assert header["deadline"].startswith("2999-01-01")


def test_what_is_too_large_for_an_input_can_be_retried() -> None:
    """A rollback that was asked for may have a manifest that no door takes."""
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
    """As a manifest that is given again."""
    world.open_release(retry(world, deadline=deadline))
    found = world.item("release", "v2").get("deadline")
    assert (found and found[:4]) == kept


def test_a_retry_may_wait_for_pipelines(world: ReleaseWorld) -> None:
    """It begins when the other release has given them back."""
    other = world.begin("orders", release_id="other")
    arn = retry(world, onBusy="wait")
    assert world.open_release(arn)["outcome"] == "BUSY"
    token = world.step_functions.wait_for_token(arn)
    world.opener().wait(arn, token)
    finish(world, other, "other", "orders")
    assert world.outcome(token)
    assert world.open_release(arn)["outcome"] == "OPENED"


def test_a_try_that_died_is_gone_on_with(world: ReleaseWorld) -> None:
    """The workflow asks again, and the same attempt is opened."""
    arn = retry(world)
    opener = world.opener()
    with crash_after(opener.ledger.openings, "reopen"):
        opener(arn)
    assert world.open_release(arn)["pipelines"] == ["orders"]
    assert world.pipeline("orders", "v2").status is PipelineStatus.WAITING
    assert world.release("v2").attempt == 2


def test_what_succeeded_is_not_run_again(world: ReleaseWorld) -> None:
    """There is nothing left to run."""
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
def test_a_retry_is_refused_as_any_resume(world: ReleaseWorld, release_id: str, says: str) -> None:
    """And that is on record, with who asked."""
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
def test_a_request_that_means_nothing_is_refused(
    world: ReleaseWorld, fields: dict[str, Any]
) -> None:
    """It is read as strictly as a manifest."""
    with pytest.raises(ManifestInvalid, match="The request for a retry has 1 problem"):
        world.open_release(world.start(write_json(fields)))


def test_what_a_retry_gives_anew_is_judged_with_its_manifest(world: ReleaseWorld) -> None:
    """Each problem has the path that it would have there."""
    with pytest.raises(ManifestInvalid) as caught:
        world.open_release(retry(world, deadline="soon", onBusy="push"))
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()[1:]] == [
        "- deadline",
        "- onBusy",
    ]
    with pytest.raises(ManifestInvalid, match=r"deadline: 2020-01-01T00:00:00Z has passed"):
        world.open_release(retry(world, deadline=PAST))


def test_only_what_may_differ_can_be_given_anew() -> None:
    """What makes it this release stays as it was."""
    given = {"deadline": AHEAD, "onBusy": "wait"}
    assert given.keys() == RETRY_CHANGES
    plain = {"releaseId": "r", "pipelines": ["orders"]}
    assert Manifest.model_validate(plain).sha256 == Manifest.model_validate(plain | given).sha256
