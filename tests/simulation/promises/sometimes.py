"""The situations that must be reached at least once, so that the promises are really tested."""

from botocore.exceptions import ClientError

from tests.simulation.world.calls import Ended
from tests.simulation.world.happenings import GOING_ON, Happening, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.workflow import BUSY, LOOK_AGAIN
from tests.simulation.world.world import World

MUST_BE_REACHED = frozenset(
    {
        "CodePipeline retried a stage by itself",
        "a release waited for a rollback by CodePipeline",
        "a duplicate settle was absorbed",
        "a function crashed between settle and record",
        "a function crashed between start and record",
        "a lock was handed over",
        "a look came late",
        "a lost event was repaired by the look",
        "a pipeline had ended before its token came",
        "a person's retry was noticed",
        "a pipeline became FAILED",
        "a pipeline became SKIPPED",
        "a pipeline became STOPPED",
        "a pipeline became SUCCEEDED",
        "a pipeline became TIMED_OUT",
        "a release became CANCELLED",
        "a release became FAILED",
        "a release became SUCCEEDED",
        "a release was resumed after a crash",
        "a release waited for a pipeline",
        "a release was held",
        "a skipped stage was recorded",
        "a release was rolled back",
        "a rollback was started again",
        "a running pipeline was deleted",
        "a running pipeline was replaced",
        "a freeze named a start",
        "a pipeline was held",
        "a retry of a stage",
        "the claim of a start was given back",
        "a start was given up",
        "a start was repeated by another function",
        "a stop abandoned an approval",
        "a stop raced a start",
        "a missed workflow end was noticed",
        "a task looked again in time",
        "a vote came ahead",
        "a vote was refused",
        "an approval became CANCELLED",
        "an approval became FAILED",
        "an approval became SKIPPED",
        "an approval became SUCCEEDED",
        "an approval became TIMED_OUT",
        "an answer was recorded",
        "an edit was noticed",
        "a task was given up",
        "an event bound the execution",
        "an event came before the execution was claimed",
        "an execution was started over",
        "an old token was invalid",
        "raised StartUnresolved",
        "the limit kept a pipeline waiting",
        "the tasks of a stopped workflow went on",
        "two advances overlapped",
    }
)
# What is reached when a pipeline has this attribute.
_SITUATION_OF = {
    "held": "a pipeline was held",
    "skipped_stages": "a skipped stage was recorded",
    "stage_rollback": "a release waited for a rollback by CodePipeline",
}
# What is reached when the status of a pipeline changes from one to the other.
_SITUATION_OF_CHANGE = {
    ("STARTING", "SKIPPED"): "a start was given up",
    ("STARTING", "WAITING"): "the claim of a start was given back",
}
_SETTLES = {"send_task_success", "send_task_failure"}


def note_call(happening: Happening) -> None:
    """Record the situations that a call reached."""
    match happening.call.method:
        case "send_task_success" | "send_task_failure":
            _note_settle(happening)
        case "transact_write_items":
            _note_transaction(happening)
        case "start_pipeline_execution":
            _note_start(happening)
        case "stop_pipeline_execution":
            _note_stop(happening)
        case "retry_stage_execution":
            happening.world.reached.add("a retry of a stage")
        case "update_item":
            key = happening.call.request["Key"]
            if "execution_id" in key:
                _note_execution(happening)
            elif "pipeline" not in key:
                _note_release(happening)


def note_return(world: World, invocation: Invocation, how: Ended) -> None:
    """Record the situations that an ended invocation reached."""
    if invocation.function == "answer_approval" and (how.value or {}).get("statusCode") == 409:
        world.reached.add("a vote was refused")
    if how.error is None or invocation.point is None:
        return
    if type(how.error).__name__ != "Crashed":
        world.reached.add(f"raised {type(how.error).__name__}")
        return
    calls = [call.method for call in invocation.point.calls]
    if calls and calls[-1] == "start_pipeline_execution":
        world.reached.add("a function crashed between start and record")
    if calls and calls[-1] in _SETTLES:
        world.reached.add("a function crashed between settle and record")


