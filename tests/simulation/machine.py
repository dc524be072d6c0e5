"""What the workflow does with what happens: the transitions of statemachine.asl.json."""

from dataclasses import replace
from datetime import timedelta

from release_core.document import write_json
from release_core.errors import Rejection
from tests.simulation.calls import Ended
from tests.simulation.functions import LOOK_AFTER_SECONDS
from tests.simulation.invocations import Invocation
from tests.simulation.workflow import (
    ASYNCHRONOUS_RETRIES,
    RETRIES,
    TOLD_ENDINGS,
    Child,
    Workflow,
)
from tests.simulation.world import World
from tests.unit.release_world import MACHINE


def start(world: World, number: int, manifest: object) -> None:
    """Start a workflow execution with a manifest."""
    answer = world.stores.change_step_functions().start_execution(
        stateMachineArn=MACHINE, input=write_json(manifest), name=f"w{number}"
    )
    arn = answer["executionArn"]
    world.workflows[arn] = Workflow(arn)
    _invoke_open(world, world.workflows[arn])


def ended(world: World, invocation: Invocation, how: Ended) -> None:
    """Take how an invocation ended to whoever waits for it."""
    world.invocations.pop(invocation.name, None)
    if invocation.cause == "event":
        if how.error is not None:
            _repeat(world, invocation)
        return
    workflow = world.workflows.get(invocation.arn)
    if workflow is None or workflow.ended or invocation.cause != workflow.stage:
        return  # nobody waits for it any more
    if workflow.stage == "OpenRelease":
        _opened(world, workflow, how)
    elif workflow.stage == "RunPipelines":
        if how.error is not None:
            _run_failed(world, workflow, invocation)
    else:
        _closed(world, workflow, how)


def settled(world: World, token: str) -> None:
    """Take the outcome of a task to the child that waited for it."""
    arn_end, pipeline, entries = token.split(":")
    for workflow in world.workflows.values():
        if workflow.arn.endswith(f":{arn_end}") and not workflow.ended:
            child = workflow.child(pipeline)
            if str(child.entries) == entries and not child.ended:
                _child_ended(world, workflow, child)
            return


def time_out(world: World, arn: str, pipeline: str) -> None:
    """Let the task of a child time out: WaitAgain, then RunPipeline with a new token."""
    workflow = world.workflows[arn]
    child = workflow.child(pipeline)
    world.stores.change_step_functions().time_out(child.token(arn))
    _enter_run_pipeline(world, workflow, replace(child, failures=0))


def cancel(world: World, arn: str, *, vanish: bool) -> None:
    """Stop the execution from outside; what it had not invoked yet may never be."""
    world.stores.change_step_functions().stop_execution(executionArn=arn, cause="enough")
    if vanish:
        world.invocations = {
            name: each
            for name, each in world.invocations.items()
            if each.point or each.cause == "event" or each.arn != arn
        }
    _end(world, world.workflows[arn], "ABORTED")


def _invoke_open(world: World, workflow: Workflow) -> None:
    world.invoke(
        Invocation(
            name=f"open {workflow.arn.rpartition(':')[2]}#{workflow.tries}",
            function="open_release",
            cause="OpenRelease",
            arn=workflow.arn,
            payload={"execution_arn": workflow.arn},
        )
    )


def _opened(world: World, workflow: Workflow, how: Ended) -> None:
    if isinstance(how.error, Rejection):
        _finish(world, workflow, "FAILED")
    elif how.error is not None:
        _retry(world, workflow, _invoke_open)
    elif how.value["outcome"] != "OPENED":
        _finish(world, workflow, "SUCCEEDED")
    else:
        children = tuple(Child(name) for name in how.value["pipelines"])
        workflow = replace(
            workflow,
            stage="RunPipelines",
            tries=1,
            release_id=how.value["release_id"],
            children=children,
        )
        world.workflows[workflow.arn] = workflow
        for child in children:
            _enter_run_pipeline(world, world.workflows[workflow.arn], child)


