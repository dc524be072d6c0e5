"""The scheduler: letting a step happen, and everything that follows from it at once."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult
from tests.fakes.codepipeline import envelope
from tests.fakes.service import Refused, service
from tests.simulation.promises.endings import check_rest
from tests.simulation.promises.invariants import check_call, check_return
from tests.simulation.promises.sometimes import note_call, note_return
from tests.simulation.scenarios import Scenario, name_of, releasing
from tests.simulation.schedules.choices import next_due
from tests.simulation.schedules.steps import Step
from tests.simulation.world import machine
from tests.simulation.world.calls import Answer, Call, Ended
from tests.simulation.world.happenings import Happening, Violated, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import Start, World
from tests.worlds.release_world import declaration

# A release that has not ended by then, with nothing left to go wrong, counts as hung.
LONGEST = timedelta(hours=12)
# When nothing happens any more, the hour passes, or somebody needs the pipelines of a release or
# asks for it again.
NEEDED_AFTER = timedelta(hours=1)
STATE_CHANGE = "CodePipeline Pipeline Execution State Change"
_FAILED = ActionResult(error_code="JobFailed", error_message="the deployment failed")


def make_world(scenario: Scenario, *, explores: bool = True) -> World:
    """Return the world at the beginning: every manifest has just been handed in."""
    world = World(scenario, explores=explores)
    for manifest in scenario.manifests[: scenario.at_once]:
        machine.start(world, manifest)
    return world


def take(world: World, step: Step) -> bool:
    """Let a step happen; False when it turns out to be one that another step covers.

    Raises Violated when it breaks an invariant.
    """
    if step.costs:
        world.pay(step.costs)
    return _TAKE[step.kind](world, step) is not False


def _begin(world: World, step: Step) -> None:
    begun = world.begun(world.invocations[step.who])
    world.invoke(begun)
    if begun.point and isinstance(begun.point.next, Ended):
        _ended(world, begun, begun.point.next)
    else:
        _go_on(world, step)


def _go_on(world: World, step: Step) -> None:
    invocation, call = _pending(world, step)
    _answer(world, invocation, _effect(world, invocation, call))


def _repeat(world: World, step: Step) -> None:
    invocation, call = _pending(world, step)
    _effect(world, invocation, call)
    _answer(world, invocation, _effect(world, invocation, call))


def _refuse(world: World, step: Step) -> None:
    invocation, call = _pending(world, step)
    refusal = Refused("ThrottlingException", "Rate exceeded")
    error = service(call.service).error(refusal, call.method)
    hurt = replace(invocation, hurt=True)
    _answer(world, hurt, Answer(world.stores.clock(), error=error))


def _obscure(world: World, step: Step) -> None:
    invocation, call = _pending(world, step)
    _effect(world, invocation, call)
    refusal = Refused("InternalServerError", "Internal server error", status=500)
    error = service(call.service).error(refusal, call.method)
    hurt = replace(invocation, hurt=True)
    _answer(world, hurt, Answer(world.stores.clock(), error=error))


def _crash(world: World, step: Step) -> None:
    _ended(world, world.invocations[step.who], Ended(error=Crashed()))


def _die(world: World, step: Step) -> bool:
    invocation, call = _pending(world, step)
    assert invocation.point
    point = invocation.point.after(_effect(world, invocation, call))
    _ended(world, replace(invocation, point=point), Ended(error=Crashed()))
    return isinstance(point.next, Ended)  # otherwise it is the crash before the next call


def _orphan(world: World, step: Step) -> None:
    invocation = world.invocations[step.who]
    machine.ended(world, invocation, Ended(error=Crashed()))
    world.invoke(replace(invocation, name=f"{invocation.name} orphan", cause="nobody"))


def _hand_in(world: World, step: Step) -> None:
    machine.start(world, world.scenario.manifests[int(step.who)])


def _roll_back(world: World, step: Step) -> None:
    machine.roll_back(world, step.who, lost=bool(step.more))


def _need(world: World, step: Step) -> None:
    release_id = step.who
    manifest = _manifest_of(world, release_id)
    _wait_until(world, world.stores.clock() + NEEDED_AFTER)
    if step.more == "resume":
        # As the command does it: a deadline that has passed is left out.
        kept = {key: value for key, value in manifest.items() if key != "deadline"}
        manifest = {**kept, "resume": True}
    elif step.more == "another":
        names = [name_of(each) for each in manifest["pipelines"]]
        manifest = releasing(*names, release_id=f"after-{release_id}", onBusy="wait")
    machine.start(world, manifest, why=f" {step.more} {release_id}")


def _hour(world: World, step: Step) -> None:
    _wait_until(world, world.stores.clock() + NEEDED_AFTER)
    world.invoke(
        Invocation(
            name=f"the hour of {step.who}",
            function="close_release",
            cause="event",
            pipeline="",
            payload={"source": "aws.events", "detail-type": "Scheduled Event"},
        )
    )


def _manifest_of(world: World, release_id: str) -> Mapping[str, Any]:
    """Return the manifest of a release: the scenario's, or that on record of a rollback."""
    for manifest in world.scenario.manifests:
        if manifest["releaseId"] == release_id:
            return manifest
    stored = value(world.stores.item("releases", release_id, "manifest"), "manifest")
    names = world.scenario.pipelines
    return json.loads(stored) if stored else releasing(*names, release_id=release_id)


