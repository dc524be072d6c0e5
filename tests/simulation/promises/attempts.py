"""The promises about what belongs to one attempt: its retries, stops, slots, halts and tokens."""

from datetime import timedelta

from release_core.clock import from_iso, to_iso
from tests.simulation.promises.skips import was_skipped
from tests.simulation.world.happenings import GOING_ON, Happening, Violated, list_of, value
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World


def only_failures_are_retried(happening: Happening) -> None:
    """A retry is claimed only for an execution that failed, by the latest look of the function."""
    before, after = ((item or {}).get("retry") for item in (happening.before, happening.after))
    if not (happening.node and after) or before == after:
        return
    seen = happening.latest_answer("get_pipeline_execution")
    looked = seen["pipelineExecution"]["status"] if seen else "not looked at"
    if looked != "Failed":
        raise Violated("only_failures_are_retried", f"{happening.node} is {looked}")


def a_stop_is_planned_first(happening: Happening) -> None:
    """The reason of a stop is on record before CodePipeline is asked to stop."""
    if happening.call.method != "stop_pipeline_execution" or happening.answer.error:
        return
    execution_id = happening.call.request["pipelineExecutionId"]
    start = next(each for each in happening.world.starts if each.execution_id == execution_id)
    # Another function may have recorded another reason since: the audit has both.
    recorded = str(happening.node_of(start.release_id, start.pipeline))
    reason = happening.call.request["reason"]
    if reason not in recorded and execution_id not in happening.world.resumed:
        raise Violated("a_stop_is_planned_first", f"{start.pipeline}: {reason!r} is not recorded")


def times_out_in_time(happening: Happening) -> None:
    """A pipeline times out only after its own limit, since its start, or after the deadline."""
    timed_out = (value(item, "timed_out") for item in (happening.before, happening.after))
    if happening.node and tuple(timed_out) == ("", "True") and not is_late(happening):
        raise Violated("times_out_in_time", f"{happening.node} at {happening.now}")


def a_slot_is_kept_until_the_end(happening: Happening) -> None:
    """A pipeline gives its slot back only when it has ended in the present attempt."""
    if happening.item != "release":
        return
    freed = {*list_of(happening.before, "in_flight")} - {*list_of(happening.after, "in_flight")}
    for name in freed:
        status = value(happening.sibling(name), "status")
        if status in GOING_ON:
            raise Violated("a_slot_is_kept_until_the_end", f"{name} is {status}")


def halts_for_a_failure_of_this_attempt(happening: Happening) -> None:
    """A release is halted only by a pipeline that has just not succeeded in the same attempt.

    A closed release starts nothing any more, so that a halt changes nothing.
    """
    name = value(happening.after, "halted_by")
    if value(happening.after, "status") != "RUNNING":
        return
    if happening.item != "release" or not name or value(happening.before, "halted_by"):
        return
    node = happening.sibling(name)
    execution_id = value(node, "execution_id")
    status = value(node, "status")
    if execution_id and execution_id not in happening.world.resumed:
        execution = happening.world.stores.execution(name, execution_id)
        refused = was_skipped(execution) and value(happening.after, "on_skipped") == "fail"
        status = "Skipped" if refused else execution.status
    is_former = value(node, "attempt") != value(happening.after, "attempt")
    if "approval" in (node or {}):
        # Its end is recorded next, and an_approval_ends_as_its_votes_say checks that.
        status = "Succeeded" if status == "SUCCEEDED" else "Failed"
    given_up = value(node, "given_up") and not execution_id
    if is_former or (status in {"WAITING", "InProgress", "Succeeded"} and not given_up):
        raise Violated("halts_for_a_failure_of_this_attempt", f"halted by {name}, {status}")


def stopped_before_it_is_free(happening: Happening) -> None:
    """When a close frees a pipeline, it has stopped the execution that it knows of."""
    release_id = value(happening.before, "held_for")
    if happening.invocation.function != "close_release" or value(happening.after, "held_by"):
        return
    if not release_id or happening.invocation.hurt:
        return
    name = str(happening.call.request["Key"]["pipeline"]["S"])
    read = (happening.latest_answer("query") or {"Items": []})["Items"]
    known = next((each for each in read if each["item"] == {"S": f"pipeline#{name}"}), None)
    execution_id = value(known, "execution_id")
    if not execution_id or execution_id in happening.world.resumed or "retry" in (known or {}):
        return
    if happening.world.stores.execution(name, execution_id).status == "InProgress":
        raise Violated("stopped_before_it_is_free", f"{name} runs as {execution_id}")


