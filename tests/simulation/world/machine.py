"""The transitions of the workflow in statemachine.asl.json."""

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import replace
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from open_release.handler import OUTCOME
from release_core.clock import to_iso
from release_core.domain.announcements import RELEASE_ORPHANED
from release_core.strict_json import write_json
from tests.simulation.world.announced import count_orphans
from tests.simulation.world.calls import Ended
from tests.simulation.world.functions import LOOK_AFTER_SECONDS
from tests.simulation.world.happenings import Violated
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.people import arn_of
from tests.simulation.world.workflow import (
    ASYNCHRONOUS_RETRIES,
    BUSY,
    LOOK_AGAIN,
    OPENING_ELSEWHERE,
    REDRIVE_MINUTES,
    RETRIES,
    START_UNRESOLVED,
    STOPPED_BECAUSE,
    TOLD_ENDINGS,
    Child,
    Workflow,
)
from tests.simulation.world.world import World
from tests.worlds.release_world import MACHINE

# How the names of invocations for GiveUpTask begin.
GIVE_UP = "give up"


def start(world: World, manifest: Mapping[str, Any], *, why: str = "") -> None:
    """Start a workflow execution with a manifest; its name has the reason."""
    # The ARNs do not sort by the order in which the executions start.
    name = f"w{99 - len(world.workflows)}{why}"
    machine, document = MACHINE, manifest
    if world.scenario.requester:
        machine = f"{MACHINE}:api"
        document = {"manifest": manifest, "requestedBy": arn_of(world.scenario.requester)}
    answer = world.stores.change_step_functions().start_execution(
        stateMachineArn=machine, input=write_json(document), name=name
    )
    _enter(world, Workflow(answer["executionArn"]), "OpenRelease")


def ended(world: World, invocation: Invocation, how: Ended) -> None:
    """Pass the end of an invocation to the state that waits for it."""
    world.invocations.pop(invocation.name, None)
    if invocation.cause == "event":
        if how.error is not None:
            _repeat(world, invocation)
        return
    workflow = world.workflows.get(invocation.arn)
    if workflow is None or not workflow.waits_in(invocation.cause):
        return  # no state waits for it any more
    if workflow.stage in {"OpenRelease", "CloseRelease"}:
        if invocation.name.endswith(f"#{workflow.invoked}"):
            _answered(world, workflow, how)
    elif invocation.name.startswith(GIVE_UP):
        _given_up(world, workflow, invocation, how)
    elif how.error is not None:
        _task_failed(world, workflow, invocation, type(how.error).__name__)


def settled(world: World, token: str) -> None:
    """Pass the outcome of a task to the state that waits for it."""
    name, pipeline, entries = token.split(":")
    workflow = next((each for each in world.workflows.values() if each.name == name), None)
    if workflow is None or (workflow.ended and not workflow.lingers):
        return
    task = workflow.task(pipeline)
    outcome = world.stores.step_functions.task(token).outcome
    assert outcome is not None
    assert str(task.entries) == entries, "only the token of the last entry still waits"
    if pipeline == BUSY:
        _enter(world, workflow, "OpenRelease")
    elif outcome.error == LOOK_AGAIN:
        # WaitOtherwise: RunPipeline again, with the seconds in the cause.
        again = replace(task, wait_seconds=int(outcome.cause or ""), failures=0, since=None)
        _wait(world, workflow, again)
    else:
        _child_ended(world, workflow, task)


def time_out(world: World, arn: str, pipeline: str) -> None:
    """Let a wait end: OpenRelease runs again, a pipeline's task waits again."""
    workflow = world.workflows[arn]
    if workflow.stage == "WaitForTime":  # it has no token
        _enter(world, workflow, "OpenRelease")
        return
    task = workflow.task(pipeline)
    world.stores.change_step_functions().time_out(task.token(arn))
    if pipeline == BUSY:
        _enter(world, workflow, "OpenRelease")
    else:
        _wait(world, workflow, replace(task, failures=0, since=None))


