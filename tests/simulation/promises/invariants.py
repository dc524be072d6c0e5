"""The promises that hold whenever a call takes effect or an invocation ends."""

from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from release_core.aws.step_functions import PIPELINE_ERRORS
from release_core.clock import from_iso, to_iso
from release_core.decide.timing import TASK_WINDOW
from release_core.domain.release import PipelineStatus
from release_core.errors import AdvanceUnfinished, Unfinished
from tests.simulation.promises.announced import announced_when_on_record
from tests.simulation.promises.approvals import only_approvals_are_abandoned
from tests.simulation.promises.attempts import CALLS_OF_ATTEMPTS, is_late, real_retries
from tests.simulation.promises.calendars import held_no_longer_than_closed
from tests.simulation.promises.foreign import a_rollback_is_up_to_date
from tests.simulation.promises.frozen import CALLS_OF_FREEZES, RETURNS_OF_FREEZES
from tests.simulation.promises.held import (
    RETURNS_OF_HOLDS,
    held_until,
    manifest_of,
    nothing_is_locked_before_its_time,
)
from tests.simulation.promises.skips import skips_are_on_record
from tests.simulation.promises.starting import STARTS
from tests.simulation.promises.votes import CALLS_OF_VOTES, a_vote_that_counts_is_on_record
from tests.simulation.scenarios import name_of
from tests.simulation.world.calls import Ended
from tests.simulation.world.happenings import GOING_ON, Happening, Violated, list_of, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.workflow import BUSY, LOOK_AGAIN, Workflow
from tests.simulation.world.world import World

_STATUS_OF_EXECUTION = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "STOPPED": "Stopped",
    "TIMED_OUT": "Stopped",
    "SUPERSEDED": "Superseded",
    "CANCELLED": "Cancelled",
}


def settled_with_the_truth(happening: Happening) -> None:
    """A token is settled with the outcome in the ledger, after it was recorded there."""
    call, answer = happening.call, happening.answer
    if call.method not in {"send_task_success", "send_task_failure"} or answer.error:
        return
    name, pipeline, _ = call.request["taskToken"].split(":")
    if pipeline == BUSY or call.request.get("error") == LOOK_AGAIN:
        return  # the task keeps waiting: this is no outcome
    workflow = next(each for each in happening.world.workflows.values() if each.name == name)
    node = happening.world.stores.item("releases", workflow.release_id, f"pipeline#{pipeline}")
    status = value(node, "status")
    expected = None if status == "SUCCEEDED" else PIPELINE_ERRORS.get(PipelineStatus(status), "-")
    if call.request.get("error") != expected:
        sent = call.request.get("error", "success")
        raise Violated("settled_with_the_truth", f"{pipeline} is {status}, settled with {sent}")


def settled_last(happening: Happening) -> None:
    """A pipeline that has succeeded is settled when it blocks no dependent any more.

    Until then its task returns, and what a crash left undone is done again.
    """
    call, answer = happening.call, happening.answer
    if call.method != "send_task_success" or answer.error:
        return
    name, pipeline, _ = call.request["taskToken"].split(":")
    if pipeline == BUSY:
        return
    workflow = next(each for each in happening.world.workflows.values() if each.name == name)
    items = happening.world.stores.releases()[workflow.release_id]
    node = items[f"pipeline#{pipeline}"]
    for name in list_of(node, "dependents"):
        dependent = items[f"pipeline#{name}"]
        waits = value(dependent, "status") == "WAITING"
        if waits and value(node, "position") in list_of(dependent, "blocked_by"):
            raise Violated("settled_last", f"{pipeline}, while it blocks {name}")


