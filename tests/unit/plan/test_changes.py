"""A plan is a diff: what is live in each pipeline, and what the manifest would ship."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from release_core.domain.live import RolledBack
from release_core.domain.release import ReleaseStatus
from release_core.plan.changes import PlannedSource
from release_core.plan.document import OUTPUT_LIMIT, Plan, PlannedPipeline
from release_core.plan.survey import PipelineFacts
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.plans import make_world, pinned, plan
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import PERSON, by_hand, read, start_by_hand

V1, V2, V3 = (f"v{number:031d}" for number in (1, 2, 3))


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with five pipelines, whose source object has two versions."""
    return make_world()


def ship(world: ReleaseWorld, release_id: str, version: str) -> None:
    """Let a release ship a version of ``orders``, a minute after everything before."""
    world.clock.advance(timedelta(minutes=1))
    arn = world.begin("orders", release_id=release_id)
    world.wait(arn, "orders", release_id)
    world.ship(version)
    world.close(arn, release_id)


def roll_back(world: ReleaseWorld, release_id: str) -> None:
    """Roll a release of ``orders`` back."""
    world.clock.advance(timedelta(minutes=1))
    rollback = read(world, release_id)
    arn = world.start(write_json(rollback.manifest))
    world.open_release(arn)
    world.wait(arn, "orders", rollback.rollback_id)
    world.ship(rollback.manifest["pipelines"][0]["sourceRevisions"][0]["revisionValue"])
    world.close(arn, rollback.rollback_id)


def orders(world: ReleaseWorld, entry: Any = "orders", **more: Any) -> dict[str, Any]:
    """The document of ``orders`` in the plan of a release of it."""
    document: dict[str, Any]
    (document,) = plan(world, entry, **more).as_json()["pipelines"]
    return document


def test_the_newest_revision_is_compared_with_what_is_live(world: ReleaseWorld) -> None:
    """A release shipped the first version; the plan names it, and the newer one that ships."""
    ship(world, "before", V1)
    found = orders(world)
    (source,) = found["sources"]
    assert (source["current"], source["wanted"], source["ships"]) == (V1, None, V2)
    assert (source["changes"], found["changes"], found["runs"]) == (True, True, True)
    assert source["newestOf"] == "sources/app.zip"
    assert source["madeAt"] == "2026-11-22T09:00:00.000Z"
    live = found["live"]
    assert (live["releaseId"], live["by"]) == ("before", world.release("before").requester)
    assert live["executionId"] == world.pipeline("orders", "before").execution_id
    assert found["liveUnknown"] is None


def test_what_is_live_would_ship_again(world: ReleaseWorld) -> None:
    """If the newest revision is live already, nothing changes; a pin can do the same."""
    by_hand(world, V2)
    found = orders(world)
    assert (found["changes"], found["sources"][0]["changes"]) == (False, False)
    assert (found["live"]["releaseId"], found["live"]["by"]) == (None, PERSON)
    assert orders(world, pinned(V2))["changes"] is False
    assert orders(world, pinned(V1))["changes"] is True


def test_a_pipeline_that_was_never_shipped(world: ReleaseWorld) -> None:
    """Nothing is live, so anything is a change."""
    found = orders(world)
    assert (found["live"], found["liveUnknown"], found["changes"]) == (None, None, True)
    assert (found["sources"][0]["current"], found["sources"][0]["ships"]) == (None, V2)


def test_a_summary_of_an_object_is_its_message(world: ReleaseWorld) -> None:
    """S3 keeps the summary that CodePipeline shows in the metadata of the object."""
    metadata = {"codepipeline-artifact-revision-summary": "Round prices down\n\nAs agreed."}
    world.s3.put_object(Bucket="sources", Key="app.zip", Body=b"three", Metadata=metadata)
    (source,) = orders(world)["sources"]
    assert (source["ships"], source["message"]) == (V3, "Round prices down")


def test_what_cannot_be_looked_up_is_not_known(world: ReleaseWorld) -> None:
    """The plan says why, and warns of nothing: it does not pin anything."""
    world.s3.denied.add(("sources", "app.zip"))
    ship(world, "before", V1)
    found = orders(world)
    (source,) = found["sources"]
    assert (source["ships"], source["changes"], found["changes"]) == (None, None, None)
    assert (source["note"], found["warnings"]) == ("S3 answered 403", [])


