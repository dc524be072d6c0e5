"""What is live in pipelines: by the ledger and by CodePipeline's history, shipped by anybody."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision, RunAction
from release_core.domain.live import Live, LivePipelines
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, count_calls
from tests.worlds.gates import GATE
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import PERSON, by_hand, finish, read, run, start_by_hand

VARIABLE = [{"name": "STAGE", "defaultValue": "prod"}]


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders``."""
    world = ReleaseWorld()
    run(world, "v1", "orders")
    world.clock.advance(timedelta(minutes=1))
    return world


def look(world: ReleaseWorld, *names: str) -> LivePipelines:
    """Read what is live in these pipelines."""
    return world.parts("release-machine").live(names)


def live(world: ReleaseWorld, name: str = "orders") -> Live:
    """Read what is live in one pipeline."""
    return look(world, name).live[name]


def hand_in(world: ReleaseWorld, release_id: str, text: str) -> None:
    """Let a release of ``orders`` ship what its manifest pins, and end."""
    arn = world.start(text)
    world.open_release(arn)
    world.wait(arn, "orders", release_id)
    pins = world.pipeline("orders", release_id).source_revisions
    world.ship(pins[0].revision)
    world.close(arn, release_id)
    world.clock.advance(timedelta(minutes=1))


def roll_back(world: ReleaseWorld, release_id: str) -> None:
    """Roll a release of ``orders`` back."""
    asked = {"rollBack": release_id, "releaseId": f"{release_id}-rollback"}
    hand_in(world, f"{release_id}-rollback", write_json(asked))


def ship_with(world: ReleaseWorld, release_id: str, stage: str) -> None:
    """Let a release of ``orders`` ship one build with this value of its variable."""
    arn = world.begin({"name": "orders", "variables": {"STAGE": stage}}, release_id=release_id)
    world.wait(arn, "orders", release_id)
    world.ship("the build")
    world.close(arn, release_id)
    world.clock.advance(timedelta(minutes=1))


def refuse(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, operation: str, code: str) -> None:
    """Let CodePipeline refuse an operation."""
    service = world.codepipeline._service

    def refused(**_: Any) -> None:
        raise service.error(Refused(code, "no"), operation)

    name = "".join(f"_{each.lower()}" if each.isupper() else each for each in operation)[1:]
    monkeypatch.setattr(world.codepipeline, name, refused, raising=False)


def let_codepipeline_roll_back(world: ReleaseWorld) -> None:
    """Let CodePipeline itself roll ``orders`` back from now on when its deployment fails."""
    changed = declaration("orders")
    changed["stages"][-1]["onFailure"] = {"result": "ROLLBACK"}
    world.codepipeline.update_pipeline(pipeline=changed)


def be_rolled_back(world: ReleaseWorld, version: str) -> None:
    """Let the deployment of a version fail, and let CodePipeline roll it back."""
    world.finish(world.fetch("orders"), ActionResult(revision=Revision(version, "")))
    (copy,) = world.codepipeline.actions.values()
    world.finish(copy, FAILURE)
    world.deliver()
    world.clock.advance(timedelta(minutes=1))
    world.complete("orders")


def test_what_a_release_shipped_is_live(world: ReleaseWorld) -> None:
    """It is live since its success, by the requester of the release, with its revisions."""
    started = world.clock()
    run(world, "v2", "orders")
    found = live(world)
    assert (found.good.release_id, found.revisions) == ("v2", {"Fetch": "orders v2"})
    assert (found.by, found.trigger) == (world.release("v2").requester, None)
    assert (found.since >= started, found.restored_by, found.undone) == (True, None, ())


