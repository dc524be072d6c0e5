"""What always holds, in every state of every schedule: one small function for each promise."""

from botocore.exceptions import ClientError

from release_core.errors import PIPELINE_ERRORS, Rejection, Unfinished
from release_core.model import PipelineStatus
from tests.simulation.calls import Ended
from tests.simulation.happenings import Happening, Violated, value
from tests.simulation.invocations import Invocation
from tests.simulation.world import World

_GOING_ON = {"WAITING", "STARTING", "RUNNING"}
_STATUS_OF_EXECUTION = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "STOPPED": "Stopped",
    "SUPERSEDED": "Superseded",
    "CANCELLED": "Cancelled",
}


def settled_with_the_truth(happening: Happening) -> None:
    """A token is settled with the outcome that the ledger has, and after it was recorded there."""
    call, answer = happening.call, happening.answer
    if call.method not in {"send_task_success", "send_task_failure"} or answer.error:
        return
    arn_end, pipeline, _ = call.request["taskToken"].split(":")
    workflow = next(
        each for each in happening.world.workflows.values() if each.arn.endswith(f":{arn_end}")
    )
    node = happening.world.stores.item("releases", workflow.release_id, f"pipeline#{pipeline}")
    status = value(node, "status")
    expected = PIPELINE_ERRORS.get(PipelineStatus(status)) if status != "SUCCEEDED" else None
    if status in _GOING_ON or call.request.get("error") != expected:
        told = call.request.get("error", "success")
        raise Violated("settled_with_the_truth", f"{pipeline} is {status}, told {told}")


def recorded_ends_are_true(happening: Happening) -> None:
    """A pipeline ends in the ledger as its execution did, by the latest look of whoever records.

    FAILED and STOPPED can be left by a retry, so there the look counts; final states are checked
    against CodePipeline itself.
    """
    changed = happening.changed_status
    if not (happening.node and changed) or changed[1] in _GOING_ON:
        return
    execution_id = value(happening.after, "execution_id")
    expected = _STATUS_OF_EXECUTION.get(changed[1])
    if not execution_id:
        if changed[1] not in {"SKIPPED", "FAILED"}:
            raise Violated("recorded_ends_are_true", f"{happening.node} {changed[1]}, never ran")
        return
    if expected is None:
        return
    seen = happening.latest_answer("get_pipeline_execution")
    actual = happening.world.stores.execution(happening.node, execution_id).status
    looked = seen["pipelineExecution"]["status"] if seen else "not looked at"
    if expected not in ({looked} if changed[1] in {"FAILED", "STOPPED"} else {actual}):
        raise Violated(
            "recorded_ends_are_true",
            f"{happening.node} recorded {changed[1]}, CodePipeline {actual}, looked {looked}",
        )


def ended_stays_ended(happening: Happening) -> None:
    """What has ended in the ledger, a pipeline or a release, never changes its status again."""
    changed = happening.changed_status
    if changed and changed[0] and changed[0] not in _GOING_ON:
        what = happening.node or happening.item
        same_attempt = value(happening.before, "attempt") == value(happening.after, "attempt")
        if happening.item and same_attempt:
            raise Violated("ended_stays_ended", f"{what}: {changed[0]} became {changed[1]}")


def runs_once_in_an_attempt(happening: Happening) -> None:
    """Our functions start no second execution of a pipeline in one attempt of a release."""
    if happening.call.method != "start_pipeline_execution":
        return
    keys = [(each.release_id, each.pipeline, each.attempt) for each in happening.world.starts]
    for key in keys:
        if keys.count(key) > 1:
            raise Violated("runs_once_in_an_attempt", f"{key[1]} runs twice in attempt {key[2]}")


def token_before_start(happening: Happening) -> None:
    """Nothing is started before the token that its end settles is on record."""
    if happening.call.method == "start_pipeline_execution" and not happening.answer.error:
        start = next(
            each
            for each in happening.world.starts
            if each.execution_id == happening.answer.value["pipelineExecutionId"]
        )
        node = happening.world.stores.item(
            "releases", start.release_id, f"pipeline#{start.pipeline}"
        )
        if not value(node, "task_token"):
            raise Violated("token_before_start", f"{start.pipeline} started without a token")
        if value(node, "status") == "WAITING":
            raise Violated("token_before_start", f"{start.pipeline} started without a claim")


def nothing_starts_after_a_visible_end(happening: Happening) -> None:
    """Who starts has read, after the claim, that the release runs."""
    if happening.call.method != "start_pipeline_execution" or happening.answer.error:
        return
    for call, answer in reversed(
        list(zip(happening.calls(), happening.invocation.point.answers, strict=True))  # type: ignore[union-attr]  # it runs
    ):
        if call.method == "update_item" and ":starter" not in str(call.request):
            values = call.request.get("ExpressionAttributeValues", {})
            if values.get(":status") == {"S": "STARTING"}:
                raise Violated(
                    "nothing_starts_after_a_visible_end", "started without a look after the claim"
                )
        headers = [
            item
            for item in _read_items(answer.value)
            if item.get("item") == {"S": "release"} and answer.error is None
        ]
        if headers:
            if value(headers[0], "status") != "RUNNING":
                raise Violated(
                    "nothing_starts_after_a_visible_end", "started in a release seen closed"
                )
            return


def at_most_one_release_drives_a_pipeline(happening: Happening) -> None:
    """An execution belongs to one release for ever."""
    if happening.call.method == "update_item" and happening.before and happening.after:
        before = value(happening.before, "release_id")
        if "execution_id" in happening.call.request["Key"] and before:
            after = value(happening.after, "release_id")
            if before != after:
                raise Violated(
                    "at_most_one_release_drives_a_pipeline", f"from {before} to {after}"
                )


def fails_only_for_a_reason(world: World, invocation: Invocation, how: Ended) -> None:
    """A function raises what the workflow knows, or what AWS told it; nothing else."""
    if how.error is None or type(how.error).__name__ == "Crashed":
        return
    for error in _leaves(how.error):
        if isinstance(error, Rejection | Unfinished):
            continue
        if isinstance(error, ClientError) and invocation.hurt:
            continue
        raise Violated("fails_only_for_a_reason", f"{invocation.name}: {error!r}")


def closed_as_recorded(world: World, invocation: Invocation, how: Ended) -> None:
    """What the workflow is told of its release is what the ledger says."""
    if invocation.function == "close_release" and isinstance(how.value, dict):
        header = world.stores.item("releases", how.value["release_id"], "release")
        if how.value["status"] != value(header, "status"):
            raise Violated(
                "closed_as_recorded", f"{how.value['status']} told, {value(header, 'status')} kept"
            )


CALLS = (
    settled_with_the_truth,
    recorded_ends_are_true,
    ended_stays_ended,
    runs_once_in_an_attempt,
    token_before_start,
    nothing_starts_after_a_visible_end,
    at_most_one_release_drives_a_pipeline,
)
RETURNS = (fails_only_for_a_reason, closed_as_recorded)


def check_call(happening: Happening) -> None:
    """Check what must hold after a call took effect."""
    for check in CALLS:
        check(happening)


def check_return(world: World, invocation: Invocation, how: Ended) -> None:
    """Check what must hold when an invocation ends."""
    for check in RETURNS:
        check(world, invocation, how)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def _read_items(response: object) -> list[dict[str, dict[str, str]]]:
    match response:
        case {"Responses": {"releases": list(items)}} | {"Items": list(items)}:
            return items
    return []
