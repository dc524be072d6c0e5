"""What follows at once from a call: its effect, its answer, new events, and the promises."""

from copy import replace

from tests.fakes.codepipeline import envelope
from tests.fakes.event_schemas import InvalidEventError
from tests.simulation.promises.invariants import check_call, check_return
from tests.simulation.promises.sometimes import note_call, note_return
from tests.simulation.schedules.steps import Step
from tests.simulation.world import machine, requests
from tests.simulation.world.calls import Answer, Call, Ended
from tests.simulation.world.happenings import Happening, Violated, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import Start, World

STATE_CHANGE = "CodePipeline Pipeline Execution State Change"


class Crashed(Exception):
    """The error with which the invocation of a crashed function ends."""


def pending(world: World, step: Step) -> tuple[Invocation, Call]:
    """Return the invocation of a step, and the call that it is about to send."""
    invocation = world.invocations[step.who]
    world.current = step.who
    assert invocation.point
    assert isinstance(invocation.point.next, Call)
    return invocation, invocation.point.next


def perform(world: World, invocation: Invocation, call: Call) -> Answer:
    """Let a call take effect, check the promises about it, and return its answer."""
    before = _item(world, call)
    try:
        answer = world.stores.perform(call, invocation.function)
    except InvalidEventError as invalid:
        raise Violated("every_event_is_valid", str(invalid)) from invalid
    happening = Happening(world, invocation, call, answer, before, _item(world, call))
    if call.method == "start_pipeline_execution" and answer.error is None:
        happening = replace(happening, started=_note_start(world, happening))
    if call.method == "retry_stage_execution" and answer.error is None:
        world.retries = (*world.retries, call.request["pipelineExecutionId"])
    check_call(happening)
    note_call(happening)
    deliver_events(world)
    if call.method in {"send_task_success", "send_task_failure"} and answer.error is None:
        machine.settled(world, call.request["taskToken"])
    if call.method == "put_events" and answer.error is None:
        for entry in call.request["Entries"]:
            machine.put_on_the_bus(world, entry)
    return answer


def answer_call(world: World, invocation: Invocation, answer: Answer) -> None:
    """Let an invocation continue with the answer, up to its next call or its end."""
    assert invocation.point
    moved = replace(invocation, point=invocation.point.after(answer), repeats=False)
    assert moved.point
    if isinstance(moved.point.next, Ended):
        end(world, moved, moved.point.next)
    else:
        world.invocations[moved.name] = moved


def end(world: World, invocation: Invocation, how: Ended) -> None:
    """End an invocation, and check the promises about it."""
    check_return(world, invocation, how)
    note_return(world, invocation, how)
    machine.ended(world, invocation, how)
    if invocation.function == "change_freeze":
        requests.answered(world, invocation, how)


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
    """Return the release, attempt and retry for which a function starts a pipeline."""
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
    raise AssertionError(f"{item} was started without being read before")


def deliver_events(world: World) -> None:
    """Add an invocation for each pipeline event that was emitted since the last time."""
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
