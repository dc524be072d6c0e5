"""What a rollback cannot do is reported: a rollback that never started, and omitted pipelines."""

import pytest

from release_core.errors import RollbackRefused
from tests.worlds.faults import crash_after
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import ROLLBACK, failed, pins, read, request, run


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` and ``catalog``."""
    world = ReleaseWorld()
    run(world, "v1", "orders", "catalog")
    return world


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("FAILED", "the close was given up"),
        ("FAILED", "The rollback v2-rollback could not be started: gone."),
        ("ABORTED", None),
    ],
)
def test_a_rollback_that_was_not_started_is_reported(
    world: ReleaseWorld, how: str, cause: str | None
) -> None:
    """If the workflow ends before it starts the rollback, the release's reason says so once."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, "orders", "v2")
    world.ship("orders v2", fails=True)
    closed = world.close_release().at_end("v2", arn)
    world.step_functions.end(arn, how, error="Broken" if cause else None, cause=cause)
    for _ in range(2):
        world.close_release().when_ended(world.step_functions.status_event(arn))
    told = "The rollback v2-rollback was not started: roll it back by hand"
    assert world.release("v2").why == f"{closed['why']}\n{told}"
    assert [each["what"] for each in world.item("release", "v2")["audit"]].count(told) == 1


def test_a_started_rollback_adds_nothing_to_the_reason(world: ReleaseWorld) -> None:
    """If the workflow started the rollback, the release's reason stays as it was."""
    arn = world.begin("orders", release_id="v2", **ROLLBACK)
    world.wait(arn, "orders", "v2")
    world.ship("orders v2", fails=True)
    closed = world.close_release().at_end("v2", arn)
    world.step_functions.end(arn, "FAILED", error="ReleaseFailed", cause=closed["why"])
    world.close_release().when_ended(world.step_functions.status_event(arn))
    assert world.release("v2").why == closed["why"]


def test_a_changed_pipeline_is_omitted_and_the_others_roll_back(world: ReleaseWorld) -> None:
    """A pipeline that changed, was deleted or is no longer driven is named and omitted."""
    with_variable = declaration("web") | {"variables": [{"name": "ENV", "defaultValue": "prod"}]}
    for each in (with_variable, declaration("gone"), declaration("given-away")):
        world.codepipeline.create_pipeline(pipeline=each)
    names = ("web", "gone", "given-away", "orders")
    run(world, "v2", *names)
    arn, closed = run(world, "v3", *names, bad="orders", **ROLLBACK)
    world.codepipeline.update_pipeline(pipeline=declaration("web"))
    world.codepipeline.delete_pipeline(name="gone")
    world.patterns = ("web", "go*", "orders")
    why = "release v2 cannot be shipped in it again"
    omissions = [
        (
            f"- given-away: {why}: the pipeline 'given-away' is none of those that this deployment "
            "drives: web, go*, orders; widen its pipeline_name_patterns in Terraform, or release "
            "it with another deployment"
        ),
        f"- gone: {why}: there is no pipeline 'gone' in this account and Region",
        f"- web: {why}: pipeline 'web' declares no such variable; it has none",
    ]
    assert list(read(world, "v3").omissions) == omissions
    assert world.open_release(world.start(request(closed, arn)))["pipelines"] == ["orders"]
    told = world.item("release", "v3")["audit"][-1]["what"]
    assert told.splitlines() == [
        "rolled back by release v3-rollback. Not rolled back:",
        *omissions,
    ]


def test_a_rollback_that_changed_after_its_claim_is_rejected(world: ReleaseWorld) -> None:
    """After a crash the manifest is built again, and must be the one that was claimed."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK)
    rollback = world.start(request(closed, arn))
    opener = world.opener()
    with crash_after(opener.ledger.openings, "claim"):
        opener(rollback)
    world.codepipeline.delete_pipeline(name="orders")
    with pytest.raises(RollbackRefused, match="changed since its id was claimed"):
        world.open_release(rollback)
    assert world.ledger.lock_holders(["catalog"]) == {}
    assert not world.release("v2-rollback").pipelines


def test_a_v1_pipeline_is_omitted_from_a_rollback(world: ReleaseWorld) -> None:
    """A V1 pipeline accepts no pins, so it is omitted and the others roll back."""
    world.codepipeline.create_pipeline(pipeline=declaration("old") | {"pipelineType": "V1"})
    run(world, "v2", "old", "orders")
    arn, closed = run(world, "v3", "old", "orders", bad="orders", **ROLLBACK)
    (omitted,) = read(world, "v3").omissions
    assert omitted == (
        "- old: release v2 cannot be shipped in it again: pipeline 'old' is of type V1; "
        "source revisions need a pipeline of type V2"
    )
    assert world.open_release(world.start(request(closed, arn)))["pipelines"] == ["orders"]


def test_a_pipeline_whose_revision_has_no_id_is_omitted(world: ReleaseWorld) -> None:
    """A pipeline whose recorded revision has no id is omitted; the others roll back."""
    arn = world.begin("payments", release_id="v2")
    world.wait(arn, "payments", "v2")
    world.ship("", "payments")
    world.close(arn, "v2")
    arn, closed = run(world, "v3", "payments", "orders", bad="orders", **ROLLBACK)
    assert closed["why"].endswith(
        "- payments: the revision of Fetch, good in release v2, has no id on record"
    )
    assert world.open_release(world.start(request(closed, arn)))["pipelines"] == ["orders"]


def test_a_pipeline_without_its_source_action_is_omitted(world: ReleaseWorld) -> None:
    """A pipeline whose source action was renamed is omitted, with the reason."""
    text = failed(world)
    structure = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    structure["stages"][0]["actions"][0]["name"] = "Download"
    world.codepipeline.update_pipeline(pipeline=structure)
    (omitted,) = read(world, "v2").omissions
    assert "'Fetch' is no source action of pipeline 'orders'" in omitted
    assert world.open_release(world.start(text))["pipelines"] == ["catalog"]


def test_a_pipeline_with_a_new_source_action_is_omitted(world: ReleaseWorld) -> None:
    """A pipeline with a new source action is omitted, because its old revision is unknown."""
    text = failed(world)
    structure = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    actions = structure["stages"][0]["actions"]
    actions.append(actions[0] | {"name": "Config", "outputArtifacts": [{"name": "config"}]})
    world.codepipeline.update_pipeline(pipeline=structure)
    (omitted,) = read(world, "v2").omissions
    assert omitted == (
        "- orders: release v1 cannot be shipped in it again: nothing is on record of its source "
        "action 'Config', which may be newer than that release"
    )
    assert world.open_release(world.start(text))["pipelines"] == ["catalog"]


@pytest.mark.parametrize("takes_keys", [True, False])
def test_a_source_that_reads_another_object_gets_its_earlier_key(
    world: ReleaseWorld, *, takes_keys: bool
) -> None:
    """The earlier key is pinned if the action allows it; otherwise the pipeline is omitted."""
    text = failed(world)
    structure = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    structure["stages"][0]["actions"][0]["configuration"] |= {
        "S3ObjectKey": "other.zip",
        "AllowOverrideForS3ObjectKey": str(takes_keys).lower(),
    }
    world.codepipeline.update_pipeline(pipeline=structure)
    told = (
        "- orders: release v1 cannot be shipped in it again: its source action 'Fetch' read "
        "sources/app.zip then and reads sources/other.zip now; 'Fetch' takes no other key; "
        "AllowOverrideForS3ObjectKey is not true in it"
    )
    assert list(read(world, "v2").omissions) == ([] if takes_keys else [told])
    world.open_release(world.start(text))
    assert pins(world, "v2-rollback").get("orders", []) == (
        ["orders v1", "app.zip"] if takes_keys else []
    )


def test_the_plan_of_a_rollback_warns_of_later_releases(world: ReleaseWorld) -> None:
    """A plan of an older rollback manifest warns of releases that came later."""
    run(world, "v2", "orders", bad="orders")
    manifest = read(world, "v2").manifest
    (before,) = world.planner()(manifest).pipelines
    run(world, "v3", "orders")
    (after,) = world.planner()(manifest).pipelines
    told = "release v3 came later and has run it: that goes back too"
    assert (told in before.warnings, told in after.warnings) == (False, True)


def test_a_rejected_rollback_is_recorded_once(world: ReleaseWorld) -> None:
    """If the opening is repeated, the release's audit has the rejection once."""
    arn, closed = run(world, "v2", "orders", bad="orders", **ROLLBACK)
    run(world, "v3", "orders")
    rollback = world.start(request(closed, arn))
    for _ in range(2):
        with pytest.raises(RollbackRefused, match="release v3 came later"):
            world.open_release(rollback)
    noted = [each["what"] for each in world.item("release", "v2")["audit"]]
    assert len([what for what in noted if what.startswith("its rollback v2-rollback")]) == 1