def what_was_rolled_back_stays_closed(happening: Happening) -> None:
    """No attempt of a release runs after a rollback of it was opened."""
    header = happening.header if happening.release_id else None
    if value(header, "rolled_back_by") and value(header, "status") == "RUNNING":
        raise Violated("what_was_rolled_back_stays_closed", f"{happening.release_id} runs")


def a_token_is_of_its_attempt(happening: Happening) -> None:
    """The task of an earlier workflow execution does not replace the token of the present one."""
    token = value(happening.after, "task_token")
    if not happening.node or token in {"", value(happening.before, "task_token")}:
        return
    header = happening.header
    name = value(header, "execution_arn").rpartition(":")[2]
    same_attempt = value(happening.after, "attempt") == value(header, "attempt")
    if same_attempt and token.partition(":")[0] != name:
        raise Violated("a_token_is_of_its_attempt", f"{token} replaces a token of {name}")


def what_succeeded_is_not_run_again(happening: Happening) -> None:
    """An attempt starts no pipeline that has succeeded in an earlier attempt of its release.

    A success whose deployment was skipped does not count if the release does not accept it.
    """
    new, world = happening.started, happening.world
    if new is None:
        return
    refuses = value(happening.header_of(new.release_id), "on_skipped") == "fail"
    for each in world.starts:
        earlier = (each.release_id, each.pipeline) == (new.release_id, new.pipeline) and each != new
        execution = world.stores.execution(each.pipeline, each.execution_id)
        counts = execution.status == "Succeeded" and not (refuses and was_skipped(execution))
        if earlier and counts and each.execution_id not in world.resumed:
            raise Violated("what_succeeded_is_not_run_again", f"{new} after {each}")


def what_succeeded_stays_so(world: World, workflow: Workflow) -> None:
    """A pipeline that has succeeded in the ledger never gets another status, by its audit.

    An approval with four eyes waits again when a resume asks it again.
    """
    for name, node in world.stores.releases().get(workflow.release_id, {}).items():
        for entry in node["audit"]["L"] if name.startswith("pipeline#") else ():
            before, after = value(entry["M"], "before"), value(entry["M"], "after")
            asked = node.get("approval", {"M": {}})["M"].get("four_eyes", {"BOOL": False})["BOOL"]
            if before == "SUCCEEDED" != after and not (asked and after == "WAITING"):
                raise Violated("what_succeeded_stays_so", f"{name} became {after}")


def is_late(happening: Happening) -> bool:
    """Whether a pipeline or approval has reached its time limit, or its release the deadline."""
    deadline, node = value(happening.header, "deadline"), happening.after
    minutes, started = (value(node, each) for each in ("timeout_minutes", "started_at"))
    if node and "approval" in node:
        minutes = node["approval"]["M"]["expires_after_minutes"].get("N")
        started = value(node, "asked_at")
    ends = [deadline] if deadline else []
    if minutes and started:
        ends.append(to_iso(from_iso(started) + timedelta(minutes=int(minutes))))
    return any(end <= happening.now for end in ends)


def real_retries(happening: Happening) -> int:
    """Return how often a pipeline was really retried or started over in its present attempt.

    A retry of a person counts, too: a retry that we have claimed may come to nothing because of it.
    """
    world, attempt = happening.world, value(happening.after, "attempt")
    executions = [
        each.execution_id
        for each in world.starts
        if (each.release_id, each.pipeline, str(each.attempt))
        == (happening.release_id, happening.node, attempt)
    ]
    by_people = world.scenario.person_retries - world.budgets["person"]
    ours = sum(world.retries.count(each) for each in executions)
    return ours + len(executions) - 1 + by_people


CALLS_OF_ATTEMPTS = (
    only_failures_are_retried,
    a_stop_is_planned_first,
    times_out_in_time,
    a_slot_is_kept_until_the_end,
    halts_for_a_failure_of_this_attempt,
    stopped_before_it_is_free,
    what_was_rolled_back_stays_closed,
    a_token_is_of_its_attempt,
)