def recorded_ends_are_true(happening: Happening) -> None:
    """A pipeline ends in the ledger like its execution, by the latest look of the function.

    A retry can resume FAILED and STOPPED, so there the look counts; other states are compared with
    CodePipeline itself. An execution that was deleted with its pipeline may count as FAILED.
    """
    changed = happening.changed_status
    if not (happening.node and changed) or changed[1] in GOING_ON | {"SKIPPED"}:
        return
    if "approval" in (happening.after or {}):
        return  # it has no execution, and ends as its votes say
    execution_id = value(happening.after, "execution_id")
    if not execution_id and changed[1] != "FAILED":
        raise Violated("recorded_ends_are_true", f"{happening.node} {changed[1]}, but never ran")
    if not execution_id:
        return
    starts = {each.execution_id: each.attempt for each in happening.world.starts}
    if str(starts.get(execution_id)) != value(happening.after, "attempt"):
        raise Violated("recorded_ends_are_true", f"{execution_id} is of another attempt")
    expected = _STATUS_OF_EXECUTION[changed[1]]
    actual = happening.world.stores.execution(happening.node, execution_id).status
    seen = happening.latest_answer("get_pipeline_execution")
    looked = seen["pipelineExecution"]["status"] if seen else "not looked at"
    if execution_id in happening.world.stores.deleted and changed[1] == "FAILED":
        return
    real = looked if changed[1] in {"FAILED", "STOPPED", "TIMED_OUT"} else actual
    if changed[1] == "FAILED" and "skipped_stages" in (happening.after or {}):
        expected = "Succeeded"
    # A pipeline whose task was given up is stopped, and counts as failed.
    stopped = real == "Stopped" and changed[1] == "FAILED" and value(happening.after, "given_up")
    if real != expected and not stopped:
        raise Violated(
            "recorded_ends_are_true",
            f"{happening.node} recorded {changed[1]}, CodePipeline {actual}, looked {looked}",
        )


def ended_stays_ended(happening: Happening) -> None:
    """A pipeline or release that has ended in the ledger stays so in that attempt.

    A resume may find that a console retry has succeeded; only then FAILED is corrected.
    """
    changed = happening.changed_status
    if not (changed and changed[0] and changed[0] not in GOING_ON):
        return
    same_attempt = value(happening.before, "attempt") == value(happening.after, "attempt")
    corrected = happening.invocation.function == "open_release" and changed[1] == "SUCCEEDED"
    if same_attempt and not corrected:
        what = happening.node or happening.item
        raise Violated("ended_stays_ended", f"{what}: {changed[0]} became {changed[1]}")


def halted_before_a_bad_end(happening: Happening) -> None:
    """When a pipeline ends badly in the ledger, its release is halted, unless it continues."""
    changed = happening.changed_status
    if not (happening.node and changed) or changed[1] in GOING_ON | {"SKIPPED", "SUCCEEDED"}:
        return
    header = happening.header
    if changed[1] == "CANCELLED" and "approval" in (happening.after or {}):
        return  # its release is over already
    if value(header, "on_failure") != "continue" and not value(header, "halted_by"):
        raise Violated("halted_before_a_bad_end", f"{happening.node} {changed[1]}, no halt")


def skipped_for_a_reason(happening: Happening) -> None:
    """A pipeline is skipped only if its release ended or is halted, or a dependency ended badly.

    It is also skipped if its task has not come within an hour, because the workflow has given it
    up. The close of an attempt may skip what the next attempt has not renewed yet: that one ended.
    """
    changed = happening.changed_status
    if not (happening.node and changed) or changed[1] != "SKIPPED":
        return
    header = happening.header
    is_former = value(happening.after, "attempt") != value(header, "attempt")
    if is_former or value(header, "status") != "RUNNING" or value(header, "halted_by"):
        return
    if _deadline_passed(happening):
        return
    began = value(header, "resumed_at") or value(header, "opened_at")
    if not value(happening.after, "task_token") and happening.now > _later(began, TASK_WINDOW):
        return
    statuses = [
        value(happening.sibling(name), "status") for name in list_of(happening.after, "depends_on")
    ]
    if not any(status not in GOING_ON | {"SUCCEEDED"} for status in statuses):
        raise Violated("skipped_for_a_reason", f"{happening.node} after {statuses}")


def fails_after_its_retries(happening: Happening) -> None:
    """A pipeline fails only after its retries are used up, unless it has to be stopped anyway.

    If CodePipeline rejects a retry, the pipeline is started again; a halted release starts nothing.
    A rejected approval is final, and so is a success whose deployment was skipped.
    """
    changed = happening.changed_status
    if not (happening.node and changed) or changed[1] != "FAILED":
        return
    allowed = int(value(happening.after, "retries") or 0)
    if _was_rejected(happening) or "skipped_stages" in (happening.after or {}):
        return
    used = min(int(value(happening.after, "retried") or 0), real_retries(happening))
    if value(happening.header, "halted_by") and _was_refused_a_retry(happening):
        return
    if used < allowed and value(happening.after, "execution_id") and not _is_to_stop(happening):
        raise Violated("fails_after_its_retries", f"{happening.node}: {used} of {allowed} used")


