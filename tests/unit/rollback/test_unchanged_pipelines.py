"""A rollback leaves alone the pipelines that ran in a release and changed nothing."""

from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from localstack_codepipeline.model import Revision as Delivered
from release_core.errors import RollbackRefused
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import ROLLBACK, pins, read, request

REJECTED = ActionResult(error_code="JobFailed", error_message="rejected", summary="no")
LEFT_ALONE = "left alone: it changed nothing (it began only sources, approvals, builds or tests)"
_CONFIGURATIONS = {
    "CodeBuild": {"ProjectName": "app"},
    "Lambda": {"FunctionName": "app"},
    "Manual": dict[str, str](),
}


def stage(name: str, category: str, provider: str) -> dict[str, Any]:
    """A stage of one action of the same name."""
    return {
        "name": name,
        "actions": [
            {
                "name": name,
                "actionTypeId": {
                    "category": category,
                    "owner": "AWS",
                    "provider": provider,
                    "version": "1",
                },
                "configuration": _CONFIGURATIONS[provider],
                "inputArtifacts": [] if category == "Approval" else [{"name": "app"}],
                "outputArtifacts": [],
                "runOrder": 1,
            }
        ],
    }


BUILD = stage("Build", "Build", "CodeBuild")
TEST = stage("Try", "Test", "CodeBuild")
APPROVAL = stage("Approve", "Approval", "Manual")
INVOKE = stage("Invoke", "Invoke", "Lambda")


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with an empty history."""
    return ReleaseWorld()


def make(world: ReleaseWorld, *between: dict[str, Any], deploys: bool = True) -> str:
    """Make pipeline ``app``, which release v1 has shipped."""
    structure = declaration("app")
    source, deploy = structure["stages"]
    structure["stages"] = [source, *between, *([deploy] if deploys else [])]
    world.codepipeline.create_pipeline(pipeline=structure)
    arn = world.begin("app", release_id="v1")
    world.wait(arn, "app", "v1")
    advance(world, "app v1", until="")
    world.close(arn, "v1")
    return "app"


def advance(world: ReleaseWorld, version: str, *, until: str, fail: bool = True) -> None:
    """Let ``app`` ship a version up to this stage, which fails; an empty stage is never reached."""
    delivered = ActionResult(revision=Delivered(version, f"Amazon S3 version id: {version}"))
    world.finish(world.fetch("app"), delivered)
    while True:
        running = [a for a in world.codepipeline.actions.values() if a.pipeline == "app"]
        if not running:
            break
        if running[0].stage == until:
            if not fail:
                break
            world.finish(running[0], FAILURE)
        else:
            world.finish(running[0])
    world.deliver()


def fail(world: ReleaseWorld, at: str) -> tuple[str, dict[str, Any]]:
    """Let release v2 fail in this stage of ``app``; returns its execution and close."""
    arn = world.begin("app", release_id="v2", **ROLLBACK)
    world.wait(arn, "app", "v2")
    advance(world, "app v2", until=at)
    return arn, world.close(arn, "v2")


@pytest.mark.parametrize(
    ("between", "at"),
    [
        ((APPROVAL,), "Approve"),
        ((BUILD,), "Build"),
        ((APPROVAL, TEST), "Try"),
    ],
    ids=("rejected", "build failed", "test failed"),
)
def test_a_pipeline_that_changed_nothing_is_left_alone(
    world: ReleaseWorld, between: tuple[dict[str, Any], ...], at: str
) -> None:
    """It fails before its deployment: no rollback is announced, and the reason says why."""
    make(world, *between)
    _, closed = fail(world, at)
    assert closed["rollback"] is None
    told = f"there is nothing to roll back in release v2:\n- app: {LEFT_ALONE}"
    assert closed["why"].endswith(f"\n{told}")
    rollback = read(world, "v2")
    assert (rollback.unchanged, list(rollback.wanted)) == (("app",), [])
    assert str(rollback) == told


@pytest.mark.parametrize(
    ("between", "at"),
    [((), "Deploy"), ((APPROVAL,), "Deploy"), ((INVOKE,), "Invoke")],
    ids=("deployment failed", "deployment after an approval", "invocation failed"),
)
def test_a_pipeline_that_may_have_changed_something_is_rolled_back(
    world: ReleaseWorld, between: tuple[dict[str, Any], ...], at: str
) -> None:
    """A deployment or an invocation began, even if it failed."""
    make(world, *between)
    _, closed = fail(world, at)
    assert closed["rollback"]
    assert list(read(world, "v2").wanted) == ["app"]


def test_a_build_may_deploy_where_nothing_else_does(world: ReleaseWorld) -> None:
    """A pipeline of only sources and builds is rolled back when a build began."""
    make(world, BUILD, deploys=False)
    fail(world, "Build")
    assert list(read(world, "v2").wanted) == ["app"]


def test_a_build_may_have_deployed_before_the_pipeline_was_edited(world: ReleaseWorld) -> None:
    """The present declaration says nothing about an execution of an earlier version."""
    make(world, BUILD, deploys=False)
    fail(world, "Build")
    structure = world.codepipeline.get_pipeline(name="app")["pipeline"]
    structure["stages"].append(declaration("app")["stages"][-1])
    world.codepipeline.update_pipeline(pipeline=structure)
    assert list(read(world, "v2").wanted) == ["app"]


def test_an_earlier_attempt_counts(world: ReleaseWorld) -> None:
    """The first attempt deployed and failed, the second failed before: it is rolled back."""
    make(world, APPROVAL)
    fail(world, "Deploy")
    resumed = {"releaseId": "v2", "pipelines": ["app"], **ROLLBACK, "resume": True}
    again = world.start(write_json(resumed))
    world.open_release(again)
    world.wait(again, "app", "v2")
    advance(world, "app v2", until="Approve")
    closed = world.close(again, "v2")
    assert closed["rollback"]
    assert list(read(world, "v2").wanted) == ["app"]


def test_a_late_or_unreadable_list_of_actions_means_a_rollback(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is uncertain whether a pipeline changed something, it is rolled back."""
    make(world, APPROVAL)
    fail(world, "Approve")
    original = world.codepipeline.list_action_executions

    def late(**request: Any) -> Any:
        answer = original(**request)
        for each in answer["actionExecutionDetails"]:
            each["status"] = "InProgress" if each["actionName"] == "Approve" else each["status"]
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(world.codepipeline, "list_action_executions", late, raising=False)
        assert list(read(world, "v2").wanted) == ["app"]
    with monkeypatch.context() as patch:
        refuse(
            patch,
            world.codepipeline,
            "list_action_executions",
            Refused("AccessDeniedException", "no"),
        )
        assert list(read(world, "v2").wanted) == ["app"]
    assert read(world, "v2").unchanged == ("app",)


