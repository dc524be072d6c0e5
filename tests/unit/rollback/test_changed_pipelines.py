"""However a pipeline was changed, its rollback ships the last success or names the pipeline."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localstack_codepipeline.model import ActionResult, RunAction
from localstack_codepipeline.model import Revision as Delivered
from release_core.aws.source_lookup import Lookup, RevisionSources
from release_core.errors import RollbackRefused
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import ROLLBACK, read, request

# The parts of the pipeline ``web``: the usual value first, then values that people change it to.
PARTS: dict[str, list[Any]] = {
    "there": [True, False],
    "type": ["V2", "V1"],
    "default": [None, "new.zip"],
    "sources": [("Fetch",), ("Download",), ("Fetch", "Config")],
    "provider": ["S3", "CodeCommit", "ECR", "Somewhere"],
    "S3Bucket": ["sources", "others"],
    "S3ObjectKey": ["app.zip", "new.zip", "#{variables.KEY}"],
    "RepositoryName": ["shop", "mall"],
    "AllowOverrideForS3ObjectKey": ["true", "false"],
}


def structure(parts: dict[str, Any]) -> dict[str, Any]:
    """The pipeline declaration for these parts."""
    web = declaration("web") | {"pipelineType": parts["type"]}
    configuration = {name: parts[name] for name in [*PARTS][5:]}
    if parts["provider"] == "S3":
        del configuration["RepositoryName"]  # CodePipeline rejects a setting of another provider
    if parts["type"] == "V2":
        default = {"defaultValue": parts["default"]} if parts["default"] else {}
        web["variables"] = [{"name": "KEY", **default}]
    elif "variables" in configuration["S3ObjectKey"]:
        configuration["S3ObjectKey"] = "app.zip"
    (fetch,) = web["stages"][0]["actions"]
    kind = fetch["actionTypeId"] | {"provider": parts["provider"]}
    web["stages"][0]["actions"] = [
        fetch
        | {
            "name": name,
            "actionTypeId": kind,
            "configuration": configuration,
            "outputArtifacts": [{"name": artifact}],
        }
        for name, artifact in zip(parts["sources"], ("app", "config"), strict=False)
    ]
    return web


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts of the pipeline before, and after some of them have changed."""
    before = {name: values[0] for name, values in PARTS.items()}
    for name in draw(st.sets(st.sampled_from([*PARTS][1:]), max_size=3)):
        before[name] = draw(st.sampled_from(PARTS[name]))
    after = dict(before)
    for name in draw(st.sets(st.sampled_from([*PARTS]), max_size=3)):
        after[name] = draw(st.sampled_from(PARTS[name]))
    return before, after


def sources(world: ReleaseWorld) -> list[RunAction]:
    """The running source actions."""
    return [each for each in world.codepipeline.actions.values() if each.stage == "Source"]


def origin(action: RunAction) -> tuple[str, ...]:
    """The object or repository that a source action reads."""
    given = action.configuration
    if action.provider != "S3":
        return (given["RepositoryName"],)
    return given["S3Bucket"], action.overrides.get("S3_OBJECT_KEY", given["S3ObjectKey"])


def release(
    world: ReleaseWorld, release_id: str, revision: str, *, fails: bool = False
) -> tuple[str, dict[str, Any], dict[str, tuple[str, ...]]]:
    """Release ``web``; returns the execution, its close, and what each source action read."""
    structure = world.codepipeline.get_pipeline(name="web")["pipeline"]
    given_now = {each["name"]: "app.zip" for each in structure.get("variables", [])}
    arn = world.begin({"name": "web", "variables": given_now}, release_id=release_id, **ROLLBACK)
    world.wait(arn, "web", release_id)
    read_now = {each.action: origin(each) for each in sources(world)}
    for each in sources(world):
        world.finish(each, ActionResult(revision=Delivered(revision)))
    world.complete("web", fail=FAILURE if fails else None)
    closed = world.close_release().at_end(release_id, arn)
    world.step_functions.end(arn, "FAILED" if fails else "SUCCEEDED")
    return arn, closed, read_now


@settings(max_examples=100)
@given(changes(), st.sampled_from(["v1", "v1", "v1", ""]))
def test_a_rollback_reads_the_earlier_sources(
    change: tuple[dict[str, Any], dict[str, Any]], revision: str
) -> None:
    """Each source action of a rollback reads the same place and revision as in v1."""
    before, after = change
    world = ReleaseWorld()
    world.codepipeline.create_pipeline(pipeline=structure(before))
    _, _, read_then = release(world, "v1", revision)
    arn, closed, _ = release(world, "v2", "v2", fails=True)
    if after["there"]:
        world.codepipeline.update_pipeline(pipeline=structure(after))
    else:
        world.codepipeline.delete_pipeline(name="web")

    rollback = read(world, "v2")
    assert bool(rollback.manifest) is ("web" not in rollback.nothing_good)
    if closed["rollback"] is None:
        assert rollback.manifest is None
        return
    rolled_back = world.start(request(closed, arn))
    if rollback.manifest is None:
        with pytest.raises(RollbackRefused, match="- web: "):
            world.open_release(rolled_back)
        return
    with patch.object(RevisionSources, "find", return_value=Lookup(exists=None, note="not asked")):
        assert world.planner()(rollback.manifest).problems == ()
    assert world.open_release(rolled_back)["pipelines"] == ["web"]
    world.wait(rolled_back, "web", "v2-rollback")
    assert {each.action: origin(each) for each in sources(world)} == read_then
    assert all("v1" in each.overrides.values() for each in sources(world))