def _lose(world: World, step: Step) -> None:
    del world.invocations[step.who]
    world.reached.add("an event was lost")


def _double(world: World, step: Step) -> None:
    event = world.invocations[step.who]
    world.invoke(replace(event, name=f"{event.name} again"))


def _play(world: World, step: Step) -> None:
    pipeline, _, execution_id = step.who.partition("/")
    check_rest(world, pipeline, execution_id)
    codepipeline = world.stores.change_codepipeline()
    while running := [
        action
        for action in codepipeline.actions.values()
        if (action.pipeline, action.execution_id) == (pipeline, execution_id)
    ]:
        fails = step.more == "fail" and running[0].stage == "Deploy"
        codepipeline.finish(running[0], _FAILED if fails else None)
    _emit(world)


def _person_retries(world: World, step: Step) -> None:
    pipeline, _, execution_id = step.who.partition("/")
    codepipeline = world.stores.change_codepipeline()
    execution = world.stores.execution(pipeline, execution_id)
    with suppress(ClientError):  # a person is refused as we are, when the pipeline has changed
        codepipeline.retry_stage_execution(
            pipelineName=pipeline,
            pipelineExecutionId=execution_id,
            stageName=execution.stage["name"],
            retryMode="FAILED_ACTIONS",
        )
        world.resumed |= {execution_id}
    _emit(world)


def _person_changes(world: World, step: Step) -> None:
    codepipeline = world.stores.change_codepipeline()
    changed = declaration(step.who)
    changed["stages"][-1]["actions"][0]["configuration"]["BucketName"] = "another"
    codepipeline.update_pipeline(pipeline=changed)
    _emit(world)


def _cancel(world: World, step: Step) -> None:
    machine.cancel(world, step.who, vanish=bool(step.more))


def _time_out(world: World, step: Step) -> None:
    machine.time_out(world, step.who, step.more)


def _time(world: World, step: Step) -> None:
    if step.forced:
        world.waits += 1
    due = next_due(world)
    assert due is not None
    _wait_until(world, due)


def _wait_until(world: World, due: datetime) -> None:
    if due - world.began > LONGEST:
        raise Violated("every_release_ends", f"it has waited since {world.began}")
    world.pass_time(due)