def _was_rejected(happening: Happening) -> bool:
    runs = happening.world.stores.codepipeline.runs(value(happening.after, "execution_id"))
    return any(run.token and run.status == "Failed" for run in runs)


def waits_for_codepipeline(happening: Happening) -> None:
    """A pipeline does not fail while CodePipeline itself retries its stage, or rolls it back.

    A release that is over waits for no rollback.
    """
    changed = happening.changed_status
    execution_id = value(happening.after, "execution_id")
    if not (happening.node and changed and execution_id) or changed[1] != "FAILED":
        return
    execution = happening.world.stores.execution(happening.node, execution_id)
    if execution.retry_at:
        raise Violated("waits_for_codepipeline", f"{execution_id} goes on at {execution.retry_at}")
    rollbacks = happening.world.stores.codepipeline.rollbacks_of(happening.node, execution_id)
    is_open = value(happening.header, "status") == "RUNNING"
    if is_open and any(each.status == "InProgress" for each in rollbacks):
        raise Violated("waits_for_codepipeline", f"{execution_id} is being rolled back")


def _was_refused_a_retry(happening: Happening) -> bool:
    assert happening.invocation.point
    return any(
        call.method == "retry_stage_execution" and answer.error is not None
        for call, answer in zip(happening.calls(), happening.invocation.point.answers, strict=True)
    )


def _is_to_stop(happening: Happening) -> bool:
    """Whether a running execution of the pipeline has to be stopped now, or was stopped."""
    node, header = happening.after, happening.header
    halts = value(header, "halted_by") and value(header, "on_failure") in {"stop", "rollback"}
    asked = value(node, "stop_requested_at") or value(node, "given_up")
    over = value(header, "status") != "RUNNING" or _deadline_passed(happening)
    return bool(over or halts or asked or is_late(happening))


def _deadline_passed(happening: Happening) -> bool:
    deadline = value(happening.header, "deadline")
    return bool(deadline) and deadline <= happening.now


def _later(moment: str, by: timedelta) -> str:
    return to_iso(from_iso(moment) + by)


def an_execution_keeps_its_owner(happening: Happening) -> None:
    """An execution always belongs to the attempt of the release that started it.

    A rollback by CodePipeline belongs to that of the execution that failed.
    """
    if happening.call.method != "update_item" or not happening.after:
        return
    if "execution_id" not in happening.call.request["Key"]:
        return
    owners = [
        (value(item, "release_id"), value(item, "attempt"))
        for item in (happening.before, happening.after)
    ]
    if owners[0] != ("", "") and owners[0] != owners[1]:
        raise Violated("an_execution_keeps_its_owner", f"from {owners[0]} to {owners[1]}")
    execution_id, pipeline = (value(happening.after, each) for each in ("execution_id", "pipeline"))
    origin = happening.world.stores.codepipeline.origin_of(pipeline, execution_id)
    starters = [
        (each.release_id, str(each.attempt))
        for each in happening.world.starts
        if each.execution_id == origin
    ]
    if owners[1] != ("", "") and starters != [owners[1]]:
        raise Violated("an_execution_keeps_its_owner", f"{owners[1]} took one of {starters}")


def a_pipeline_has_one_holder(happening: Happening) -> None:
    """A pipeline passes from one running release to another only after it was freed."""
    before, after = value(happening.before, "held_by"), value(happening.after, "held_by")
    if before and after and before != after and not happening.world.workflows[before].ended:
        raise Violated("a_pipeline_has_one_holder", f"taken from {before} by {after}")


def served_in_order(happening: Happening) -> None:
    """No release locks a pipeline that a release which came earlier waits for.

    Except the next attempt of a release, whose automatic rollback waits and has nothing to do now.
    Who waits is known from the queue in the ledger, and from the workflows and their manifests.
    """
    before, after = value(happening.before, "held_by"), value(happening.after, "held_by")
    if not after or before == after:
        return
    pipeline, world = value(happening.after, "pipeline"), happening.world
    for workflow in world.workflows.values():
        waits = any(
            member.split(" ")[1] == workflow.arn for member in list_of(happening.before, "queue")
        ) or (_is_in_line(world, workflow) and pipeline in _needs(world, workflow.arn))
        came_first = _order(world, workflow.arn) < _order(world, after)
        overtaken = _rolls_back(world, workflow.arn) == value(happening.after, "held_for")
        if waits and came_first and not workflow.ended and not overtaken:
            raise Violated("served_in_order", f"{after} took {pipeline} before {workflow.arn}")


