"""What people and CodePipeline itself do to executions, from outside the functions."""

from contextlib import suppress

from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult, Revision, RunAction
from tests.fakes.codepipeline import FakeCodePipeline
from tests.simulation.world.world import World
from tests.worlds.release_world import declaration

_FAILED = ActionResult(error_code="JobFailed", error_message="the deployment failed")
_PERSON = "arn:aws:sts::000000000000:assumed-role/people/ann"
_DEPLOY = {"stageName": "Deploy", "transitionType": "Inbound"}


def play(world: World, pipeline: str, execution_id: str, *, outcome: str) -> None:
    """Let an execution succeed or fail, or let a person stop it or overtake it."""
    codepipeline = world.stores.change_codepipeline()
    codepipeline.caller = _PERSON
    match outcome:
        case "stop":
            codepipeline.stop_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution_id, abandon=True
            )
        case "supersede":
            _overtake(world, codepipeline, pipeline, execution_id)
        case _:
            _finish(world, codepipeline, pipeline, execution_id, fails=outcome == "fail")


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
    """Let a person change a pipeline, which cancels its executions."""
    codepipeline = world.stores.change_codepipeline()
    changed = declaration(pipeline)
    changed["stages"][-1]["actions"][0]["configuration"]["BucketName"] = "another"
    codepipeline.update_pipeline(pipeline=changed)


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
    fails: bool = False,
) -> None:
    """End the actions of an execution until none runs."""
    while running := [
        action
        for action in codepipeline.actions.values()
        if (action.pipeline, action.execution_id) == (pipeline, execution_id)
    ]:
        action = running[0]
        result = _FAILED if fails and action.stage == "Deploy" else None
        if world.scenario.revisions and action.category == "Source":
            result = ActionResult(revision=Revision(_revision_of(action)))
        codepipeline.finish(action, result)


def _revision_of(action: RunAction) -> str:
    """Return the revision that a source action finds: its pin, or one that no other one finds."""
    return next(iter(action.overrides.values()), f"of {action.execution_id[-3:]}")
