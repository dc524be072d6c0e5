"""The promises that hold when no fault is left and nothing more can happen."""

from copy import replace
from datetime import timedelta

from release_core.clock import from_iso, to_iso
from release_core.domain.announcements import (
    RELEASE_CANCELLED,
    RELEASE_FAILED,
    RELEASE_SUCCEEDED,
)
from tests.simulation.promises.announced import ANNOUNCED
from tests.simulation.promises.approvals import answers_are_on_record, check_answer
from tests.simulation.promises.attempts import what_succeeded_stays_so
from tests.simulation.promises.held import a_held_release_goes_on, nobody_is_listed_for_ever
from tests.simulation.promises.rollbacks import ROLLBACKS
from tests.simulation.promises.skips import was_skipped
from tests.simulation.promises.votes import votes_decide_in_the_end
from tests.simulation.world.announced import facts_in
from tests.simulation.world.happenings import Violated, list_of, value
from tests.simulation.world.workflow import LOOK_AGAIN, STOPPED_BECAUSE, Workflow
from tests.simulation.world.world import Start, World

OUTCOMES = {RELEASE_SUCCEEDED, RELEASE_FAILED, RELEASE_CANCELLED}
_ENDED_RELEASES = {"SUCCEEDED", "FAILED", "CANCELLED"}
# No wait is shorter than ten seconds, and none is changed by less than that.
LOOKED_AT_WITHIN = timedelta(seconds=15)
_AT_REST = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}


def every_workflow_ends(world: World, workflow: Workflow) -> None:
    """No workflow execution, and none of its tasks, waits forever."""
    if not workflow.ended:
        waiting = [child.pipeline for child in workflow.children if not child.ended]
        raise Violated("every_workflow_ends", f"{workflow.stage}, waiting for {waiting}")


def every_token_is_settled_once(world: World, workflow: Workflow) -> None:
    """Of a pipeline's tokens only the last is settled, unless the workflow was stopped before."""
    for child in workflow.children:
        tokens = [
            replace(child, entries=n).token(workflow.arn) for n in range(1, child.entries + 1)
        ]
        outcomes = [world.stores.step_functions.task(token).outcome for token in tokens]
        settled = [
            token
            for token, outcome in zip(tokens, outcomes, strict=True)
            if outcome and outcome.error != LOOK_AGAIN
        ]
        if (workflow.stage == "ABORTED" or child.given_up) and not settled:
            continue
        if settled != tokens[-1:]:
            raise Violated("every_token_is_settled_once", f"of {tokens} {settled} were settled")


def every_release_ends(world: World, workflow: Workflow) -> None:
    """Every opened release is closed, and each of its pipelines has ended."""
    for release_id, items in world.stores.releases().items():
        header = items.get("release")
        if header is None or value(header, "status") == "REJECTED":
            continue
        if value(header, "status") not in _ENDED_RELEASES:
            raise Violated("every_release_ends", f"{release_id} is {value(header, 'status')}")
        for name, node in items.items():
            if name.startswith("pipeline#") and value(node, "status") in {
                "WAITING",
                "STARTING",
                "RUNNING",
            }:
                raise Violated("every_release_ends", f"{name} is {value(node, 'status')}")


def the_ledger_and_the_workflow_agree(world: World, workflow: Workflow) -> None:
    """Ledger and workflow have the same outcome; a stop after the close does not count."""
    header = world.stores.item("releases", workflow.release_id, "release")
    if not workflow.release_id or header is None:
        return
    if value(header, "execution_arn") != workflow.arn:
        return
    status = value(header, "status")
    allowed = {
        "SUCCEEDED": {"SUCCEEDED"},
        "FAILED": {"FAILED"},
        "ABORTED": {"CANCELLED", *({status} if status in {"SUCCEEDED", "FAILED"} else ())},
    }
    if status not in allowed[workflow.stage] or (workflow.closed_as or status) != status:
        raise Violated(
            "the_ledger_and_the_workflow_agree",
            f"workflow {workflow.stage} (closed as {workflow.closed_as}), ledger {status}",
        )


def a_release_succeeds_when_all_did(world: World, workflow: Workflow) -> None:
    """A release has SUCCEEDED only if each of its executions succeeded in CodePipeline."""
    header = world.stores.item("releases", workflow.release_id, "release")
    for child in workflow.children if value(header, "execution_arn") == workflow.arn else ():
        node = world.stores.item("releases", workflow.release_id, f"pipeline#{child.pipeline}")
        status, execution_id = value(node, "status"), value(node, "execution_id")
        if value(header, "status") == "SUCCEEDED" and status != "SUCCEEDED":
            raise Violated("a_release_succeeds_when_all_did", f"{child.pipeline} is {status}")
        if status == "SUCCEEDED" and "approval" not in (node or {}):
            actual = world.stores.execution(child.pipeline, execution_id).status
            if actual != "Succeeded":
                raise Violated("a_release_succeeds_when_all_did", f"{execution_id} is {actual}")