_TAKE: dict[str, Callable[[World, Step], bool | None]] = {
    "begin": _begin,
    "go on": _go_on,
    "repeat": _repeat,
    "refuse": _refuse,
    "obscure": _obscure,
    "crash": _crash,
    "die": _die,
    "orphan": _orphan,
    "hand in": _hand_in,
    "roll back": _roll_back,
    "need": _need,
    "hour": _hour,
    "lose": _lose,
    "double": _double,
    "play": _play,
    "person retries": _person_retries,
    "person changes": _person_changes,
    "cancel": _cancel,
    "time out": _time_out,
    "time": _time,
}


class Crashed(Exception):
    """The end of an invocation whose function died."""


def _pending(world: World, step: Step) -> tuple[Invocation, Call]:
    invocation = world.invocations[step.who]
    world.current = step.who
    assert invocation.point
    assert isinstance(invocation.point.next, Call)
    return invocation, invocation.point.next


def _effect(world: World, invocation: Invocation, call: Call) -> Answer:
    before = _item(world, call)
    answer = world.stores.perform(call, invocation.function)
    happening = Happening(world, invocation, call, answer, before, _item(world, call))
    if call.method == "start_pipeline_execution" and answer.error is None:
        happening = replace(happening, started=_note_start(world, happening))
    if call.method == "retry_stage_execution" and answer.error is None:
        world.retries = (*world.retries, call.request["pipelineExecutionId"])
    check_call(happening)
    note_call(happening)
    _emit(world)
    if call.method in {"send_task_success", "send_task_failure"} and answer.error is None:
        machine.settled(world, call.request["taskToken"])
    if call.method == "put_events" and answer.error is None:
        for entry in call.request["Entries"]:
            machine.put_on_the_bus(world, entry)
    return answer


def _answer(world: World, invocation: Invocation, answer: Answer) -> None:
    assert invocation.point
    moved = replace(invocation, point=invocation.point.after(answer))
    assert moved.point
    if isinstance(moved.point.next, Ended):
        _ended(world, moved, moved.point.next)
    else:
        world.invocations[moved.name] = moved


def _ended(world: World, invocation: Invocation, how: Ended) -> None:
    check_return(world, invocation, how)
    note_return(world, invocation, how)
    machine.ended(world, invocation, how)


def _item(world: World, call: Call) -> Item | None:
    if call.method != "update_item":
        return None
    key = call.request["Key"]
    return world.stores.item(call.request["TableName"], *(value["S"] for value in key.values()))


def _note_start(world: World, happening: Happening) -> Start | None:
    execution_id = happening.answer.value["pipelineExecutionId"]
    if any(start.execution_id == execution_id for start in world.starts):
        return None
    release_id, attempt, retried = _started_for(happening)
    pipeline = happening.call.request["name"]
    start = Start(release_id, pipeline, attempt, retried, execution_id)
    world.starts = (*world.starts, start)
    return start


def _started_for(happening: Happening) -> tuple[str, int, int]:
    """Return for which release, attempt and retry a function starts a pipeline."""
    item = f"pipeline#{happening.call.request['name']}"
    for call in reversed(happening.calls()):
        keys = [call.request["Key"]] if "Key" in call.request else []
        for part in call.request.get("RequestItems", {}).values():
            keys += part["Keys"]
        for key in keys:
            if key.get("item") == {"S": item}:
                release_id = key["release_id"]["S"]
                stored = happening.world.stores.item("releases", release_id, item)
                return release_id, int(value(stored, "attempt")), int(value(stored, "retried") or 0)
    raise AssertionError(f"a start of {item} without having read it")


def _emit(world: World) -> None:
    for event in world.stores.emitted():
        if event.detail_type != STATE_CHANGE or event.state in world.scenario.mute:
            continue
        detail = event.detail
        attempt = int(detail["pipeline-execution-attempt"])
        world.invoke(
            Invocation(
                name=f"{event.state}#{attempt} of {event.pipeline}/{detail['execution-id'][-3:]}",
                function="record_state_change",
                cause="event",
                pipeline=event.pipeline,
                payload=envelope(event),
            )
        )
