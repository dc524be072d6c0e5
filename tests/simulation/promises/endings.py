"""What holds when all faults have stopped and nothing more can happen."""

import json
from copy import replace
from datetime import timedelta

from release_core.apply.orphans import ORPHANED
from release_core.clock import from_iso, to_iso
from tests.simulation.promises.rollbacks import ROLLBACKS
from tests.simulation.world.happenings import Violated, list_of, value
from tests.simulation.world.workflow import LOOK_AGAIN, STOPPED_BECAUSE, Workflow
from tests.simulation.world.world import Start, World

_ENDED_RELEASES = {"SUCCEEDED", "FAILED", "CANCELLED"}
# No wait is shorter than ten seconds, nor changed for the sake of as many.
LOOKED_AT_WITHIN = timedelta(seconds=15)
_AT_REST = {"Succeeded", "Failed", "Stopped", "Superseded", "Cancelled"}


def every_workflow_ends(world: World, workflow: Workflow) -> None:
    """No execution of the workflow waits for ever, and no task of it either."""
    if not workflow.ended:
        waiting = [child.pipeline for child in workflow.children if not child.ended]
        raise Violated("every_workflow_ends", f"{workflow.stage}, waiting for {waiting}")


def every_token_is_settled_once(world: World, workflow: Workflow) -> None:
    """Of each pipeline's tokens one is settled, the last, unless the workflow was ended before."""
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
        if workflow.stage == "ABORTED" and not settled:
            continue
        if settled != tokens[-1:]:
            raise Violated("every_token_is_settled_once", f"of {tokens} {settled} were settled")


def every_release_ends(world: World, workflow: Workflow) -> None:
    """A release that was opened is closed, with each of its pipelines ended."""
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
    """Whoever reads either one reads the same; a stop after the close comes too late to count."""
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
            f"the workflow {workflow.stage} (told {workflow.closed_as}), the ledger {status}",
        )


def a_release_succeeds_when_all_did(world: World, workflow: Workflow) -> None:
    """SUCCEEDED is said of a release only when each execution of it succeeded at CodePipeline."""
    header = world.stores.item("releases", workflow.release_id, "release")
    for child in workflow.children if value(header, "execution_arn") == workflow.arn else ():
        node = world.stores.item("releases", workflow.release_id, f"pipeline#{child.pipeline}")
        status, execution_id = value(node, "status"), value(node, "execution_id")
        if value(header, "status") == "SUCCEEDED" and status != "SUCCEEDED":
            raise Violated("a_release_succeeds_when_all_did", f"{child.pipeline} is {status}")
        if status == "SUCCEEDED":
            actual = world.stores.execution(child.pipeline, execution_id).status
            if actual != "Succeeded":
                raise Violated("a_release_succeeds_when_all_did", f"{execution_id} is {actual}")


def nothing_runs_on_unseen(world: World, workflow: Workflow) -> None:
    """What we started is on record, and has ended or was asked to stop when its release ended."""
    for start in world.starts:
        node = world.stores.item("releases", start.release_id, f"pipeline#{start.pipeline}")
        known = [value(node, "execution_id"), *list_of(node, "earlier_executions")]
        if value(node, "attempt") == str(start.attempt) and start.execution_id not in known:
            raise Violated(
                "nothing_runs_on_unseen",
                f"{start.execution_id} of {start.pipeline} was started and is on no record "
                f"({value(node, 'status')})",
            )
        execution = world.stores.execution(start.pipeline, start.execution_id)
        if execution.status not in _AT_REST and execution.id not in world.resumed:
            raise Violated("nothing_runs_on_unseen", f"{execution.id} is {execution.status}")


def every_outcome_is_announced(world: World, workflow: Workflow) -> None:
    """The outcome of each release was put on the event bus, as it stands in the ledger.

    So it is also when the event of a stop was lost, with the cause that whoever stopped it gave.
    """
    header = world.stores.item("releases", workflow.release_id, "release")
    if header is None or value(header, "execution_arn") != workflow.arn:
        return
    status, why = value(header, "status"), value(header, "why")
    # That a rollback was never started turns out later, and is told by the ledger alone.
    told_before = why.partition("\nThe rollback ")[0]
    wanted = {(f"Release {status.capitalize()}", each) for each in (why, told_before)}
    told = {
        (entry["DetailType"], json.loads(entry["Detail"])["why"])
        for entry in world.stores.events.entries
        if entry["DetailType"] != ORPHANED
    }
    if not told & wanted or (len(world.workflows) == 1 and told - wanted):
        raise Violated("every_outcome_is_announced", f"{sorted(told)} instead of {wanted}")
    if status == "CANCELLED" and not why.endswith(STOPPED_BECAUSE):
        raise Violated("every_outcome_is_announced", f"the cause is gone: {why}")