def cancel(world: World, arn: str, *, vanish: bool, lingers: bool) -> None:
    """Stop the execution; with `vanish`, its invocations that have not begun never do.

    If it `lingers`, its Map Run goes on until end_tasks().
    """
    step_functions = world.stores.change_step_functions()
    if lingers:
        step_functions.detach_tasks(arn)
        world.workflows[arn] = replace(world.workflows[arn], lingers=True)
    step_functions.stop_execution(executionArn=arn, cause=STOPPED_BECAUSE)
    if vanish:
        world.invocations = {
            name: each
            for name, each in world.invocations.items()
            if each.point or each.cause == "event" or each.arn != arn
        }
    _end(world, world.workflows[arn], "ABORTED")


def end_tasks(world: World, arn: str) -> None:
    """Stop the tasks that have outlived their workflow."""
    step_functions = world.stores.change_step_functions()
    for task in world.workflows[arn].waiting:
        step_functions.time_out(task.token(arn))
    world.workflows[arn] = replace(world.workflows[arn], lingers=False)


def put_on_the_bus(world: World, entry: Mapping[str, Any]) -> None:
    """Deliver our own event about an ended execution, as the rule does."""
    detail = json.loads(entry["Detail"])
    if entry["DetailType"] != RELEASE_ORPHANED or detail["status"] not in TOLD_ENDINGS:
        return
    workflow = world.workflows[detail["executionArn"]]
    world.reached.add("a missed workflow end was noticed")
    world.invoke(
        Invocation(
            name=f"orphan {workflow.name}#{count_orphans(world.stores.events.entries)}",
            function="close_release",
            cause="event",
            arn=workflow.arn,
            payload={
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "detail": detail,
            },
        )
    )


def _enter(world: World, workflow: Workflow, stage: str, *, delay: int = 0) -> None:
    """Enter a state that invokes a function and waits for its result."""
    failures = workflow.failures if stage == workflow.stage else 0
    workflow = replace(workflow, stage=stage, invoked=workflow.invoked + 1, failures=failures)
    world.workflows[workflow.arn] = workflow
    payload = {"execution_arn": workflow.arn}
    if stage == "OpenRelease":
        payload["rejection"] = OUTCOME
    else:
        payload["release_id"] = workflow.release_id
    world.invoke(
        Invocation(
            name=f"{stage} {workflow.name}#{workflow.invoked}",
            function="open_release" if stage == "OpenRelease" else "close_release",
            cause=stage,
            arn=workflow.arn,
            payload=payload,
            due=world.stores.clock() + timedelta(seconds=delay) if delay else None,
        )
    )


def _answered(world: World, workflow: Workflow, how: Ended) -> None:
    """Leave OpenRelease or CloseRelease with the result or error of its function."""
    error = type(how.error).__name__ if how.error else ""
    if error:
        _try_again(world, workflow, error)
    elif workflow.stage == "OpenRelease":
        _opened(world, workflow, how)
    else:
        _closed(world, workflow, how.value)


def _closed(world: World, workflow: Workflow, answer: Mapping[str, Any]) -> None:
    """Leave IsReleaseGood."""
    workflow = replace(workflow, closed_as=answer["status"])
    if answer["status"] == "SUCCEEDED":
        _finish(world, workflow, "SUCCEEDED")
    elif answer["rollback"]:
        named = (answer["rollback"]["release_id"], answer["rollback"]["execution_name"])
        workflow = replace(workflow, stage="RollBackRelease", rollback=named)
        world.workflows[workflow.arn] = workflow
    else:
        _finish(world, workflow, "FAILED")


def roll_back(world: World, arn: str, *, lost: bool) -> None:
    """Start the rollback of a release; if the answer is lost, the state tries again.

    An existing execution with that name counts as started.
    """
    workflow = world.workflows[arn]
    assert workflow.rollback
    release_id, name = workflow.rollback
    request = {
        "rollBack": workflow.release_id,
        "releaseId": release_id,
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": arn,
    }
    with suppress(ClientError):
        started = world.stores.change_step_functions().start_execution(
            stateMachineArn=MACHINE, input=write_json(request), name=name
        )["executionArn"]
        if started in world.workflows:
            world.reached.add("a rollback was started again")
        else:
            world.reached.add("a release was rolled back")
            _enter(world, Workflow(started), "OpenRelease")
    if not lost:
        _finish(world, workflow, "FAILED")