def test_a_retry_names_who_shipped_each_pipeline(world: ReleaseWorld) -> None:
    """Bob has retried what failed; Alice asked for what had succeeded before."""
    manifest = {"releaseId": "v2", "pipelines": ["orders", "catalog"]}
    arn = world.start(write_json({"manifest": manifest, "requestedBy": "alice"}))
    world.open_release(arn)
    finish(world, arn, "v2", "orders", "catalog", bad="catalog")
    world.clock.advance(timedelta(minutes=1))
    arn = world.start(write_json({"retry": "v2", "requestedBy": "bob"}))
    world.open_release(arn)
    finish(world, arn, "v2", "catalog")
    assert {name: each.by for name, each in look(world, "orders", "catalog").live.items()} == {
        "orders": "alice",
        "catalog": "bob",
    }


@pytest.mark.parametrize("by", ["bob", None])
def test_a_later_retry_leaves_the_names_as_they_are(world: ReleaseWorld, by: str | None) -> None:
    """Carol retried what was left; who had shipped the rest is named as far as that is certain."""
    names = ("orders", "catalog", "payments")
    manifest = {"releaseId": "v2", "pipelines": [*names], "onFailure": "continue"}
    for number, asked in enumerate(
        (
            {"manifest": manifest, "requestedBy": "alice"},
            {"retry": "v2", **({"requestedBy": by} if by else {})},
            {"retry": "v2", "requestedBy": "carol"},
        )
    ):
        arn = world.start(write_json(asked))
        world.open_release(arn)
        left = names[number:]
        for name in left:
            world.wait(arn, name, "v2")
            world.ship(f"{name} v2", name, fails=name != left[0])
        world.close(arn, "v2")
        world.clock.advance(timedelta(minutes=1))
    assert {name: each.by for name, each in look(world, *names).live.items()} == {
        "orders": "alice",
        "catalog": by,
        "payments": "carol" if by else None,
    }


def test_what_was_shipped_by_hand_since_is_live(world: ReleaseWorld) -> None:
    """The execution is named with who started it; no release is."""
    execution_id = by_hand(world, "orders by hand")
    found = live(world)
    assert (found.good.release_id, found.good.execution_id) == (None, execution_id)
    assert (found.by, found.trigger) == (PERSON, "StartPipelineExecution")
    assert found.revisions == {"Fetch": "orders by hand"}
    run(world, "v2", "orders")
    assert live(world).good.release_id == "v2"


def test_what_did_not_succeed_is_not_live(world: ReleaseWorld) -> None:
    """A failed execution and a running one leave what was live before."""
    assert live(world).ran_last
    by_hand(world, "broken", fails=True)
    assert (live(world).good.release_id, live(world).ran_last) == ("v1", False)
    start_by_hand(world)
    assert live(world).good.release_id == "v1"


def test_a_pipeline_without_a_success_is_absent(world: ReleaseWorld) -> None:
    """Nothing is live in it, and it could be read."""
    by_hand(world, "broken", "catalog", fails=True)
    found = look(world, "catalog", "payments")
    assert (found.live, found.unread) == ({}, {})


def test_what_ended_last_is_live(world: ReleaseWorld) -> None:
    """In PARALLEL mode an execution that began first may end last."""
    fetch, first, second = run_in_parallel(world)
    assert (live(world, "web").good.execution_id, live(world, "web").ran_last) == (second, False)
    world.clock.advance(timedelta(seconds=10))
    world.finish(fetch, ActionResult(revision=Revision("first", "")))
    world.complete("web")
    assert (live(world, "web").good.execution_id, live(world, "web").ran_last) == (first, False)


def test_an_execution_of_the_same_time_may_have_changed_a_part(world: ReleaseWorld) -> None:
    """In PARALLEL mode it may have deployed after another one did, and ended before that."""
    fetch, _, _ = run_in_parallel(world)
    world.finish(fetch, FAILURE)
    world.clock.advance(timedelta(minutes=1))
    third = by_hand(world, "third", "web")
    assert (live(world, "web").good.execution_id, live(world, "web").ran_last) == (third, True)
    start_by_hand(world, "web")
    late = world.fetch("web")
    world.clock.advance(timedelta(seconds=10))
    fourth = start_by_hand(world, "web")
    (fetch,) = [one for one in world.codepipeline.actions.values() if one != late]
    world.finish(fetch, ActionResult(revision=Revision("fourth", "")))
    world.clock.advance(timedelta(seconds=10))
    world.finish(late, FAILURE)
    world.clock.advance(timedelta(seconds=10))
    world.complete("web")
    assert (live(world, "web").good.execution_id, live(world, "web").ran_last) == (fourth, False)


