"""What people and CodePipeline itself do to executions, from outside the functions."""

from contextlib import suppress
from datetime import timedelta

from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult, Revision, RunAction
from localstack_codepipeline.model.state import Execution
from tests.fakes.codepipeline import FakeCodePipeline
from tests.simulation.world.stores import BY_HAND
from tests.simulation.world.world import World
from tests.worlds.approvals import gated
from tests.worlds.release_world import declaration

_FAILED = ActionResult(error_code="JobFailed", error_message="the deployment failed")
_CLOSED = ActionResult(error_code="JobFailed", error_message="the gate is closed")
_PERSON = "arn:aws:sts::000000000000:assumed-role/people/ann"
_DEPLOY = {"stageName": "Deploy", "transitionType": "Inbound"}


def by_hand(world: World, pipeline: str) -> dict[str, Execution]:
    """Return the executions that a person has started, by their ids, the oldest first."""
    executions = world.stores.executions(pipeline)
    return {each.id: each for each in executions if each.trigger_detail == _PERSON}


def play(world: World, pipeline: str, execution_id: str, *, outcome: str) -> bool:
    """Let an execution succeed, fail or skip its deployment, or let a person stop or overtake it.

    An execution with a manual approval goes one action further. False if that cannot fail.
    """
    codepipeline = world.stores.change_codepipeline()
    codepipeline.caller = _PERSON
    if pipeline in world.scenario.gated:
        return _go_on(codepipeline, execution_id, fails=outcome == "fail")
    match outcome:
        case "stop":
            codepipeline.stop_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution_id, abandon=True
            )
        case "supersede":
            _overtake(world, codepipeline, pipeline, execution_id)
        case _:
            _finish(world, codepipeline, pipeline, execution_id, outcome=outcome)
    return True


def retry(world: World, pipeline: str, execution_id: str) -> bool:
    """Let a person retry the stage where an execution ended; False if it is rejected."""
    codepipeline = world.stores.change_codepipeline()
    execution = world.stores.execution(pipeline, execution_id)
    with suppress(ClientError):  # rejected for a person, too, if the pipeline was changed
        codepipeline.retry_stage_execution(
            pipelineName=pipeline,
            pipelineExecutionId=execution_id,
            stageName=execution.stage["name"],
            retryMode="FAILED_ACTIONS",
        )
        return True
    return False


def change(world: World, pipeline: str) -> None:
    """Let a person change a pipeline, which cancels its executions, or strands them."""
    codepipeline = world.stores.change_codepipeline()
    changed = gated(name=pipeline) if pipeline in world.scenario.gated else declaration(pipeline)
    changed["stages"][-1]["actions"][0]["configuration"]["BucketName"] = "another"
    codepipeline.update_pipeline(pipeline=changed)


def delete(world: World, pipeline: str, *, replace: bool) -> None:
    """Let a person delete a pipeline, and perhaps create it again."""
    # A pipeline that is created in the moment of the start would be one that existed before it.
    world.pass_time(world.stores.clock() + timedelta(seconds=1))
    world.stores.delete_pipeline(pipeline)
    world.reached.add("a running pipeline was deleted")
    if replace:
        world.stores.change_codepipeline().create_pipeline(pipeline=declaration(pipeline))
        world.reached.add("a running pipeline was replaced")


def start(world: World, pipeline: str) -> None:
    """Let a person start a pipeline without a release."""
    codepipeline = world.stores.change_codepipeline()
    codepipeline.caller = _PERSON
    codepipeline.start_pipeline_execution(name=pipeline)


def _go_on(codepipeline: FakeCodePipeline, execution_id: str, *, fails: bool) -> bool:
    """End one action of an execution; a person answers an approval. False if it cannot fail."""
    running = [each for each in codepipeline.actions.values() if each.execution_id == execution_id]
    action = running[0]
    if action.token:
        result = {"status": "Rejected" if fails else "Approved", "summary": "seen"}
        place = {"pipelineName": action.pipeline, "stageName": action.stage}
        codepipeline.put_approval_result(
            **place, actionName=action.action, token=action.token, result=result
        )
    elif fails and action.stage != "Deploy":
        return False  # only approvals and deploys fail
    else:
        codepipeline.finish(action, _FAILED if fails else None)
    return True


def _overtake(
    world: World, codepipeline: FakeCodePipeline, pipeline: str, execution_id: str
) -> None:
    """Let a person start a newer execution, which overtakes this one before its last stage."""
    codepipeline.disable_stage_transition(pipelineName=pipeline, reason="wait", **_DEPLOY)
    _finish(world, codepipeline, pipeline, execution_id)
    newer = codepipeline.start_pipeline_execution(name=pipeline)["pipelineExecutionId"]
    _finish(world, codepipeline, pipeline, newer)
    codepipeline.enable_stage_transition(pipelineName=pipeline, **_DEPLOY)
    _finish(world, codepipeline, pipeline, newer)


def _finish(
    world: World,
    codepipeline: FakeCodePipeline,
    pipeline: str,
    execution_id: str,
    *,
    outcome: str = "succeed",
) -> None:
    """End the actions of an execution until none runs."""
    while running := [
        action
        for action in codepipeline.actions.values()
        if (action.pipeline, action.execution_id) == (pipeline, execution_id)
    ]:
        action = running[0]
        result = None
        if action.category == "Source":
            result = _fetched(world, action)
        elif outcome == "skip" and action.category == "Rule":
            result = _CLOSED
        elif outcome == "fail" and action.category == "Deploy":
            result = _FAILED
        codepipeline.finish(action, result)


def _fetched(world: World, action: RunAction) -> ActionResult | None:
    """What a source action finds: its pin, or a revision that no other execution finds."""
    if world.scenario.revisions:
        found = next(iter(action.overrides.values()), f"of {action.execution_id[-3:]}")
    elif action.execution_id in by_hand(world, action.pipeline):
        found = BY_HAND.format(action.pipeline)
    else:
        return None
    return ActionResult(revision=Revision(found))
