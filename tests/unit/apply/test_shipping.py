"""Pins reach every start of a pipeline, and its bill of materials is recorded afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult
from localstack_codepipeline.model import Revision as SourceRevision
from release_core.domain.release import PipelineStatus
from release_core.domain.revisions import Good, Pin, Revision, Shipped
from release_core.errors import ManifestInvalid
from release_core.ledger.openings import Openings
from release_core.strict_json import write_json
from tests.fakes.codepipeline import envelope
from tests.fakes.service import Refused
from tests.worlds.faults import crash_after, refuse
from tests.worlds.release_world import ReleaseWorld, declaration

PINS = {
    "variables": {"STAGE": 'prod "5.10" \u00e4'},
    "sourceRevisions": [
        {"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "1e5.10"},
        {"actionName": "Fetch", "revisionType": "S3_OBJECT_KEY", "revisionValue": "old/app.zip"},
    ],
}
OVERRIDES = {"S3_OBJECT_VERSION_ID": "1e5.10", "S3_OBJECT_KEY": "old/app.zip"}


@pytest.fixture
def world() -> ReleaseWorld:
    """An account whose pipeline ``web`` has a variable and allows other source keys."""
    world = ReleaseWorld()
    web = declaration("web")
    web["variables"] = [{"name": "STAGE"}, {"name": "COLOUR", "defaultValue": "blue"}]
    web["stages"][0]["actions"][0]["configuration"]["AllowOverrideForS3ObjectKey"] = "true"
    world.codepipeline.create_pipeline(pipeline=web)
    return world


def release(world: ReleaseWorld, release_id: str, version: str) -> None:
    """Release ``orders`` with this version, from its opening to its close."""
    arn = world.begin("orders", release_id=release_id)
    world.wait(arn, release_id=release_id)
    world.ship(version)
    world.close(arn, release_id)


def variables(world: ReleaseWorld) -> dict[str, str]:
    """The variables of the newest execution of ``web``."""
    execution_id = world.executions_of("web")[0]["pipelineExecutionId"]
    answer = world.codepipeline.get_pipeline_execution(
        pipelineName="web", pipelineExecutionId=execution_id
    )
    found = answer["pipelineExecution"]["variables"]
    return {each["name"]: each["resolvedValue"] for each in found}


def test_pins_reach_the_start(world: ReleaseWorld) -> None:
    """The execution ships the revisions and variables of the manifest, character by character."""
    world.wait(world.begin({"name": "web", **PINS}), "web")
    assert world.fetch("web").overrides == OVERRIDES
    assert variables(world) == {"STAGE": 'prod "5.10" \u00e4', "COLOUR": "blue"}


def test_a_pipeline_without_pins_is_started_without_overrides(world: ReleaseWorld) -> None:
    """A pipeline without pins starts without overrides, and records that it has none."""
    world.wait(world.begin("orders"))
    assert not world.fetch("orders").overrides
    assert {"variables", "source_revisions"} <= world.item("pipeline#orders").keys()


def test_a_refused_retry_starts_with_the_same_pins(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If CodePipeline rejects the stage retry, the new execution has the same pins."""
    world.wait(world.begin({"name": "web", "retries": 1, **PINS}), "web")
    refusal = Refused("StageNotRetryableException", "the structure has changed")
    refuse(monkeypatch, world.codepipeline, "retry_stage_execution", refusal)
    world.ship("1e5.10", "web", fails=True)
    assert len(world.executions_of("web")) == 2
    assert world.fetch("web").overrides == OVERRIDES
    assert variables(world)["STAGE"] == 'prod "5.10" \u00e4'


def test_a_resume_has_the_same_pins(world: ReleaseWorld) -> None:
    """The next attempt of a release starts with the same pins."""
    arn = world.begin({"name": "web", **PINS})
    world.wait(arn, "web")
    world.ship("1e5.10", "web", fails=True)
    world.close(arn)
    again = {"releaseId": "r", "pipelines": [{"name": "web", **PINS}], "resume": True}
    arn = world.start(write_json(again))
    assert world.open_release(arn)["outcome"] == "OPENED"
    world.wait(arn, "web")
    assert len(world.executions_of("web")) == 2
    assert world.fetch("web").overrides == OVERRIDES
    assert variables(world)["STAGE"] == 'prod "5.10" \u00e4'


