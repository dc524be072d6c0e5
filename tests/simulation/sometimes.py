"""What must be reached at least once, so that the invariants are known to have been tested."""

from botocore.exceptions import ClientError

from tests.simulation.calls import Ended
from tests.simulation.happenings import Happening, value
from tests.simulation.invocations import Invocation
from tests.simulation.world import World

_SETTLES = {"send_task_success", "send_task_failure"}


def note_call(happening: Happening) -> None:
    """Note what a call reached."""
    world, call, answer = happening.world, happening.call, happening.answer
    reached = world.reached
    if call.method in _SETTLES and isinstance(answer.error, ClientError):
        reached.add("a duplicate settle was absorbed")
    if call.method == "update_item" and "execution_id" in call.request["Key"]:
        if happening.after and "release_id" not in happening.after:
            reached.add("an event came before the execution was claimed")
        _note_look(happening)
    if call.method == "start_pipeline_execution" and answer.error is None:
        started = [each.execution_id for each in world.starts]
        if started.count(answer.value["pipelineExecutionId"]) and _header(happening) != "RUNNING":
            reached.add("a stop raced a start")
    changed = happening.changed_status
    if happening.node and changed:
        reached.add(f"a pipeline became {changed[1]}")
        if changed[1] == "RUNNING" and happening.invocation.function != "run_pipeline":
            reached.add("an event bound the execution")
        if changed[1] not in {"STARTING", "RUNNING"} and changed[0] == "STARTING":
            reached.add("a start was given up")
    if happening.item == "release" and changed:
        reached.add(f"a release became {changed[1]}")
    advancing = [each for each in world.running() if each.name != happening.invocation.name]
    if happening.node and any(each.pipeline == happening.node for each in advancing):
        reached.add("two advances overlapped")


def note_return(world: World, invocation: Invocation, how: Ended) -> None:
    """Note what an invocation reached when it ended."""
    if how.error is None or invocation.point is None:
        return
    if type(how.error).__name__ == "Crashed":
        calls = [call.method for call in invocation.point.calls]
        if calls and calls[-1] == "start_pipeline_execution":
            world.reached.add("a function died between start and record")
        if calls and calls[-1] in _SETTLES:
            world.reached.add("a function died between settle and record")
    else:
        world.reached.add(f"raised {type(how.error).__name__}")


def _note_look(happening: Happening) -> None:
    values = happening.call.request.get("ExpressionAttributeValues", {})
    changes = values.get(":changes", {}).get("L", [])
    if any(change["M"]["source"] == {"S": "look"} for change in changes):
        happening.world.reached.add("a lost event was repaired by the look")


def _header(happening: Happening) -> str:
    release_id = happening.world.starts[-1].release_id
    return value(happening.world.stores.item("releases", release_id, "release"), "status")