def _try_again(world: World, workflow: Workflow, error: str) -> None:
    delay, most = 0, RETRIES[workflow.stage]
    if workflow.stage == "CloseRelease" and error in {"StartUnresolved", "EndUnconfirmed"}:
        delay, most = START_UNRESOLVED
    elif error == "OpeningElsewhere":
        most = OPENING_ELSEWHERE
    if workflow.failures >= most:
        _finish(world, workflow, "FAILED")
        return
    _enter(world, replace(workflow, failures=workflow.failures + 1), workflow.stage, delay=delay)


def _opened(world: World, workflow: Workflow, how: Ended) -> None:
    """Leave IsReleaseNew."""
    answer = how.value
    workflow = replace(workflow, outcome=answer["outcome"])
    if answer["outcome"] == "REJECTED":
        workflow = replace(workflow, outcome=answer["error"])
        world.workflows[workflow.arn] = workflow
        _finish(world, workflow, "FAILED")
        return
    if answer["outcome"] == "BUSY":
        workflow = replace(workflow, stage="WaitForPipelines")
        _wait(world, workflow, replace(workflow.busy, wait_seconds=answer["wait_seconds"]))
        return
    if answer["outcome"] == "HELD":
        world.reached.add("a release was held")
        due = world.stores.clock() + timedelta(seconds=answer["wait_seconds"])
        held = replace(workflow, stage="WaitForTime", busy=replace(workflow.busy, due=due))
        world.workflows[workflow.arn] = held
        return
    if answer["outcome"] != "OPENED":
        _finish(world, workflow, "SUCCEEDED")
        return
    workflow = replace(
        workflow,
        stage="RunPipelines",
        release_id=answer["release_id"],
        attempt=answer["attempt"],
        children=tuple(Child(p, wait_seconds=answer["wait_seconds"]) for p in answer["pipelines"]),
    )
    world.workflows[workflow.arn] = workflow
    if not workflow.children:
        _enter(world, workflow, "CloseRelease")
    for child in workflow.children:
        _wait(world, world.workflows[workflow.arn], child)


def _wait(world: World, workflow: Workflow, task: Child) -> None:
    """Enter a task that waits for a new token, or retry it, and invoke its function."""
    now = world.stores.clock()
    since = task.since or now
    due = now + timedelta(seconds=task.wait_seconds)
    task = replace(task, entries=task.entries + 1, since=since, due=due)
    token = task.token(workflow.arn)
    world.stores.change_step_functions().wait_for_token(
        workflow.arn, token=token, is_detached=workflow.lingers
    )
    _put(world, workflow, task)
    busy = task.pipeline == BUSY
    payload: dict[str, object] = {"execution_arn": workflow.arn, "task_token": token}
    if not busy:
        payload |= {
            "release_id": workflow.release_id,
            "pipeline": task.pipeline,
            "attempt": workflow.attempt,
            "wait_seconds": task.wait_seconds,
            "look_after_seconds": LOOK_AFTER_SECONDS,
            "waits_since": to_iso(since),
        }
    world.invoke(
        Invocation(
            name=f"{'wait' if busy else 'run'} {token}",
            function="open_release" if busy else "run_pipeline",
            cause="WaitForPipelines" if busy else "RunPipelines",
            arn=workflow.arn,
            pipeline=task.pipeline,
            payload=payload,
        )
    )


def _task_failed(world: World, workflow: Workflow, invocation: Invocation, error: str) -> None:
    """Retry a task whose function failed, with a new token, unless it is already settled."""
    task = workflow.task(invocation.pipeline)
    if not _waits_for(workflow, task, invocation):
        return
    token = task.token(workflow.arn)
    world.stores.change_step_functions().time_out(token)
    busy = task.pipeline == BUSY
    if task.failures < RETRIES["WaitForPipelines" if busy else "RunPipeline"]:
        _wait(world, workflow, replace(task, failures=task.failures + 1))
    elif busy:
        _finish(world, workflow, "FAILED")
    else:
        _give_up(world, workflow, replace(task, given_up=True, failures=0, due=None))


