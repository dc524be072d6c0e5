"""CodePipeline skips a stage whose condition is not met, and the execution succeeds without it."""

from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from release_core.decide.timing import LOOK_LAG
from release_core.domain.release import PipelineStatus
from release_core.errors import ReleaseNotResumable
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, refuse
from tests.worlds.gates import GATE
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import PERSON, read, run

CLOSED = ActionResult("JobFailed", "gate says no")
WHY = "rule Gate of a stage condition failed: gate says no (JobFailed)"


def configure(world: ReleaseWorld, **conditions: Any) -> None:
    """Give the stage Deploy of ``orders`` conditions."""
    changed = declaration("orders")
    changed["stages"][1] |= conditions
    world.codepipeline.update_pipeline(pipeline=changed)


@pytest.fixture(name="gated")
def gated_world(world: ReleaseWorld) -> ReleaseWorld:
    """An account in which a gate stands before the deployment of ``orders``."""
    configure(world, beforeEntry=GATE)
    return world


def finish(world: ReleaseWorld, action: str, result: ActionResult | None = None) -> None:
    """End the running action, or rule, of that name."""
    (running,) = [one for one in world.codepipeline.actions.values() if one.action == action]
    world.finish(running, result)


def skip(world: ReleaseWorld) -> None:
    """Let ``orders`` run to its end without its deployment, and deliver its events."""
    finish(world, "Fetch", ActionResult(revision=Revision("skipped", "a version")))
    finish(world, "Gate", CLOSED)
    world.deliver()


def last_good(world: ReleaseWorld) -> list[str]:
    """The executions that a rollback of ``orders`` would restore."""
    return [
        each["last_good"]["execution_id"]
        for each in world.items("pipelines")
        if each["pipeline"] == "orders" and "last_good" in each
    ]


def test_a_skipped_stage_is_accepted_and_said(gated: ReleaseWorld) -> None:
    """The pipeline has succeeded; record, audit and outcome name the stage and the reason."""
    arn = gated.begin("orders")
    token = gated.wait(arn)
    skip(gated)
    assert gated.settlement(token).succeeded
    (skipped,) = gated.pipeline().skipped_stages
    assert (skipped.stage, skipped.deploys, skipped.why) == ("Deploy", True, WHY)
    said = [each["what"] for each in gated.item("pipeline#orders")["audit"]]
    assert said[-1] == f"ended; stage Deploy was skipped: {WHY}"
    closed = gated.close(arn)
    assert closed["status"] == "SUCCEEDED"
    assert closed["why"] == (
        "its 1 pipeline succeeded, but CodePipeline skipped stages:\n"
        f"- orders: stage Deploy was skipped: {WHY}"
    )


def test_a_skipped_deployment_is_not_live(gated: ReleaseWorld) -> None:
    """The last good execution stays the one before, which a rollback restores."""
    first = gated.begin("orders", release_id="v1")
    gated.wait(first, release_id="v1")
    gated.complete("orders")
    good = last_good(gated)
    gated.close(first, "v1")
    second = gated.begin("orders", release_id="v2")
    gated.wait(second, release_id="v2")
    skip(gated)
    assert last_good(gated) == good
    gated.close(second, "v2")
    assert not read(gated, "v2").manifest