def what_succeeded_is_the_last_good(world: World, workflow: Workflow) -> None:
    """After a success the pipeline's last good execution is that one."""
    for child in workflow.children:
        node = world.stores.item("releases", workflow.release_id, f"pipeline#{child.pipeline}")
        if value(node, "status") == "SUCCEEDED" and len(world.workflows) == 1:
            last = world.stores.item("pipelines", child.pipeline)
            good = last.get("last_good") if last else None
            kept = good["M"]["execution_id"]["S"] if good else "nothing"
            if kept != value(node, "execution_id"):
                raise Violated("what_succeeded_is_the_last_good", f"{child.pipeline} kept {kept}")


def no_closed_release_holds_a_pipeline(world: World, workflow: Workflow) -> None:
    """Whoever opened a release has given all its pipelines back, also when it was cancelled.

    A first try of open_release that the workflow gave up, and that outlives its whole release, may
    take them again; whoever wants them next finds that execution dead and takes them over.
    """
    if world.budgets.get("orphan") != world.scenario.faults.get("orphan"):
        return
    for name in world.scenario.pipelines:
        held_by = value(world.stores.item("pipelines", name), "held_by")
        if workflow.release_id and held_by == workflow.arn:
            raise Violated("no_closed_release_holds_a_pipeline", f"{name} by {held_by}")


def nobody_waits_without_a_fault(world: World, workflow: Workflow) -> None:
    """Where nothing went wrong, events alone move everything on: no look is needed.

    What a person has changed may have to be started over; if the release is halted at that moment,
    it takes until no starter can be alive to know that nothing was started.
    """
    spent = world.budgets["faults"] < world.scenario.most_faults
    stopped = world.budgets["cancel"] < world.scenario.cancels
    told = str(world.scenario.manifests)
    limited = "timeoutMinutes" in told or "deadline" in told
    changed = world.budgets["change"] < world.scenario.person_changes
    if world.waits and not (spent or stopped or limited or changed):
        raise Violated("nobody_waits_without_a_fault", f"time had to pass {world.waits} times")


ENDINGS = (
    nobody_waits_without_a_fault,
    no_closed_release_holds_a_pipeline,
    every_workflow_ends,
    every_token_is_settled_once,
    every_release_ends,
    the_ledger_and_the_workflow_agree,
    a_release_succeeds_when_all_did,
    nothing_runs_on_unseen,
    every_outcome_is_announced,
    what_succeeded_is_the_last_good,
    *ROLLBACKS,
)


def check_rest(world: World, pipeline: str, execution_id: str) -> None:
    """Check that a release that is over leaves nothing running when all functions have ended.

    Called before an execution goes on. A release that was cancelled, or that stops at the first
    failure, has asked each of its executions to stop by then.
    """
    start = next((each for each in world.starts if each.execution_id == execution_id), None)
    if start is None or world.invocations or execution_id in world.resumed:
        return
    header = world.stores.item("releases", start.release_id, "release")
    over = value(header, "status") != "RUNNING"
    stops = value(header, "halted_by") and value(header, "on_failure") in {"stop", "rollback"}
    same_attempt = value(header, "attempt") == str(start.attempt)
    running = world.stores.execution(pipeline, execution_id).status == "InProgress"
    if running and same_attempt and (over or stops):
        raise Violated("what_is_over_is_stopped", f"{pipeline} runs on as {execution_id}")
    if same_attempt and not over:
        _check_limits(world, start)


def _check_limits(world: World, start: Start) -> None:
    """Check that what has a time limit is looked at when that passes, and stopped by that look."""
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
        raise Violated("limits_are_kept", f"{start.pipeline} ends at {end}, looks at {task.due}")
    if looked >= end and task.due and task.due > world.stores.clock():
        raise Violated("limits_are_kept", f"{start.pipeline} was looked at after {end}, runs on")


def check_end(world: World) -> None:
    """Check what must hold at the end of a schedule."""
    for workflow in world.workflows.values():
        for check in ENDINGS:
            check(world, workflow)