def use_up_tries(world: World, invocation: Invocation) -> None:
    """Let the next failure of a task be its last one, if the task waits for this invocation."""
    workflow = world.workflows[invocation.arn]
    task = workflow.task(invocation.pipeline)
    if _waits_for(workflow, task, invocation):
        _put(world, workflow, replace(task, failures=RETRIES["RunPipeline"]))


def _waits_for(workflow: Workflow, task: Child, invocation: Invocation) -> bool:
    """Whether this is the invocation of the token that the task waits for now."""
    is_latest = invocation.name.endswith(f" {task.token(workflow.arn)}")
    return is_latest and not (task.ended or task.given_up)


def _give_up(world: World, workflow: Workflow, task: Child, *, delay: int = 0) -> None:
    """Enter GiveUpTask, which invokes a function and waits for its result."""
    _put(world, workflow, task)
    world.invoke(
        Invocation(
            name=f"{GIVE_UP} {task.token(workflow.arn)}#{task.failures}",
            function="run_pipeline",
            cause=workflow.stage,
            arn=workflow.arn,
            pipeline=task.pipeline,
            payload={
                "release_id": workflow.release_id,
                "pipeline": task.pipeline,
                "execution_arn": workflow.arn,
                "gave_up": {"Error": "Crashed", "Cause": "the function crashed"},
            },
            due=world.stores.clock() + timedelta(seconds=delay) if delay else None,
        )
    )


def _given_up(world: World, workflow: Workflow, invocation: Invocation, how: Ended) -> None:
    """Leave GiveUpTask, or try it again after an error."""
    task = workflow.task(invocation.pipeline)
    if task.ended or not invocation.name.endswith(f"#{task.failures}"):
        return
    delay, most = 0, RETRIES["GiveUpTask"]
    if type(how.error).__name__ in {"StartUnresolved", "EndUnconfirmed"}:
        delay, most = START_UNRESOLVED
    if how.error is None or task.failures >= most:
        world.reached.add("a task was given up")
        _child_ended(world, workflow, task)
    else:
        _give_up(world, workflow, replace(task, failures=task.failures + 1), delay=delay)


def _child_ended(world: World, workflow: Workflow, child: Child) -> None:
    workflow = _put(world, workflow, replace(child, ended=True, due=None))
    if not all(each.ended for each in workflow.children):
        return
    if workflow.lingers:
        end_tasks(world, workflow.arn)
    else:
        _enter(world, workflow, "CloseRelease")


def _put(world: World, workflow: Workflow, task: Child) -> Workflow:
    if task.pipeline == BUSY:
        workflow = replace(workflow, busy=task)
    else:
        children = tuple(task if c.pipeline == task.pipeline else c for c in workflow.children)
        workflow = replace(workflow, children=children)
    world.workflows[workflow.arn] = workflow
    return workflow


def _finish(world: World, workflow: Workflow, status: str) -> None:
    world.stores.change_step_functions().end(workflow.arn, status)
    _end(world, workflow, status)


def _end(world: World, workflow: Workflow, status: str) -> None:
    world.workflows[workflow.arn] = replace(workflow, stage=status)
    if status in TOLD_ENDINGS:
        world.invoke(
            Invocation(
                name=f"{status} {workflow.name}",
                function="close_release",
                cause="event",
                arn=workflow.arn,
                payload=world.stores.step_functions.status_event(workflow.arn),
            )
        )


def _repeat(world: World, invocation: Invocation) -> None:
    """Let Lambda retry a failed asynchronous invocation; dead letters are sent again later."""
    tries, minutes = invocation.tries + 1, invocation.tries
    if invocation.tries > ASYNCHRONOUS_RETRIES:
        if world.budgets["faults"] == world.scenario.most_faults:
            raise Violated("nothing_is_given_up_without_a_fault", f"{invocation.name} failed")
        world.reached.add("a dead letter was sent again")
        tries, minutes = 1, REDRIVE_MINUTES
    due = world.stores.clock() + timedelta(minutes=minutes)
    again = replace(invocation, tries=tries, due=due, point=None, deadline=None, hurt=False)
    world.invoke(replace(again, repeats=False))