def _is_in_line(world: World, workflow: Workflow) -> bool:
    keeps_its_place = workflow.stage == "WaitForTime" and manifest_of(world, workflow.arn).get(
        "holdLocks"
    )
    return workflow.stage == "WaitForPipelines" or bool(keeps_its_place)


def _order(world: World, arn: str) -> tuple[datetime, str]:
    came_at = world.stores.step_functions.execution(arn).started_at
    held = held_until(world, arn)
    if held and not manifest_of(world, arn).get("holdLocks"):
        came_at = max(came_at, held)
    return came_at, arn


def _rolls_back(world: World, arn: str) -> str | None:
    """The release that a workflow execution rolls back, if it was started for that."""
    release_id: str | None = manifest_of(world, arn).get("rollBack")
    return release_id


def _needs(world: World, arn: str) -> list[str]:
    """The pipelines that a submitted manifest needs; a resume or a rollback may need fewer."""
    manifest = manifest_of(world, arn)
    named = [] if manifest.get("resume") else manifest.get("pipelines", [])
    return [name_of(each) for each in named]


def fails_only_for_a_reason(world: World, invocation: Invocation, how: Ended) -> None:
    """A function raises only errors that the workflow handles, or errors from AWS."""
    if how.error is None or type(how.error).__name__ == "Crashed":
        return
    for error in _leaves(how.error):
        if isinstance(error, Unfinished) and not isinstance(error, AdvanceUnfinished):
            continue
        if isinstance(error, ClientError) and invocation.hurt:
            continue
        raise Violated("fails_only_for_a_reason", f"{invocation.name}: {error!r}")


def closed_as_recorded(world: World, invocation: Invocation, how: Ended) -> None:
    """The outcome that close_release returns is the one in the ledger."""
    if invocation.function == "close_release" and isinstance(how.value, dict):
        header = world.stores.item("releases", how.value["release_id"], "release")
        kept = value(header, "status")
        if how.value["status"] != kept and value(header, "execution_arn") == invocation.arn:
            raise Violated("closed_as_recorded", f"returned {how.value['status']}, recorded {kept}")


def what_is_given_up_fails(world: World, invocation: Invocation, how: Ended) -> None:
    """When GiveUpTask is done, its pipeline has ended, or its execution is being stopped."""
    payload = invocation.payload
    if how.error is not None or not (isinstance(payload, dict) and "gave_up" in payload):
        return
    header = world.stores.item("releases", payload["release_id"], "release")
    node = world.stores.item("releases", payload["release_id"], f"pipeline#{payload['pipeline']}")
    goes_on = value(node, "status") in GOING_ON and not value(node, "stop_requested_at")
    if goes_on and value(header, "execution_arn") == invocation.arn:
        raise Violated("what_is_given_up_fails", f"{payload['pipeline']} goes on")


CALLS = (
    a_rollback_is_up_to_date,
    only_approvals_are_abandoned,
    settled_with_the_truth,
    settled_last,
    announced_when_on_record,
    recorded_ends_are_true,
    ended_stays_ended,
    halted_before_a_bad_end,
    skipped_for_a_reason,
    fails_after_its_retries,
    waits_for_codepipeline,
    an_execution_keeps_its_owner,
    a_pipeline_has_one_holder,
    served_in_order,
    nothing_is_locked_before_its_time,
    skips_are_on_record,
    *CALLS_OF_ATTEMPTS,
    *CALLS_OF_FREEZES,
    held_no_longer_than_closed,
    *CALLS_OF_VOTES,
)
RETURNS = (
    fails_only_for_a_reason,
    closed_as_recorded,
    what_is_given_up_fails,
    a_vote_that_counts_is_on_record,
    *RETURNS_OF_HOLDS,
    *RETURNS_OF_FREEZES,
)


def check_call(happening: Happening) -> None:
    """Check the promises about a call that took effect."""
    if happening.call.method in {"start_pipeline_execution", "retry_stage_execution"}:
        for check in STARTS:
            check(happening)
    else:
        for check in CALLS:
            check(happening)


def check_return(world: World, invocation: Invocation, how: Ended) -> None:
    """Check the promises about an invocation that ended."""
    for check in RETURNS:
        check(world, invocation, how)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]