def test_an_older_execution_that_waits_in_turn_changes_nothing_later(world: ReleaseWorld) -> None:
    """In the other modes it is ahead in every stage, though it may end after the next has begun."""
    start_by_hand(world)
    fetch = world.fetch("orders")
    world.clock.advance(timedelta(seconds=10))
    start_by_hand(world)
    world.finish(fetch, FAILURE)
    world.clock.advance(timedelta(seconds=10))
    world.ship("newest")
    assert (live(world).revisions, live(world).ran_last) == ({"Fetch": "newest"}, True)


def test_an_older_execution_that_runs_again_may_change_a_part(world: ReleaseWorld) -> None:
    """Somebody retried its stage."""
    (newest,) = world.parts().history.recent("orders")
    older = replace(newest, execution_id="older", state=None)
    found = world.parts().live(["orders"], listed={"orders": [newest, older]}).live["orders"]
    assert (found.good.execution_id, found.ran_last) == (newest.execution_id, False)


def run_in_parallel(world: ReleaseWorld) -> tuple[RunAction, str, str]:
    """Let the second of two executions of ``web`` succeed; returns the source action of the first.

    And the two executions.
    """
    parallel = {**declaration("web"), "executionMode": "PARALLEL"}
    world.codepipeline.create_pipeline(pipeline=parallel)
    first = start_by_hand(world, "web")
    fetch = world.fetch("web")
    world.clock.advance(timedelta(seconds=10))
    second = start_by_hand(world, "web")
    (other,) = [one for one in world.codepipeline.actions.values() if one != fetch]
    world.finish(other, ActionResult(revision=Revision("second", "")))
    (deploy,) = [one for one in world.codepipeline.actions.values() if one.stage == "Deploy"]
    world.finish(deploy)
    return fetch, first, second


def skip(world: ReleaseWorld, name: str, *, times: int = 1) -> None:
    """Let executions by hand succeed whose deployment CodePipeline skips."""
    gated = declaration(name)
    gated["stages"][1]["beforeEntry"] = GATE
    world.codepipeline.update_pipeline(pipeline=gated)
    for _ in range(times):
        start_by_hand(world, name)
        world.finish(world.fetch(name), ActionResult(revision=Revision("skipped", "")))
        (gate,) = world.codepipeline.actions.values()
        world.finish(gate, ActionResult("JobFailed", "closed"))
        world.clock.advance(timedelta(minutes=1))
    world.deliver()
    assert world.executions_of(name)[0]["status"] == "Succeeded"