def _note_settle(happening: Happening) -> None:
    token, reached = happening.call.request["taskToken"], happening.world.reached
    name, pipeline, entries = token.split(":")
    if isinstance(happening.answer.error, ClientError):
        reached.add("a duplicate settle was absorbed")
        workflow = next(each for each in happening.world.workflows.values() if each.name == name)
        if not workflow.ended and int(entries) < workflow.task(pipeline).entries:
            reached.add("an old token was invalid")
    elif pipeline == BUSY:
        reached.add("a lock was handed over")
    elif happening.call.request.get("error") == LOOK_AGAIN:
        reached.add("a task looked again in time")


def _note_start(happening: Happening) -> None:
    if happening.answer.error is not None:
        return
    if happening.started is None:
        happening.world.reached.add("a start was repeated by another function")
        return
    header = happening.header_of(happening.started.release_id)
    if value(header, "status") == "CANCELLED":
        happening.world.reached.add("a stop raced a start")
    if happening.started.retried:
        happening.world.reached.add("an execution was started over")


def _note_observation(happening: Happening) -> None:
    values = happening.call.request.get("ExpressionAttributeValues", {})
    if ":approvals" in values:
        happening.world.reached.add("an answer was recorded")
    if ":votes" in values and value(happening.after, "status") == "WAITING":
        happening.world.reached.add("a vote came ahead")
    if ":edited_at" in values:
        happening.world.reached.add("an edit was noticed")
    for attribute, situation in _SITUATION_OF.items():
        if attribute in (happening.after or {}):
            happening.world.reached.add(situation)


def _note_stop(happening: Happening) -> None:
    is_gated = happening.call.request["pipelineName"] in happening.world.scenario.gated
    if is_gated and happening.call.request["abandon"]:
        happening.world.reached.add("a stop abandoned an approval")


def _note_execution(happening: Happening) -> None:
    values = happening.call.request.get("ExpressionAttributeValues", {})
    reached = happening.world.reached
    for change in values.get(":changes", {}).get("L", []):
        if "release_id" not in (happening.after or {}):
            reached.add("an event came before the execution was claimed")
        if change["M"]["source"] == {"S": "look"} and happening.world.spent("lose"):
            reached.add("a lost event was repaired by the look")
        if change["M"]["state"] == {"S": "RESUMED"} and happening.world.resumed:
            reached.add("a person's retry was noticed")


def _note_transaction(happening: Happening) -> None:
    if ":queue" in str(happening.call.request):
        happening.world.reached.add("a release waited for a pipeline")
    crashed = happening.world.spent("crash") or happening.world.spent("die")
    if (
        crashed
        and happening.answer.error is None
        and ":seen_attempt" in str(happening.call.request)
    ):
        happening.world.reached.add("a release was resumed after a crash")


def _note_release(happening: Happening) -> None:
    reached, changed = happening.world.reached, happening.changed_status
    if happening.item == "release" and changed:
        reached.add(f"a release became {changed[1]}")
    limited = ":limit" in happening.call.request.get("ExpressionAttributeValues", {})
    if limited and happening.answer.error is not None:
        reached.add("the limit kept a pipeline waiting")
    if not happening.node:
        return
    _note_observation(happening)
    others = [each for each in happening.world.running() if each.name != happening.invocation.name]
    if any(each.pipeline == happening.node for each in others):
        reached.add("two advances overlapped")
    values = happening.call.request.get("ExpressionAttributeValues", {})
    if ":task_token" in values and value(happening.before, "status") not in GOING_ON:
        reached.add("a pipeline had ended before its token came")
    if changed is None:
        return
    is_approval = "approval" in (happening.after or {})
    reached.add(f"{'an approval' if is_approval else 'a pipeline'} became {changed[1]}")
    if is_approval:
        return
    if changed[1] == "RUNNING" and happening.invocation.function == "record_state_change":
        reached.add("an event bound the execution")
    if changed in _SITUATION_OF_CHANGE:
        reached.add(_SITUATION_OF_CHANGE[changed])