def test_a_connection_does_not_tell_its_newest_commit(world: ReleaseWorld) -> None:
    """The plan names the branch, and that nobody can look."""
    web = declaration("web")
    fetch = web["stages"][0]["actions"][0]
    fetch["actionTypeId"]["provider"] = "CodeStarSourceConnection"
    fetch["configuration"] = {
        "ConnectionArn": "arn:aws:codestar-connections:eu-west-1:111122223333:connection/1",
        "FullRepositoryId": "acme/shop",
        "BranchName": "main",
    }
    world.codepipeline.create_pipeline(pipeline=web)
    (source,) = orders(world, "web")["sources"]
    assert (source["ships"], source["newestOf"]) == (None, "acme/shop branch main")
    assert source["note"] == "revisions of CodeStarSourceConnection cannot be looked up"


def test_an_object_that_does_not_exist_is_a_warning(world: ReleaseWorld) -> None:
    """The source action would fail; the opening does not look, so it is no problem."""
    web = declaration("web")
    web["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "no.zip"
    world.codepipeline.create_pipeline(pipeline=web)
    found = plan(world, "web")
    assert found.valid
    assert found.pipelines[0].warnings == ("Fetch would fail: S3 has no sources/no.zip",)


def test_a_source_that_is_named_by_a_variable(world: ReleaseWorld) -> None:
    """It is looked up with the value, and the plan shows the declaration and never the value."""
    web = declaration("web")
    web["variables"] = [{"name": "WHERE"}]
    web["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "#{variables.WHERE}"
    world.codepipeline.create_pipeline(pipeline=web)
    for key, ships in (("app.zip", V2), ("hunter2", None)):
        found = orders(world, {"name": "web", "variables": {"WHERE": key}})
        (source,) = found["sources"]
        assert (source["newestOf"], source["ships"]) == ("sources/#{variables.WHERE}", ships)
        assert key not in write_json(found)
    assert found["warnings"] == ["Fetch would fail: S3 has no sources/#{variables.WHERE}"]


def test_a_build_that_was_rolled_back_is_a_danger(world: ReleaseWorld) -> None:
    """The newest version was shipped and rolled back: it would ship again, and the plan says so."""
    ship(world, "one", V1)
    ship(world, "two", V2)
    assert orders(world)["dangers"] == []
    roll_back(world, "two")
    found = orders(world)
    rolled_back = found["sources"][0]["rolledBack"]
    assert (rolled_back["shippedBy"], rolled_back["by"]) == ("two", "two-rollback")
    (danger,) = found["dangers"]
    assert danger == (
        f"would ship AGAIN what was rolled back: revision {V2} of Fetch, shipped by release two "
        "and rolled back by release two-rollback. Pin another revision, or leave the pipeline out"
    )
    assert plan(world, "orders").valid
    assert orders(world, pinned(V2))["dangers"] == found["dangers"]
    assert orders(world, pinned(V1))["dangers"] == []
    world.s3.put_object(Bucket="sources", Key="app.zip", Body=b"three")
    assert orders(world)["dangers"] == []


def test_a_build_that_codepipeline_rolled_back_is_a_danger(world: ReleaseWorld) -> None:
    """The plan names the executions."""
    changed = declaration("orders")
    changed["stages"][-1]["onFailure"] = {"result": "ROLLBACK"}
    world.codepipeline.update_pipeline(pipeline=changed)
    by_hand(world, V1)
    world.clock.advance(timedelta(minutes=1))
    failed = start_by_hand(world)
    world.finish(world.fetch("orders"), ActionResult(revision=Revision(V2, "")))
    (copy,) = world.codepipeline.actions.values()
    world.finish(copy, FAILURE)
    world.complete("orders")
    (rollback,) = world.codepipeline.rollbacks_of("orders", failed)
    found = orders(world)
    assert found["live"]["restoredBy"] == rollback.id
    (danger,) = found["dangers"]
    same = orders(world, pinned(V1))
    assert (same["changes"], same["sources"][0]["changes"]) == (None, False)
    assert same["warnings"][0] == (
        "ships the revisions that are live, but CodePipeline went back to them in one stage only"
    )
    assert (
        f"shipped by execution {failed} and rolled back by CodePipeline with execution "
        f"{rollback.id}. Pin"
    ) in danger


def test_a_rolled_back_build_may_be_the_newest(world: ReleaseWorld) -> None:
    """If the newest revision is not known, the plan warns of what was rolled back."""
    ship(world, "one", V1)
    ship(world, "two", V2)
    roll_back(world, "two")
    world.s3.denied.add(("sources", "app.zip"))
    found = orders(world)
    (warning,) = found["warnings"]
    assert warning.startswith(
        "may ship again what was rolled back: the newest revision of Fetch is not known, and "
        f"revision {V2} was shipped by release two and rolled back by release two-rollback."
    )
    assert found["dangers"] == []


def test_what_does_not_run_changes_nothing(world: ReleaseWorld) -> None:
    """Neither a pipeline that has succeeded in the release, nor a release that exists."""
    arn = world.begin("orders", "catalog")
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.ship(V1)
    world.step_functions.stop_execution(executionArn=arn)
    again = plan(world, "orders", "catalog").as_json()["pipelines"]
    assert [(each["runs"], each["changes"]) for each in again] == [(False, False)] * 2
    world.complete("catalog", fail=ActionResult("JobFailed", "broke"))
    resumed = plan(world, "orders", "catalog", resume=True).as_json()["pipelines"]
    assert [(each["runs"], each["changes"]) for each in resumed] == [(False, False), (True, True)]


def test_what_does_not_run_is_not_warned_of(world: ReleaseWorld) -> None:
    """Neither of a rolled back build that may ship, nor of objects that are gone since."""
    ship(world, "one", V1)
    ship(world, "two", V2)
    roll_back(world, "two")
    arn = world.begin(pinned(V2), "catalog")
    world.s3.denied.add(("sources", "app.zip"))
    again = plan(world, pinned(V2), "catalog")
    assert [each.warnings for each in again.pipelines] == [(), ()]
    world.wait(arn)
    world.ship(V2)
    world.wait(arn, "catalog")
    world.ship(V1, "catalog", fails=True)
    world.close(arn)
    assert world.release().status is ReleaseStatus.FAILED
    world.s3.denied.clear()
    world.s3.forget_everything()
    resumed = plan(world, pinned(V2), "catalog", resume=True)
    assert resumed.problems == ()
    done, runs = resumed.pipelines
    assert done.warnings == ("has succeeded in this release and does not run again",)
    assert runs.warnings == ("Fetch would fail: S3 has no sources/app.zip",)


def test_other_values_of_variables_are_a_change(world: ReleaseWorld) -> None:
    """The values of the manifest or the defaults ship, whichever; the plan shows no value."""
    stage = [{"name": "STAGE", "defaultValue": "prod"}]
    world.codepipeline.update_pipeline(pipeline={**declaration("orders"), "variables": stage})
    in_test = {"name": "orders", "variables": {"STAGE": "test"}}
    in_production = {"name": "orders", "variables": {"STAGE": "prod"}}
    by_hand(world, V2)  # with the default
    assert [orders(world, each)["changes"] for each in ("orders", in_production)] == [False, False]
    found = orders(world, in_test)
    assert (found["changes"], found["sources"][0]["changes"]) == (True, False)
    other = "ships the revisions that are live, with other values of its variables"
    assert found["warnings"] == [other]
    world.clock.advance(timedelta(minutes=1))
    arn = world.begin(in_test, release_id="tested")
    world.wait(arn, "orders", "tested")
    world.ship(V2)
    world.close(arn, "tested")
    same = orders(world, in_test)
    assert (same["changes"], same["warnings"]) == (False, [])
    found = orders(world)
    assert (found["changes"], found["warnings"]) == (True, [other])
    assert "prod" not in write_json(found)


def test_values_of_variables_that_are_not_known(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be a change."""
    stage = [{"name": "STAGE", "defaultValue": "prod"}]
    world.codepipeline.update_pipeline(pipeline={**declaration("orders"), "variables": stage})
    by_hand(world, V2)
    denied = Refused("AccessDeniedException", "no")
    refuse(monkeypatch, world.codepipeline, "get_pipeline_execution", denied)
    found = orders(world)
    assert found["changes"] is None
    (warning,) = found["warnings"]
    assert warning == (
        "ships the revisions that are live; it is not known whether the values of its variables "
        "are, too"
    )


def test_another_execution_may_have_changed_a_part(world: ReleaseWorld) -> None:
    """One has failed half way since, so shipping what is live may be a change."""
    ship(world, "before", V2)
    assert orders(world)["changes"] is False
    world.clock.advance(timedelta(minutes=1))
    by_hand(world, V1, fails=True)
    found = orders(world)
    assert (found["changes"], found["sources"][0]["changes"]) == (None, False)
    (warning,) = found["warnings"]
    assert warning == (
        "ships the revisions that are live, but another execution ran at the same time or later "
        "and may have changed a part"
    )


def test_what_is_live_may_be_unknown(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan says why, and compares with nothing: the newest success may not be live."""
    by_hand(world, V1)
    monkeypatch.setattr("release_core.live.reader._MOST_SKIPPED", 0)
    found = orders(world)
    assert found["live"] is None
    assert found["liveUnknown"] == "CodePipeline skipped the deployment in its last 0 successes"
    assert (found["sources"][0]["current"], found["changes"]) == (None, None)
    assert orders(world, pinned(V1))["changes"] is None


SOURCE = PlannedSource(
    action="S", provider="S3", current="1", wanted=None, type=None, ships="2", message="M" * 200
)


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        (SOURCE, True),
        (replace(SOURCE, ships="1"), False),
        (replace(SOURCE, ships=None), None),
        (replace(SOURCE, current=None), None),
        (replace(SOURCE, current=None, first=True), True),
    ],
)
def test_when_a_source_changes(source: PlannedSource, changes: bool | None) -> None:
    """It is known only if both revisions are, or if nothing is live."""
    assert source.changes is changes


@pytest.mark.parametrize(
    ("sources", "changes"),
    [
        (("2", None), True),
        (("1", None), None),
        (("1", "1"), False),
        ((), None),
    ],
)
def test_when_a_pipeline_changes(sources: tuple[str | None, ...], changes: bool | None) -> None:
    """One source that changes is enough; one that is not known leaves it open."""
    each = planned(*(replace(SOURCE, ships=ships) for ships in sources))
    assert each.changes is changes


def planned(*sources: PlannedSource, **more: Any) -> PlannedPipeline:
    """The plan of a pipeline with these sources."""
    given: dict[str, Any] = {
        "name": "orders",
        "depends_on": (),
        "declaration": None,
        "facts": PipelineFacts(),
        "variables": (),
        "held_by": None,
        "usual": None,
        "starts_after": None,
        "problems": (),
        "warnings": (),
    }
    return PlannedPipeline(**{**given, "sources": sources, **more})


def test_a_large_plan_keeps_its_dangers(world: ReleaseWorld) -> None:
    """First it loses words, then the sources; a build that was rolled back is never left out."""
    at = world.clock()
    undone = RolledBack(action="S", revision="2", shipped_by="two", by="two-rollback", at=at)
    source = replace(SOURCE, rolled_back=undone)
    for number, kept in ((250, True), (900, False)):
        pipelines = tuple(
            planned(source, name=f"p{each}", dangers=("rolled back",)) for each in range(number)
        )
        large = Plan(release_id="r", problems=(), pipelines=pipelines)
        assert len(write_json(large.as_json()).encode()) > OUTPUT_LIMIT
        output = large.as_output()
        assert len(write_json(output).encode()) <= OUTPUT_LIMIT
        assert all(each["dangers"] == ["rolled back"] for each in output["pipelines"])
        assert all(("sources" in each) is kept for each in output["pipelines"])
        assert not any("live" in each for each in output["pipelines"])
        assert "release-machine plan shows all of it" in output["warnings"][0]