def test_a_skipped_deployment_is_not_live(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success whose deployment CodePipeline skipped has shipped nothing.

    Without the permission to see that, nothing is said to be live.
    """
    skip(world, "orders")
    assert live(world).good.release_id == "v1"
    refuse(world, monkeypatch, "ListActionExecutions", "AccessDeniedException")
    found = look(world, "orders")
    assert found.live == {}
    assert found.unread == {"orders": "ListActionExecutions is not allowed"}


def test_only_some_skipped_deployments_are_looked_at(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After five of them, with two calls for each, the pipeline is named with the reason."""
    skip(world, "catalog", times=6)
    listed = count_calls(monkeypatch, world.codepipeline, "list_action_executions")
    declared = count_calls(monkeypatch, world.codepipeline, "get_pipeline")
    assert look(world, "catalog").unread == {
        "catalog": "CodePipeline skipped the deployment in its last 5 successes"
    }
    assert (len(listed), len(declared)) == (5, 5)


def test_a_rollback_by_codepipeline_counts_as_what_it_restored(world: ReleaseWorld) -> None:
    """What release v1 shipped is live again, since that rollback; the failed build is undone."""
    let_codepipeline_roll_back(world)
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    failed = start_by_hand(world)
    be_rolled_back(world, "orders bad")
    (rollback,) = world.codepipeline.rollbacks_of("orders", failed)
    found = live(world)
    assert (found.good.release_id, found.restored_by) == ("v2", rollback.id)
    assert (found.trigger, found.by) == ("AutomatedRollback", None)
    assert found.since == rollback.updated_at
    (undone,) = found.undone
    assert (undone.revision, undone.shipped_by) == ("orders bad", failed)
    assert (undone.by, undone.by_release, undone.at) == (rollback.id, False, rollback.updated_at)


def test_codepipeline_rolls_a_release_back(world: ReleaseWorld) -> None:
    """The release waits for that rollback, so it has it on record, but has not started it."""
    let_codepipeline_roll_back(world)
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    arn = world.begin("orders", release_id="v3")
    world.wait(arn, "orders", "v3")
    be_rolled_back(world, "orders v3")
    world.close(arn, "v3")
    started = world.pipeline("orders", "v3").execution_id
    (rollback,) = world.codepipeline.rollbacks_of("orders", str(started))
    assert world.ledger.get_executions([rollback.id])[rollback.id].release_id == "v3"
    found = live(world)
    assert (found.good.release_id, found.restored_by) == ("v2", rollback.id)
    (undone,) = found.undone
    assert (undone.revision, undone.shipped_by, undone.by) == ("orders v3", "v3", rollback.id)
    assert (undone.shipped_by_release, undone.by_release) == (True, False)


def test_a_stage_that_a_person_rolled_back(world: ReleaseWorld) -> None:
    """The person is named, and all that was shipped since that execution is undone."""
    first = by_hand(world, "first")
    world.clock.advance(timedelta(minutes=1))
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    world.codepipeline.caller = PERSON
    world.codepipeline.rollback_stage(
        pipelineName="orders", stageName="Deploy", targetPipelineExecutionId=first
    )
    world.complete("orders")
    found = live(world)
    assert (found.good.execution_id, found.revisions) == (first, {"Fetch": "first"})
    assert (found.by, found.trigger) == (PERSON, "ManualRollback")
    assert found.rolled_back == ("orders v2",)


def test_what_a_release_rolled_back_is_undone(world: ReleaseWorld) -> None:
    """After the rollback of v2 the build of v1 is live, and that of v2 is undone by a release."""
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    roll_back(world, "v2")
    found = live(world)
    assert (found.good.release_id, found.revisions) == ("v2-rollback", {"Fetch": "orders v1"})
    undone = found.undone_revision("Fetch", "orders v2")
    assert undone
    assert (undone.shipped_by, undone.by, undone.by_release) == ("v2", "v2-rollback", True)
    assert found.undone_revision("Fetch", "orders v1") is None
    assert undone.as_json()["at"] == found.as_json()["since"]


def test_a_rolled_back_build_stays_undone_after_another_release(world: ReleaseWorld) -> None:
    """Another release does not change that; shipping the build again does."""
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    roll_back(world, "v2")
    by_hand(world, "orders v3")
    assert live(world).rolled_back == ("orders v2",)
    world.clock.advance(timedelta(minutes=1))
    by_hand(world, "orders v2")
    assert live(world).rolled_back == ()


def test_a_rollback_over_later_releases_undoes_them_too(world: ReleaseWorld) -> None:
    """The rollback of v2 goes back to v1, so v3 is undone as well."""
    for release_id in ("v2", "v3"):
        run(world, release_id, "orders")
        world.clock.advance(timedelta(minutes=1))
    rollback = read(world, "v2", over_later=True)
    hand_in(world, rollback.rollback_id, write_json(rollback.manifest))
    assert live(world).rolled_back == ("orders v3", "orders v2")


def test_a_build_that_never_shipped_was_not_rolled_back(world: ReleaseWorld) -> None:
    """Somebody tried a build by hand, which failed, before the rollback: nothing is known of it."""
    run(world, "v2", "orders")
    by_hand(world, "never shipped", fails=True)
    world.clock.advance(timedelta(minutes=1))
    roll_back(world, "v2")
    assert live(world).rolled_back == ("orders v2",)


def test_a_failed_build_of_a_release_that_was_rolled_back(world: ReleaseWorld) -> None:
    """The release has failed with it, and was rolled back: it counts as rolled back."""
    run(world, "v2", "orders", bad="orders")
    world.clock.advance(timedelta(minutes=1))
    roll_back(world, "v2")
    assert live(world).rolled_back == ("orders v2",)


def test_a_rollback_whose_target_is_not_listed(world: ReleaseWorld) -> None:
    """Only what the rolled back release itself shipped is known to be undone."""
    by_hand(world, "orders by hand")
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    roll_back(world, "v2")
    listed = [*world.parts().history.recent("orders")][:2]
    found = world.parts().live(["orders"], listed={"orders": listed}).live["orders"]
    assert (found.good.release_id, found.rolled_back) == ("v2-rollback", ("orders v2",))


def test_a_failed_rollback_has_undone_nothing(world: ReleaseWorld) -> None:
    """What was to be rolled back is still live."""
    run(world, "v2", "orders")
    arn = world.start(write_json(read(world, "v2").manifest))
    world.open_release(arn)
    world.wait(arn, "orders", "v2-rollback")
    world.ship("orders v1", fails=True)
    world.close(arn, "v2-rollback")
    found = live(world)
    assert (found.good.release_id, found.undone) == ("v2", ())


def test_a_pipeline_that_cannot_be_read_is_named(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its reason, and the others are read."""
    found = look(world, "orders", "nowhere")
    assert found.live.keys() == {"orders"}
    assert found.unread == {"nowhere": "CodePipeline has no pipeline with this name"}
    refuse(world, monkeypatch, "ListPipelineExecutions", "AccessDeniedException")
    assert look(world, "orders").unread == {"orders": "ListPipelineExecutions is not allowed"}


def test_an_execution_that_cannot_be_examined_names_its_pipeline(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Throttling has its reason, too: what release v1 shipped is not said to be live."""
    by_hand(world, "orders by hand")
    refuse(world, monkeypatch, "ListActionExecutions", "ThrottlingException")
    found = look(world, "orders")
    assert found.live == {}
    assert found.unread == {"orders": "ListActionExecutions failed: ThrottlingException"}


def test_the_calls_are_bounded(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on record takes one call of CodePipeline for each pipeline, and one page."""
    for _ in range(60):
        by_hand(world, "again")
    run(world, "v2", "orders", "catalog")
    listed = count_calls(monkeypatch, world.codepipeline, "list_pipeline_executions")
    examined = count_calls(monkeypatch, world.codepipeline, "list_action_executions")
    assert look(world, "orders", "catalog").live.keys() == {"orders", "catalog"}
    assert (len(listed), len(examined)) == (2, 0)


def test_a_success_on_record_may_be_older_than_the_list(world: ReleaseWorld) -> None:
    """It is live still, if nothing in the list has succeeded since; else nobody knows."""
    for _ in range(50):
        by_hand(world, "broken", fails=True)
        by_hand(world, "broken", "catalog", fails=True)
    found = look(world, "orders", "catalog")
    assert found.live["orders"].good.release_id == "v1"
    nothing = {"catalog": "none of its last 50 executions has succeeded and deployed"}
    assert found.unread == nothing
    skip(world, "catalog")
    assert look(world, "catalog").unread == nothing


def test_values_of_variables_stay_out(world: ReleaseWorld) -> None:
    """Neither what a release shipped nor what a person shipped has any."""
    world.codepipeline.update_pipeline(pipeline={**declaration("orders"), "variables": VARIABLE})
    ship_with(world, "v2", "hunter2")
    assert (live(world).good.release_id, dict(live(world).good.variables)) == ("v2", {})
    by_hand(world, "orders by hand")
    assert "prod" not in str(vars(live(world).good))


def test_a_rollback_to_what_is_live_changes_nothing(world: ReleaseWorld) -> None:
    """Release v2 shipped what v1 had shipped: its rollback would ship the same again."""
    arn = world.begin("orders", "catalog", release_id="v2")
    for name, version in (("orders", "orders v1"), ("catalog", "catalog v2")):
        world.wait(arn, name, "v2")
        world.ship(version, name)
    world.close(arn, "v2")
    run(world, "v3", "catalog")
    assert world.parts().live.unchanged_by(read(world, "v2")) == ("orders",)
    run(world, "v4", "orders")
    assert world.parts().live.unchanged_by(read(world, "v4")) == ()


def test_a_deployment_that_failed_may_have_changed_something(world: ReleaseWorld) -> None:
    """What succeeded before it may not be what is live now, so its rollback ships that again."""
    run(world, "v2", "orders", bad="orders")
    rollback = read(world, "v2")
    assert list(rollback.wanted) == ["orders"]
    assert live(world).good.release_id == "v1"
    assert world.parts().live.unchanged_by(rollback) == ()


def test_codepipeline_rolled_one_stage_back(world: ReleaseWorld) -> None:
    """The EU keeps what failed in the US, so the rollback of the release changes something."""
    two = declaration("orders")
    europe, america = two["stages"][-1], deepcopy(two["stages"][-1])
    america |= {"name": "America", "onFailure": {"result": "ROLLBACK"}}
    two["stages"] = [two["stages"][0], europe, america]
    world.codepipeline.update_pipeline(pipeline=two)
    run(world, "v2", "orders")
    world.clock.advance(timedelta(minutes=1))
    arn = world.begin("orders", release_id="v3")
    world.wait(arn, "orders", "v3")
    world.finish(world.fetch("orders"), ActionResult(revision=Revision("orders v3", "")))
    for result in (ActionResult(), FAILURE):
        (deployment,) = world.codepipeline.actions.values()
        world.finish(deployment, result)
    world.complete("orders")
    world.close(arn, "v3")
    rollback, found = read(world, "v3"), live(world)
    assert (found.restored_by is None, found.ran_last) == (False, False)
    assert found.good.execution_id == rollback.wanted["orders"].execution_id
    assert world.parts().live.unchanged_by(rollback) == ()


def test_other_variables_are_a_change(world: ReleaseWorld) -> None:
    """The same revisions with another value of a variable are not the same."""
    world.codepipeline.update_pipeline(pipeline={**declaration("orders"), "variables": VARIABLE})
    for release_id, value in (("v2", "test"), ("v3", "test"), ("v4", "prod")):
        ship_with(world, release_id, value)
    assert world.parts().live.unchanged_by(read(world, "v4")) == ()
    assert world.parts().live.unchanged_by(read(world, "v3", over_later=True)) == ()
    by_hand(world, "the build")  # with the default, which is prod
    hand = world.executions_of("orders")[0]["pipelineExecutionId"]
    assert world.parts().live.unchanged_by(read(world, "v4", over=[hand])) == ()


def test_an_execution_that_codepipeline_forgot_has_no_values(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its values are not known, which is not the same as having none.

    One call tells them, unless they are on record.
    """
    by_hand(world, "orders by hand")
    found = {"orders": live(world)}
    asked = count_calls(monkeypatch, world.codepipeline, "get_pipeline_execution")
    listed = count_calls(monkeypatch, world.codepipeline, "list_action_executions")
    assert world.parts().live.other_values(found, {"orders": {}}) == {"orders": False}
    assert (len(asked), len(listed)) == (1, 0)
    refuse(world, monkeypatch, "GetPipelineExecution", "PipelineExecutionNotFoundException")
    assert world.parts().live.other_values(found, {"orders": {}}) == {}