def nothing_runs_on_unseen(world: World, workflow: Workflow) -> None:
    """Every execution we started is recorded, and ended or was stopped with its release."""
    for start in world.starts:
        node = world.stores.item("releases", start.release_id, f"pipeline#{start.pipeline}")
        known = [value(node, "execution_id"), *list_of(node, "earlier_executions")]
        recorded = start.execution_id in known or start.execution_id in world.stores.deleted
        if value(node, "attempt") == str(start.attempt) and not recorded:
            raise Violated(
                "nothing_runs_on_unseen",
                f"{start.execution_id} of {start.pipeline} was started and is not recorded "
                f"({value(node, 'status')})",
            )
        execution = world.stores.execution(start.pipeline, start.execution_id)
        if start.execution_id in world.stores.deleted:
            continue
        if execution.status not in _AT_REST and execution.id not in world.resumed:
            raise Violated("nothing_runs_on_unseen", f"{execution.id} is {execution.status}")


def every_outcome_is_announced(world: World, workflow: Workflow) -> None:
    """The outcome of each release was put on the event bus, as the ledger has it.

    This also holds if the event of a stop was lost, including the cause of the stop.
    """
    header = world.stores.item("releases", workflow.release_id, "release")
    if header is None or value(header, "execution_arn") != workflow.arn:
        return
    status, why = value(header, "status"), value(header, "why")
    # That a rollback was never started is known later, and is added only to the ledger.
    at_the_close = why.partition("\nThe rollback ")[0]
    wanted = {(f"Release {status.capitalize()}", each) for each in (why, at_the_close)}
    announced = {
        (fact.detail_type, fact.why)
        for fact in facts_in(world.stores.events.entries)
        if fact.detail_type in OUTCOMES
    }
    if not announced & wanted or (len(world.workflows) == 1 and announced - wanted):
        raise Violated("every_outcome_is_announced", f"{sorted(announced)} instead of {wanted}")
    if status == "CANCELLED" and not why.startswith(STOPPED_BECAUSE):
        raise Violated("every_outcome_is_announced", f"the cause is gone: {why}")


def what_succeeded_is_the_last_good(world: World, workflow: Workflow) -> None:
    """After a success, the pipeline's last good execution is that one, unless it deployed nothing.

    What was skipped never becomes the last good execution.
    """
    for child in workflow.children:
        node = world.stores.item("releases", workflow.release_id, f"pipeline#{child.pipeline}")
        if "approval" in (node or {}):
            continue
        last = world.stores.item("pipelines", child.pipeline)
        good = last.get("last_good") if last else None
        kept = good["M"]["execution_id"]["S"] if good else "nothing"
        execution_id = value(node, "execution_id")
        succeeded = value(node, "status") == "SUCCEEDED" and len(world.workflows) == 1
        skipped = execution_id and was_skipped(world.stores.execution(child.pipeline, execution_id))
        if (kept == execution_id) if skipped else (succeeded and kept != execution_id):
            raise Violated("what_succeeded_is_the_last_good", f"{child.pipeline} kept {kept}")


def no_closed_release_holds_a_pipeline(world: World, workflow: Workflow) -> None:
    """A closed release holds none of its pipelines, even if it was cancelled.

    An exception is a first try of open_release that the workflow gave up and that outlives its
    release: it may take them again. The next release finds that execution ended and takes them
    over.
    """
    if world.budgets.get("orphan") != world.scenario.faults.get("orphan"):
        return
    for name in world.scenario.pipelines:
        held_by = value(world.stores.item("pipelines", name), "held_by")
        if workflow.release_id and held_by == workflow.arn:
            raise Violated("no_closed_release_holds_a_pipeline", f"{name} by {held_by}")


def no_place_is_left_behind(world: World, workflow: Workflow) -> None:
    """In the end no release has a place in a queue, unless the event of its stop was lost."""
    if world.spent("unheard") or world.spent("orphan"):
        return
    for name in world.scenario.pipelines:
        queue = list_of(world.stores.item("pipelines", name), "queue")
        if queue:
            raise Violated("no_place_is_left_behind", f"in {name}: {queue}")


