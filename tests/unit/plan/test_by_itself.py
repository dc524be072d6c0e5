"""A plan warns of what pipelines do by themselves, with one line for each kind."""

from typing import Any

import pytest

from release_core.domain.automation import Automation
from release_core.domain.declarations import Declaration, SourceAction
from release_core.plan.by_itself import by_itself
from tests.worlds.plans import make_world, plan
from tests.worlds.release_world import declaration

POLLED = SourceAction(name="Fetch", provider="S3")
SILENT = SourceAction(
    name="Config", provider="CodeStarSourceConnection", configuration={"DetectChanges": "false"}
)


def warnings(*sources: SourceAction, **more: Any) -> list[str]:
    """The warnings for a pipeline, released together with the pipeline web."""
    found = Declaration(name="orders", type="V2", mode="SUPERSEDED", sources=sources, **more)
    return list(by_itself(found, sources, released=("orders", "web")))


def test_a_quiet_pipeline() -> None:
    """There is no warning for a pipeline that does nothing by itself."""
    assert warnings(SILENT) == []


@pytest.mark.parametrize(
    ("sources", "triggered_by", "named"),
    [
        ((POLLED, SILENT), frozenset(), "Fetch"),
        ((SILENT,), frozenset({"Config"}), "Config"),
        ((POLLED, SILENT), frozenset({"Config", "Fetch"}), "Fetch or Config"),
    ],
)
def test_changes_of_a_source(
    sources: tuple[SourceAction, ...], triggered_by: frozenset[str], named: str
) -> None:
    """The sources whose changes start the pipeline are named."""
    assert warnings(*sources, triggered_by=triggered_by) == [
        f"may also start by itself, outside of this release, when {named} changes"
    ]


def test_stages() -> None:
    """The stages that CodePipeline may skip, retry or roll back are in one line."""
    automation = Automation(
        skipped=frozenset({"Smoke"}),
        retried=frozenset({"Deploy", "Build"}),
        rolled_back=frozenset({"Deploy"}),
    )
    (line,) = warnings(automation=automation)
    assert line == (
        "CodePipeline may by itself skip stage Smoke; retry stages Build, Deploy; "
        "roll back stage Deploy"
    )


def test_other_pipelines() -> None:
    """Pipelines of the same manifest run twice, and that is said more loudly."""
    assert warnings(starts=("reports", "web", "mail")) == [
        "an action starts pipelines that this manifest releases, too, so they run TWICE: web",
        "an action starts other pipelines, outside of this release: reports, mail",
    ]


def test_a_plan_has_the_warnings() -> None:
    """The plan of a manifest has them for each pipeline, with the variables of the manifest."""
    world = make_world()
    web: Any = declaration("web")
    configuration = web["stages"][0]["actions"][0]["configuration"]
    configuration["PollForSourceChanges"] = "#{variables.POLL}"
    web["variables"] = [{"name": "POLL", "defaultValue": "false"}]
    web["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    world.codepipeline.create_pipeline(pipeline=web)
    (planned,) = plan(world, "web").pipelines
    assert planned.warnings == ("CodePipeline may by itself roll back stage Deploy",)
    (planned,) = plan(world, {"name": "web", "variables": {"POLL": "true"}}).pipelines
    assert planned.as_json()["warnings"] == [
        "may also start by itself, outside of this release, when Fetch changes",
        "CodePipeline may by itself roll back stage Deploy",
    ]
