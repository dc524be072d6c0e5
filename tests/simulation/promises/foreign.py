"""The promises about what others do with the pipelines of a release that is rolled back."""

from localstack_codepipeline.model.state import Execution
from tests.simulation.promises.skips import succeeded_for_good
from tests.simulation.world.happenings import Happening, Violated, value
from tests.simulation.world.outside import by_hand
from tests.simulation.world.stores import GOOD_BEFORE, Item
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World

_BROKEN = {"FAILED", "STOPPED", "SUPERSEDED", "CANCELLED", "TIMED_OUT"}
_SHIPS = {"Succeeded", "InProgress", "Stopping"}


def live_before(world: World, release_id: str, pipeline: str) -> str:
    """Return the revision that was live in a pipeline when the release last started it."""
    own = [
        start.execution_id
        for start in world.starts
        if (start.release_id, start.pipeline) == (release_id, pipeline)
    ]
    executions = world.stores.executions(pipeline)
    began = next((at for at, each in enumerate(executions) if each.id in own[-1:]), 0)
    for each in reversed(executions[:began]):
        if succeeded_for_good(each) and each.id not in own and "Fetch" in each.revisions:
            return each.revisions["Fetch"].id
    return GOOD_BEFORE.format(pipeline)


def a_rollback_is_up_to_date(happening: Happening) -> None:
    """When a rollback is opened, its latest look shows nothing by a person that is in its way.

    No execution by hand has shipped since, or still runs; and what failed has not succeeded since.
    Only for one pipeline: of several, the rollback may leave one out.
    """
    world = happening.world
    rolled_back = _claims_a_rollback_of(happening)
    if not rolled_back or len(world.scenario.pipelines) > 1:
        return
    (pipeline,) = world.scenario.pipelines
    listed = happening.latest_answer("list_pipeline_executions")["pipelineExecutionSummaries"]
    seen = {each["pipelineExecutionId"]: each["status"] for each in listed}
    before, since = _around(world, rolled_back, pipeline)
    running = [each.id for each in before if seen.get(each.id) in _SHIPS - {"Succeeded"}]
    in_the_way = running + [each.id for each in since if seen.get(each.id) in _SHIPS]
    if in_the_way:
        raise Violated("a_rollback_is_up_to_date", f"{rolled_back}, over {in_the_way}")
    node = happening.node_of(rolled_back, pipeline)
    repaired = seen.get(value(node, "execution_id")) == "Succeeded"
    if value(node, "status") in _BROKEN and repaired and "skipped_stages" not in (node or {}):
        raise Violated("a_rollback_is_up_to_date", f"{rolled_back}, which was repaired")


def a_rollback_belongs_to_the_attempt_that_failed(world: World, workflow: Workflow) -> None:
    """An automatic rollback is opened only in the attempt whose failure started it."""
    rollback = world.stores.item("releases", workflow.release_id, "release")
    cause = next(
        (
            each.arn
            for each in world.workflows.values()
            if each.rollback and each.rollback[1] == workflow.name
        ),
        None,
    )
    header = world.stores.item("releases", value(rollback, "rollback_of"), "release")
    if rollback and cause and value(header, "execution_arn") != cause:
        raise Violated("a_rollback_belongs_to_the_attempt_that_failed", workflow.release_id)


def _around(
    world: World, release_id: str, pipeline: str
) -> tuple[list[Execution], list[Execution]]:
    """Return the executions by hand that began before, and after, the last one of a release."""
    own = [
        start.execution_id
        for start in world.starts
        if (start.release_id, start.pipeline) == (release_id, pipeline)
    ]
    order = [each.id for each in world.stores.executions(pipeline)]
    began = order.index(own[-1]) if own else 0
    foreign = by_hand(world, pipeline).values()
    return (
        [each for each in foreign if order.index(each.id) < began],
        [each for each in foreign if order.index(each.id) > began],
    )


def _claims_a_rollback_of(happening: Happening) -> str:
    """Return the release that a call opens a rollback of, or an empty text."""
    if happening.call.method != "transact_write_items" or happening.answer.error is not None:
        return ""
    for action in happening.call.request["TransactItems"]:
        item: Item = action.get("Put", {}).get("Item", {})
        if value(item, "rollback_of"):
            return value(item, "rollback_of")
    return ""