def test_the_bill_of_materials_is_recorded(world: ReleaseWorld) -> None:
    """Revisions are recorded with action and type, variables with their resolved values."""
    world.wait(world.begin({"name": "web", **PINS}), "web")
    world.ship("1e5.10", "web")
    shipped = world.pipeline("web")
    assert shipped.status is PipelineStatus.SUCCEEDED
    assert shipped.revisions[0] == Revision(
        artifact="app",
        revision="1e5.10",
        summary="Amazon S3 version id: 1e5.10",
        action="Fetch",
        type="S3_OBJECT_VERSION_ID",
        origin={"S3Bucket": "sources", "S3ObjectKey": "old/app.zip"},
    )
    assert {each.pin for each in shipped.revisions} == set(shipped.source_revisions)
    resolved = {"STAGE": 'prod "5.10" \u00e4', "COLOUR": "blue"}
    assert world.item("pipeline#web")["resolved_variables"] == resolved
    (held,) = world.items("pipelines")
    assert held["last_good"]["variables"] == resolved
    assert held["last_good"]["revisions"] == world.item("pipeline#web")["revisions"]


def test_the_time_and_author_of_a_commit_are_recorded(world: ReleaseWorld) -> None:
    """As the source action tells them, for what shipped and for what a later release finds good."""
    at = datetime(2026, 11, 21, 16, 30, 5, tzinfo=UTC)
    told = {
        "AuthorDate": "2026-11-21T17:30:05+01:00",
        "AuthorDisplayName": "Grace Hopper",
        "AuthorEmail": "grace@example.com",
        "CommitMessage": "internal",
    }
    for release_id in ("r", "s"):
        arn = world.begin("orders", release_id=release_id)
        world.wait(arn, release_id=release_id)
        shipped = SourceRevision("v1", "a commit")
        world.finish(world.fetch("orders"), ActionResult(revision=shipped, variables=told))
        world.complete("orders")
        world.close(arn, release_id)
    (first,) = world.pipeline(release_id="r").revisions
    assert (first.committed_at, first.author) == (at, "Grace Hopper")
    good = world.pipeline(release_id="s").previous_good
    assert good
    assert good.revisions == (first,)
    everything = str([world.items("releases"), world.items("pipelines")])
    assert "grace@example.com" not in everything
    assert "internal" not in everything


