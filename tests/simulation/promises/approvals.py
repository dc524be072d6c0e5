"""The promises about manual approvals: who answered is on record, and a stop abandons no deploy."""

from tests.simulation.world.happenings import Happening, Violated, list_of, value
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World


def only_approvals_are_abandoned(happening: Happening) -> None:
    """A stop abandons no action but an approval, unless the manifest asks for it."""
    call = happening.call
    if call.method != "stop_pipeline_execution" or not call.request["abandon"]:
        return
    execution_id = call.request["pipelineExecutionId"]
    (start,) = [each for each in happening.world.starts if each.execution_id == execution_id]
    header = happening.header_of(start.release_id)
    abandoned = [
        run.action
        for run in happening.world.stores.codepipeline.runs(execution_id)
        if run.status == "Abandoned" and not run.token
    ]
    if abandoned and value(header, "abandons") != "True":
        raise Violated("only_approvals_are_abandoned", f"{abandoned} of {execution_id}")


def answers_are_on_record(world: World, workflow: Workflow) -> None:
    """The record of a pipeline that has ended has each answer to its approvals, once."""
    for start in world.starts:
        node = world.stores.item("releases", start.release_id, f"pipeline#{start.pipeline}")
        if value(node, "execution_id") != start.execution_id:
            continue
        runs = world.stores.codepipeline.runs(start.execution_id)
        answered = sorted(run.id for run in runs if run.token and run.result.updated_by)
        recorded = len(node["approvals"]["L"]) if node and "approvals" in node else 0
        if sorted(list_of(node, "answered")) != answered or recorded != len(answered):
            raise Violated("answers_are_on_record", f"{recorded} of {answered} of {start.pipeline}")


def check_answer(world: World, pipeline: str, execution_id: str) -> None:
    """Check that an execution that our functions stop does not wait for an approval.

    Called before an execution goes on, when all functions have ended.
    """
    start = next((each for each in world.starts if each.execution_id == execution_id), None)
    if start is None or world.invocations:
        return
    node = world.stores.item("releases", start.release_id, f"pipeline#{pipeline}")
    asking = [
        each
        for each in world.stores.codepipeline.actions.values()
        if each.execution_id == execution_id and each.token
    ]
    is_stopping = world.stores.execution(pipeline, execution_id).status == "Stopping"
    if asking and is_stopping and value(node, "stop_requested_at"):
        raise Violated("a_stop_waits_for_no_approval", f"{pipeline} waits as {execution_id}")