def nobody_waits_without_a_fault(world: World, workflow: Workflow) -> None:
    """Without a fault, events alone move everything on, and no look is needed.

    A pipeline that a person changed may have to be started again. If the release is halted then, it
    takes until no starter can still run to know that nothing was started. CodePipeline takes its
    time for a retry of its own, and a freeze lasts as long as a person says.
    """
    spent = world.budgets["faults"] < world.scenario.most_faults
    stopped = world.budgets["cancel"] < world.scenario.cancels
    told = str(world.scenario.manifests)
    limits = ("timeoutMinutes", "deadline", "notBefore", "expiresAfterMinutes")
    limited = any(each in told for each in limits)
    changed = world.budgets["change"] < world.scenario.person_changes
    deleted = bool(world.stores.deleted)  # CodePipeline sends no event of it
    retried = world.scenario.on_stage_failure == "RETRY"
    asked = world.budgets["ask"] < len(world.scenario.requests)
    frozen = asked or world.scenario.closed or world.scenario.unreadable
    others = spent or stopped or limited or changed or deleted or retried
    if world.waits and not (others or frozen):
        raise Violated("nobody_waits_without_a_fault", f"time had to pass {world.waits} times")


def no_attempt_is_invented(world: World, workflow: Workflow) -> None:
    """The record of an execution has no attempt that CodePipeline has not made."""
    for start in world.starts:
        real = world.stores.execution(start.pipeline, start.execution_id).attempt
        # Members of this set are as "2#RESUMED".
        seen = list_of(world.stores.item("executions", start.execution_id), "seen")
        if any(int(each.partition("#")[0]) > real for each in seen):
            raise Violated("no_attempt_is_invented", f"{start.execution_id}: {seen} of {real}")


ENDINGS = (
    answers_are_on_record,
    no_attempt_is_invented,
    nobody_waits_without_a_fault,
    no_closed_release_holds_a_pipeline,
    no_place_is_left_behind,
    nobody_is_listed_for_ever,
    a_held_release_goes_on,
    every_workflow_ends,
    every_token_is_settled_once,
    every_release_ends,
    the_ledger_and_the_workflow_agree,
    a_release_succeeds_when_all_did,
    nothing_runs_on_unseen,
    every_outcome_is_announced,
    what_succeeded_is_the_last_good,
    what_succeeded_stays_so,
    votes_decide_in_the_end,
    *ROLLBACKS,
    *ANNOUNCED,
)


def check_rest(world: World, pipeline: str, execution_id: str) -> None:
    """Check that an ended release leaves nothing running when all functions have ended.

    Called before an execution goes on. A release that was cancelled, or that stops at the first
    failure, has stopped each of its executions by then.
    """
    check_answer(world, pipeline, execution_id)
    start = next((each for each in world.starts if each.execution_id == execution_id), None)
    if start is None or world.invocations or execution_id in world.resumed:
        return
    header = world.stores.item("releases", start.release_id, "release")
    over = value(header, "status") != "RUNNING"
    stops = value(header, "halted_by") and value(header, "on_failure") in {"stop", "rollback"}
    same_attempt = value(header, "attempt") == str(start.attempt)
    running = world.stores.execution(pipeline, execution_id).status == "InProgress"
    if running and same_attempt and (over or stops):
        raise Violated("what_is_over_is_stopped", f"{pipeline} still runs as {execution_id}")
    if same_attempt and not over:
        _check_limits(world, start)


def _check_limits(world: World, start: Start) -> None:
    """Check that a pipeline is looked at when its time limit ends, and stopped by that look."""
    header = world.stores.item("releases", start.release_id, "release")
    node = world.stores.item("releases", start.release_id, f"pipeline#{start.pipeline}")
    execution = world.stores.execution(start.pipeline, start.execution_id)
    ends = [value(header, "deadline")] if value(header, "deadline") else []
    if value(node, "timeout_minutes"):
        limit = timedelta(minutes=int(value(node, "timeout_minutes")))
        ends.append(to_iso(from_iso(value(node, "started_at")) + limit))
    if not ends or execution.status != "InProgress" or value(node, "status") != "RUNNING":
        return
    end, looked = from_iso(min(ends)), from_iso(value(node, "token_registered_at"))
    task = world.workflows[value(header, "execution_arn")].task(start.pipeline)
    if task.due and task.due > max(end, looked) + LOOKED_AT_WITHIN:
        raise Violated(
            "limits_are_kept", f"{start.pipeline} ends at {end}, but the next look is at {task.due}"
        )
    if looked >= end and task.due and task.due > world.stores.clock():
        raise Violated(
            "limits_are_kept", f"{start.pipeline} was looked at after {end} and still runs"
        )


def check_end(world: World) -> None:
    """Check the promises at the end of a schedule."""
    for workflow in world.workflows.values():
        for check in ENDINGS:
            check(world, workflow)