def test_the_others_are_rolled_back_and_both_texts_name_it(world: ReleaseWorld) -> None:
    """A rejected pipeline is left alone, while one that succeeded is rolled back."""
    make(world, APPROVAL)
    arn = world.begin("orders", release_id="v0")
    world.wait(arn, "orders", "v0")
    world.ship("orders v0")
    world.close(arn, "v0")
    arn = world.begin("orders", "app", release_id="v2", **ROLLBACK)
    for name in ("orders", "app"):
        world.wait(arn, name, "v2")
    world.ship("orders v2")
    advance(world, "app v2", until="Approve")
    closed = world.close(arn, "v2")
    told = f"Not rolled back:\n- app: {LEFT_ALONE}"
    assert closed["why"].endswith(f"\nrelease v2-rollback rolls back: orders. {told}")
    world.open_release(world.start(request(closed, arn)))
    assert pins(world, "v2-rollback") == {"orders": ["orders v0"]}
    audit = world.item("release", "v2")["audit"][-1]["what"]
    assert audit == f"rolled back by release v2-rollback. {told}"


def test_nothing_to_roll_back_is_refused(world: ReleaseWorld) -> None:
    """A request to roll back a release that changed nothing is refused with that reason."""
    make(world, APPROVAL)
    fail(world, "Approve")
    asked = world.start(write_json({"rollBack": "v2", "releaseId": "v2-rollback"}))
    with pytest.raises(RollbackRefused, match="left alone: it changed nothing"):
        world.open_release(asked)