def test_a_skipped_stage_that_does_not_deploy_is_live(world: ReleaseWorld) -> None:
    """A stage of tests may be skipped: what the others deployed is live."""
    changed = declaration("orders")
    kind = {"category": "Test", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    check = {**changed["stages"][1]["actions"][0], "name": "Check", "actionTypeId": kind}
    check["configuration"] = {"ProjectName": "check"}
    tests = {"name": "Tests", "actions": [check], "beforeEntry": GATE}
    changed["stages"].append(tests)
    world.codepipeline.update_pipeline(pipeline=changed)
    world.wait(world.begin("orders"))
    finish(world, "Fetch")
    finish(world, "Copy")
    finish(world, "Gate", CLOSED)
    world.deliver()
    assert [each.stage for each in world.pipeline().skipped_stages] == ["Tests"]
    assert last_good(world) == [world.pipeline().execution_id]


def test_a_release_may_refuse_skipped_stages(gated: ReleaseWorld) -> None:
    """With onSkipped fail, the pipeline has failed, and its dependents are not started."""
    after = {"name": "catalog", "dependsOn": ["orders"]}
    arn = gated.begin("orders", after, onSkipped="fail")
    tokens = gated.wait_for_all(arn)
    skip(gated)
    outcome = gated.settlement(tokens["orders"])
    assert outcome.error == "PipelineFailed"
    said = f"stage Deploy: CodePipeline skipped the stage, and onSkipped is fail: {WHY}"
    assert said in str(outcome.cause)
    assert gated.statuses() == {"orders": "FAILED", "catalog": "SKIPPED"}
    assert last_good(gated) == []


def test_a_refused_success_is_no_late_success(gated: ReleaseWorld) -> None:
    """The event of the success may come twice; the pipeline has not succeeded for that."""
    arn = gated.begin("orders", onSkipped="fail")
    gated.wait(arn)
    finish(gated, "Fetch")
    finish(gated, "Gate", CLOSED)
    events = gated.undelivered()
    for event in [*events, *events]:
        gated.record_state_change(event)
    assert gated.pipeline().late_success is None
    assert last_good(gated) == []


def test_the_next_attempt_runs_what_was_skipped_again(gated: ReleaseWorld) -> None:
    """A retry of the release starts a new execution, which can deploy now."""
    arn = gated.begin("orders", onSkipped="fail")
    gated.wait(arn)
    skip(gated)
    gated.close(arn)
    token = gated.wait(gated.begin("orders", onSkipped="fail", resume=True))
    gated.complete("orders")
    assert gated.settlement(token).succeeded
    assert gated.pipeline().skipped_stages == ()
    assert len(gated.executions_of("orders")) == 2


def test_a_refused_success_repairs_nothing(gated: ReleaseWorld) -> None:
    """An automatic rollback takes place although CodePipeline says that the pipeline succeeded."""
    run(gated, "v1", "catalog", "orders")
    arn = gated.begin("catalog", "orders", onFailure="rollback", onSkipped="fail")
    gated.wait_for_all(arn)
    gated.ship("v2", "catalog")
    skip(gated)
    closed = gated.close(arn)
    assert closed["status"] == "FAILED"
    assert closed["rollback"]["release_id"] == "r-rollback"
    automatic = read(gated, "r", cause=arn, rollback_id="r-rollback")
    assert [each["name"] for each in automatic.manifest["pipelines"]] == ["catalog"]


@pytest.mark.parametrize("condition", [{"result": "SKIP"}, GATE])
def test_a_failed_stage_may_be_skipped(world: ReleaseWorld, condition: dict[str, Any]) -> None:
    """The stage has failed, and CodePipeline goes on without it."""
    configure(world, onFailure=condition)
    arn = world.begin("orders")
    token = world.wait(arn)
    finish(world, "Fetch")
    finish(world, "Copy", FAILURE)
    if "conditions" in condition:
        finish(world, "Gate", CLOSED)
    world.deliver()
    if world.settlement(token).error == "LookAgain":
        world.clock.advance(LOOK_LAG)
        token = world.wait(arn)
    assert world.settlement(token).succeeded
    (skipped,) = world.pipeline().skipped_stages
    assert skipped.deploys
    assert last_good(world) == []


def test_a_late_list_is_no_skip(gated: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """While CodePipeline may not show all actions, nothing is recorded."""
    arn = gated.begin("orders", onSkipped="fail")
    token = gated.wait(arn)
    gated.play("orders")
    listed = gated.codepipeline.list_action_executions
    late: dict[str, list[Any]] = {"actionExecutionDetails": []}
    with monkeypatch.context() as patched:
        patched.setattr(gated.codepipeline, "list_action_executions", lambda **_: late)
        gated.deliver()
    assert gated.pipeline().status is PipelineStatus.RUNNING
    assert gated.settlement(token).error == "LookAgain"
    assert listed(pipelineName="orders")["actionExecutionDetails"]
    token = gated.wait(arn)
    assert gated.settlement(token).succeeded
    assert gated.pipeline().skipped_stages == ()
    assert last_good(gated) == [gated.pipeline().execution_id]


def test_a_list_that_cannot_be_read_is_no_skip(
    gated: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the permission, the success counts after a minute."""
    arn = gated.begin("orders")
    gated.wait(arn)
    denied = Refused("AccessDeniedException", "not allowed")
    refuse(monkeypatch, gated.codepipeline, "list_action_executions", denied)
    gated.complete("orders")
    gated.clock.advance(LOOK_LAG)
    assert gated.settlement(gated.wait(arn)).succeeded
    assert gated.pipeline().skipped_stages == ()


def test_a_pipeline_edited_since_the_opening(world: ReleaseWorld) -> None:
    """The stages are those of the version that ran, not of the version at the opening."""
    arn = world.begin("orders")
    configure(world, beforeEntry=GATE)
    token = world.wait(arn)
    finish(world, "Fetch")
    finish(world, "Gate", CLOSED)
    changed = declaration("orders")
    changed["executionMode"] = "PARALLEL"
    world.deliver()
    world.codepipeline.update_pipeline(pipeline=changed)
    assert world.settlement(token).succeeded
    assert [each.stage for each in world.pipeline().skipped_stages] == ["Deploy"]


def test_a_success_since_the_close_without_its_deployment(gated: ReleaseWorld) -> None:
    """A resume runs a pipeline again that a person retried, and whose deployment was skipped."""
    arn = gated.begin("orders", onSkipped="fail")
    gated.wait(arn)
    finish(gated, "Fetch")
    finish(gated, "Gate")
    finish(gated, "Copy", FAILURE)
    gated.deliver()
    gated.close(arn)
    gated.codepipeline.retry_stage_execution(
        pipelineName="orders",
        pipelineExecutionId=gated.pipeline().execution_id,
        stageName="Deploy",
        retryMode="ALL_ACTIONS",
    )
    finish(gated, "Gate", CLOSED)
    gated.clock.advance(timedelta(hours=1))
    again = {"releaseId": "r", "pipelines": ["orders"], "onSkipped": "fail", "resume": True}
    with pytest.raises(ReleaseNotResumable, match="not show yet which stages of orders ran"):
        gated.open_release(gated.start(write_json(again)))
    gated.clock.advance(LOOK_LAG)
    gated.wait(gated.begin("orders", onSkipped="fail", resume=True))
    assert len(gated.executions_of("orders")) == 2


def start_by_hand(world: ReleaseWorld) -> str:
    """Let a person start ``orders`` without a release; returns the execution."""
    world.codepipeline.caller = PERSON
    return str(world.codepipeline.start_pipeline_execution(name="orders")["pipelineExecutionId"])


def test_what_was_shipped_by_hand_without_its_deployment_is_not_live(gated: ReleaseWorld) -> None:
    """A rollback goes back to the execution before, which has deployed."""
    deployed = start_by_hand(gated)
    gated.ship("v1")
    start_by_hand(gated)
    skip(gated)
    gated.clock.advance(timedelta(minutes=1))
    run(gated, "v2", "orders")
    restores = read(gated, "v2").restores
    assert restores == {"orders": deployed}


@pytest.mark.parametrize("denied", ["list_action_executions", "list_rule_executions"])
def test_a_gated_pipeline_that_is_gone_or_not_readable_has_succeeded(
    gated: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    """Nothing is known about its stages then, and its event has told the success."""
    arn = gated.begin("orders")
    token = gated.wait(arn)
    gated.play("orders")
    refuse(monkeypatch, gated.codepipeline, denied, Refused("AccessDeniedException", "no"))
    gated.codepipeline.delete_pipeline(name="orders")
    gated.deliver()
    assert gated.settlement(token).succeeded