def test_a_success_whose_sources_cannot_be_listed_is_a_success(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without permission to list sources, revisions are recorded without their actions."""
    world.wait(world.begin("orders"))
    denied = Refused("AccessDeniedException", "not allowed")
    refuse(monkeypatch, world.codepipeline, "list_action_executions", denied)
    world.ship("v1")
    shipped = world.pipeline()
    assert shipped.status is PipelineStatus.SUCCEEDED
    assert [(each.revision, each.action) for each in shipped.revisions] == [("v1", None)]


def test_a_success_whose_sources_are_throttled_is_tried_again(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If listing the sources is throttled, the next try records the success completely."""
    world.wait(world.begin("orders"))
    with monkeypatch.context() as patched:
        refuse(
            patched,
            world.codepipeline,
            "list_action_executions",
            Refused("ThrottlingException", "slow"),
        )
        with pytest.raises(ClientError, match="slow"):
            world.ship("v1")
    assert not world.pipeline().status.ended
    world.record_state_change(envelope(world.codepipeline.events[-1]))
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert [(each.revision, each.action) for each in world.pipeline().revisions] == [
        ("v1", "Fetch")
    ]


def test_a_release_records_the_last_good_before_it(world: ReleaseWorld) -> None:
    """The first release of a pipeline has no previous success; the second has the first."""
    release(world, "one", "v1")
    assert world.pipeline(release_id="one").previous_good is None
    release(world, "two", "v2")
    before = world.pipeline(release_id="two").previous_good
    assert before == Good(
        release_id="one",
        execution_id=str(world.pipeline(release_id="one").execution_id),
        at=world.clock(),
        revisions=world.pipeline(release_id="one").revisions,
    )
    assert before.revisions[0].pin == Pin(
        action="Fetch", type="S3_OBJECT_VERSION_ID", revision="v1"
    )


def fail_release(world: ReleaseWorld, release_id: str, version: str) -> None:
    """Release ``orders`` with this version, and let it fail."""
    arn = world.begin("orders", release_id=release_id)
    world.wait(arn, release_id=release_id)
    world.ship(version, fails=True)
    world.close(arn, release_id)


def resumed(world: ReleaseWorld, release_id: str) -> Good | None:
    """Resume a release of ``orders``; returns the previous success of its next attempt."""
    manifest = {"releaseId": release_id, "pipelines": ["orders"], "resume": True}
    world.open_release(world.start(write_json(manifest)))
    return world.pipeline(release_id=release_id).previous_good


def test_a_resume_keeps_the_previous_success(world: ReleaseWorld) -> None:
    """A failed attempt does not change the state to roll back to."""
    release(world, "one", "v1")
    fail_release(world, "two", "v2")
    good = resumed(world, "two")
    assert good
    assert good.release_id == "one"


def test_a_resume_sees_the_success_of_a_release_in_between(world: ReleaseWorld) -> None:
    """The next attempt rolls back to what was live when it began."""
    release(world, "one", "v1")
    fail_release(world, "two", "v2")
    release(world, "three", "v3")
    good = resumed(world, "two")
    assert good
    assert good.release_id == "three"


def test_a_release_never_rolls_back_to_itself(world: ReleaseWorld) -> None:
    """If the last success is an earlier attempt of the release, the one before it counts."""
    release(world, "one", "v1")
    fail_release(world, "two", "v2")
    failed = world.pipeline(release_id="two")
    shipped = Shipped(revisions=failed.revisions)
    world.ledger.locks.record_last_good("two", failed, shipped)
    good = resumed(world, "two")
    assert good
    assert good.release_id == "one"


def test_a_console_retry_that_succeeded_is_the_last_good_once_resumed(world: ReleaseWorld) -> None:
    """A resume finds the success of a console retry and records it."""
    fail_release(world, "r", "v1")
    execution_id = world.retry_in_console("r")
    world.play("orders")
    resumed(world, "r")
    shipped = world.pipeline()
    assert shipped.status is PipelineStatus.SUCCEEDED
    assert shipped.revisions[0].action == "Fetch"
    (held,) = world.items("pipelines")
    assert held["last_good"]["execution_id"] == execution_id


def test_a_console_retry_that_succeeded_is_the_last_good_at_once(world: ReleaseWorld) -> None:
    """The success of a console retry is recorded without a resume; the release stays FAILED."""
    release(world, "one", "v1")
    fail_release(world, "two", "v2")
    execution_id = world.retry_in_console("two")
    world.play("orders")
    for event in world.undelivered() * 2:
        world.record_state_change(event)
    assert world.pipeline(release_id="two").status is PipelineStatus.FAILED
    release(world, "three", "v3")
    good = world.pipeline(release_id="three").previous_good
    assert good
    assert (good.release_id, good.execution_id) == ("two", execution_id)
    assert [each.revision for each in good.revisions] == ["v2"]


def test_a_late_console_retry_replaces_no_newer_success(world: ReleaseWorld) -> None:
    """A late event of a console retry does not replace the success of a later release."""
    fail_release(world, "two", "v2")
    world.retry_in_console("two")
    world.play("orders")
    late = world.undelivered()
    world.clock.advance(timedelta(minutes=1))
    release(world, "three", "v3")
    for event in late:
        world.record_state_change(event)
    assert world.ledger.last_good(["orders"])["orders"]["release_id"] == "three"


@pytest.mark.parametrize("method", ["claim", "put_pipelines"])
def test_a_second_try_to_open_finds_the_same_previous_success(
    world: ReleaseWorld, method: str
) -> None:
    """Wherever the first try crashed, the second one records the same previous success."""
    release(world, "one", "v1")
    arn = world.start(write_json({"releaseId": "two", "pipelines": ["orders"]}))
    with crash_after(Openings, method):
        world.open_release(arn)
    assert world.open_release(arn)["outcome"] == "OPENED"
    good = world.pipeline(release_id="two").previous_good
    assert good
    assert good.release_id == "one"


def test_invalid_pins_are_rejected(world: ReleaseWorld) -> None:
    """A manifest with invalid pins is rejected with every problem, and no pipeline is held."""
    manifest = {
        "releaseId": "r",
        "pipelines": [
            {"name": "web", "variables": {"COLOR": "red"}},
            {
                "name": "orders",
                "sourceRevisions": [
                    {"actionName": "Fetch", "revisionType": "COMMIT_ID", "revisionValue": "abc"}
                ],
            },
        ],
    }
    with pytest.raises(ManifestInvalid) as caught:
        world.open_release(world.start(write_json(manifest)))
    paths = [line.partition(": ")[0] for line in str(caught.value).splitlines()[1:]]
    assert paths == [
        "- pipelines[0].variables.COLOR",
        "- pipelines[0].variables.STAGE",
        "- pipelines[1].sourceRevisions[0].revisionType",
    ]
    assert not world.items("pipelines")


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_throttled_check_rejects_nothing(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A throttle or server error during the checks is raised, and no release is recorded."""
    refuse(monkeypatch, world.codepipeline, "get_pipeline", Refused(code, "later"))
    arn = world.start(write_json({"releaseId": "r", "pipelines": ["orders"]}))
    with pytest.raises(ClientError):
        world.open_release(arn)
    assert not world.items("releases")
