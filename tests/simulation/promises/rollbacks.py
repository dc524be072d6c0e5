"""The promises about rollbacks: one other release, to the earlier success."""

from collections.abc import Mapping

from tests.simulation.promises.foreign import (
    a_rollback_belongs_to_the_attempt_that_failed,
    live_before,
)
from tests.simulation.promises.skips import succeeded_for_good, was_skipped
from tests.simulation.world.happenings import Violated, value
from tests.simulation.world.outside import by_hand
from tests.simulation.world.stores import Item
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import Start, World


def a_failed_release_is_rolled_back_once(world: World, workflow: Workflow) -> None:
    """With onFailure rollback, FAILED leads to one rollback of all that ran and succeeded before.

    Pipelines that a later release or a person ran are left out, and so are those that changed
    nothing. There is no rollback if a person has stopped, resumed, repaired or rolled back the
    release, and none of any other release.
    """
    release_id = workflow.release_id
    header = world.stores.item("releases", release_id, "release")
    if header is None or value(header, "execution_arn") != workflow.arn:
        return
    rollbacks = [
        other
        for other, items in world.stores.releases().items()
        if value(items.get("release"), "rollback_of") == release_id
    ]
    wanted = value(header, "on_failure") == "rollback" and value(header, "status") == "FAILED"
    if len(rollbacks) > wanted:
        raise Violated("a_failed_release_is_rolled_back_once", f"{release_id} by {rollbacks}")
    if rollbacks != [each for each in (value(header, "rolled_back_by"),) if each]:
        raise Violated("a_failed_release_is_rolled_back_once", f"{release_id} is not linked")
    undisturbed = (
        workflow.stage == "FAILED"
        and workflow.closed_as == "FAILED"
        and value(header, "attempt") == "1"
        and world.budgets["cancel"] == world.scenario.cancels
        and not _came_later(world, release_id)
        and not world.resumed
    )
    if wanted and undisturbed and not rollbacks and _deployed(world, release_id):
        raise Violated("a_failed_release_is_rolled_back_once", f"{release_id} by nothing")


def a_rollback_ships_what_was_good_before(world: World, workflow: Workflow) -> None:
    """Each execution of a rollback ships what was live when the release took the pipeline."""
    header = world.stores.item("releases", workflow.release_id, "release")
    rolled_back = value(header, "rollback_of")
    if not rolled_back:
        return
    ran = _ran(world, rolled_back)
    for name, node in world.stores.releases()[workflow.release_id].items():
        if name.startswith("pipeline#") and value(node, "pipeline") not in ran:
            raise Violated("a_rollback_ships_what_was_good_before", f"{name} did not run")
    for start in world.starts:
        if start.release_id != workflow.release_id:
            continue
        overrides = world.stores.execution(start.pipeline, start.execution_id).overrides
        shipped = [str(each["revisionValue"]) for each in overrides]
        if shipped != [live_before(world, rolled_back, start.pipeline)]:
            raise Violated("a_rollback_ships_what_was_good_before", f"{start} with {shipped}")


def what_was_live_is_remembered(world: World, workflow: Workflow) -> None:
    """A release remembers what was live when it took a pipeline, if nothing disturbed it."""
    disturbed = world.resumed or world.budgets["cancel"] < world.scenario.cancels
    if disturbed or world.budgets["faults"] < world.scenario.most_faults:
        return
    for start in world.starts:
        if start.release_id != workflow.release_id:
            continue
        live = _live_before(world, start.release_id, start.pipeline)
        node = world.stores.item("releases", start.release_id, f"pipeline#{start.pipeline}") or {}
        good = node.get("previous_good")
        if live and (not good or value(good["M"], "execution_id") != live.execution_id):
            raise Violated("what_was_live_is_remembered", f"{start} after {live}, not {good}")


def a_rollback_leaves_later_releases_alone(world: World, workflow: Workflow) -> None:
    """A rollback starts no pipeline that another release started after the one it rolls back."""
    rolled_back = value(
        world.stores.item("releases", workflow.release_id, "release"), "rollback_of"
    )
    last: dict[str, str] = {}
    for start in world.starts:
        before = last.get(start.pipeline, rolled_back)
        if start.release_id == workflow.release_id != before and rolled_back not in {"", before}:
            raise Violated("a_rollback_leaves_later_releases_alone", f"{start} after {before}")
        last[start.pipeline] = start.release_id


ROLLBACKS = (
    a_failed_release_is_rolled_back_once,
    a_rollback_ships_what_was_good_before,
    what_was_live_is_remembered,
    a_rollback_leaves_later_releases_alone,
    a_rollback_belongs_to_the_attempt_that_failed,
)


def _ran(world: World, release_id: str) -> set[str]:
    """Return the pipelines that a release ran and that had succeeded before."""
    return {
        start.pipeline
        for start in world.starts
        if start.release_id == release_id and start.pipeline in world.scenario.good
    }


def _deployed(world: World, release_id: str) -> bool:
    """Whether a release has changed something in such a pipeline."""
    executions = [
        world.stores.execution(start.pipeline, start.execution_id)
        for start in world.starts
        if start.release_id == release_id and start.pipeline in world.scenario.good
    ]
    return any("Deploy" in each.stages and not was_skipped(each) for each in executions)


def _live_before(world: World, release_id: str, pipeline: str) -> Start | None:
    """Return the success of another release that was live when the release last started."""
    live: Start | None = None
    before: Start | None = None
    for start in world.starts:
        if start.pipeline != pipeline:
            continue
        if start.release_id == release_id:
            before = live
        elif succeeded_for_good(world.stores.execution(pipeline, start.execution_id)):
            live = start
    return before


def _came_later(world: World, release_id: str) -> bool:
    """Whether another release, or a person, used a pipeline that this one ran."""
    others: Mapping[str, Mapping[str, Item]] = world.stores.releases()
    known = {release_id, f"{release_id}-rollback"}
    if any(by_hand(world, pipeline) for pipeline in world.scenario.pipelines):
        return True
    opened = {
        other
        for other, items in others.items()
        if "release" in items and value(items["release"], "status") != "REJECTED"
    }
    return not opened <= known or any(_is_other(start, known) for start in world.starts)


def _is_other(start: Start, known: set[str]) -> bool:
    return start.release_id not in known