def _enter_run_pipeline(world: World, workflow: Workflow, child: Child) -> None:
    now = world.stores.clock()
    child = replace(
        child, entries=child.entries + 1, due=now + timedelta(seconds=LOOK_AFTER_SECONDS)
    )
    token = child.token(workflow.arn)
    world.stores.change_step_functions().wait_for_token(workflow.arn, token=token)
    _put_child(world, workflow, child)
    world.invoke(
        Invocation(
            name=f"run {token}",
            function="run_pipeline",
            cause="RunPipelines",
            arn=workflow.arn,
            pipeline=child.pipeline,
            payload={
                "release_id": workflow.release_id,
                "pipeline": child.pipeline,
                "task_token": token,
            },
        )
    )


def _run_failed(world: World, workflow: Workflow, invocation: Invocation) -> None:
    child = workflow.child(invocation.pipeline)
    token = child.token(workflow.arn)
    if child.ended or invocation.name != f"run {token}":
        return  # settled meanwhile, or an invocation of an earlier entry
    world.stores.change_step_functions().time_out(token)
    if child.failures < RETRIES["RunPipeline"]:
        _enter_run_pipeline(world, workflow, replace(child, failures=child.failures + 1))
    else:
        _child_ended(world, workflow, child)


def _child_ended(world: World, workflow: Workflow, child: Child) -> None:
    workflow = _put_child(world, workflow, replace(child, ended=True, due=None))
    if all(each.ended for each in workflow.children):
        workflow = replace(workflow, stage="CloseRelease", tries=1)
        world.workflows[workflow.arn] = workflow
        _invoke_close(world, workflow)


def _put_child(world: World, workflow: Workflow, child: Child) -> Workflow:
    children = tuple(
        child if each.pipeline == child.pipeline else each
        for each in world.workflows[workflow.arn].children
    )
    world.workflows[workflow.arn] = replace(world.workflows[workflow.arn], children=children)
    return world.workflows[workflow.arn]


def _invoke_close(world: World, workflow: Workflow) -> None:
    world.invoke(
        Invocation(
            name=f"close {workflow.arn.rpartition(':')[2]}#{workflow.tries}",
            function="close_release",
            cause="CloseRelease",
            arn=workflow.arn,
            payload={"release_id": workflow.release_id, "execution_arn": workflow.arn},
        )
    )


def _closed(world: World, workflow: Workflow, how: Ended) -> None:
    if how.error is not None:
        _retry(world, workflow, _invoke_close)
        return
    good = how.value["status"] == "SUCCEEDED"
    world.workflows[workflow.arn] = replace(workflow, closed_as=how.value["status"])
    _finish(world, world.workflows[workflow.arn], "SUCCEEDED" if good else "FAILED")


def _retry(world: World, workflow: Workflow, invoke: object) -> None:
    if workflow.tries > RETRIES[workflow.stage]:
        _finish(world, workflow, "FAILED")
        return
    workflow = replace(workflow, tries=workflow.tries + 1)
    world.workflows[workflow.arn] = workflow
    assert callable(invoke)
    invoke(world, workflow)


def _finish(world: World, workflow: Workflow, status: str) -> None:
    world.stores.change_step_functions().end(workflow.arn, status)
    _end(world, workflow, status)


def _end(world: World, workflow: Workflow, status: str) -> None:
    children = tuple(replace(each, due=None) for each in workflow.children)
    world.workflows[workflow.arn] = replace(workflow, stage=status, children=children)
    if status in TOLD_ENDINGS:
        world.invoke(
            Invocation(
                name=f"ended {workflow.arn.rpartition(':')[2]} {status}",
                function="close_release",
                cause="event",
                arn=workflow.arn,
                payload=world.stores.step_functions.status_event(workflow.arn),
            )
        )


def _repeat(world: World, invocation: Invocation) -> None:
    """Let Lambda repeat a failed asynchronous invocation, or put it aside."""
    if invocation.tries > ASYNCHRONOUS_RETRIES:
        world.reached.add("an event put aside after three tries")
        return
    due = world.stores.clock() + timedelta(minutes=invocation.tries)
    world.invoke(
        replace(
            invocation,
            tries=invocation.tries + 1,
            due=due,
            point=None,
            deadline=None,
            hurt=False,
        )
    )
