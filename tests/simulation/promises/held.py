"""The promises about releases that are held until their time."""

import json
from datetime import datetime, timedelta
from typing import Any

from release_core.clock import from_iso
from tests.simulation.world.calls import Ended
from tests.simulation.world.happenings import Happening, Violated, list_of, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World

# Seconds are whole, and a function takes its time.
_SOON = timedelta(seconds=15)


def manifest_of(world: World, arn: str) -> dict[str, Any]:
    """The input of a workflow execution."""
    given: dict[str, Any] = json.loads(world.stores.step_functions.execution(arn).input)
    return given


def held_until(world: World, arn: str) -> datetime | None:
    """The time before which the release of a workflow execution must not begin."""
    found = manifest_of(world, arn).get("notBefore")
    return from_iso(found) if found else None


def nothing_is_locked_before_its_time(happening: Happening) -> None:
    """A held release has no lock, and without holdLocks no place in a queue either."""
    world = happening.world
    if "notBefore" not in str(world.scenario.manifests):
        return
    for name in world.scenario.pipelines:
        item = world.stores.item("pipelines", name)
        holder = value(item, "held_by")
        if holder and _is_too_early(world, holder):
            raise Violated("nothing_is_locked_before_its_time", f"{holder} has locked {name}")
        for place in list_of(item, "queue"):
            arn = place.split(" ")[1]
            keeps_its_place = manifest_of(world, arn).get("holdLocks")
            if _is_too_early(world, arn) and not keeps_its_place:
                raise Violated("nothing_is_locked_before_its_time", f"{arn} waits for {name}")


def who_waits_is_listed(world: World, invocation: Invocation, how: Ended) -> None:
    """A release that is held or waits for pipelines is listed, until its execution ends."""
    if invocation.function != "open_release" or not isinstance(how.value, dict):
        return
    pointer = world.stores.item("releases", invocation.arn, "execution")
    waits = how.value["outcome"] in {"HELD", "BUSY"}
    over = value(pointer, "ended") or value(pointer, "opens")
    if waits and not over and value(pointer, "listing") != "pending":
        raise Violated("who_waits_is_listed", f"{invocation.arn} is not")


def held_until_its_time(world: World, invocation: Invocation, how: Ended) -> None:
    """A held release is looked at again when its time comes, neither before nor much later."""
    is_answer = invocation.function == "open_release" and isinstance(how.value, dict)
    if not is_answer or how.value["outcome"] != "HELD":
        return
    held, again = held_until(world, invocation.arn), how.value["wait_seconds"]
    late = world.stores.clock() + timedelta(seconds=again) - held if held else _SOON
    if not timedelta() <= late < _SOON:
        raise Violated("held_until_its_time", f"{invocation.arn} is looked at after {again} s")


def nobody_is_listed_for_ever(world: World, workflow: Workflow) -> None:
    """In the end no release is listed as waiting, unless the event of its stop was lost."""
    if world.spent("unheard") or world.spent("orphan"):
        return
    pointer = world.stores.item("releases", workflow.arn, "execution")
    if value(pointer, "listing"):
        raise Violated("nobody_is_listed_for_ever", f"{workflow.arn} is")


def a_held_release_goes_on(world: World, workflow: Workflow) -> None:
    """A held release that nobody stops is opened, or rejected, when its time has come."""
    if workflow.outcome == "HELD" and workflow.stage != "ABORTED":
        raise Violated("a_held_release_goes_on", f"{workflow.arn} ended in {workflow.stage}")


def _is_too_early(world: World, arn: str) -> bool:
    held = held_until(world, arn)
    return held is not None and world.stores.clock() < held


RETURNS_OF_HOLDS = (who_waits_is_listed, held_until_its_time)
