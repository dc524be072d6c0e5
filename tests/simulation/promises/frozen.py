"""The promises about freezes."""

from datetime import timedelta
from typing import Any, NamedTuple

from release_core.clock import from_iso, to_iso
from release_core.domain.holds import is_covered
from tests.simulation.world.calls import Ended
from tests.simulation.world.happenings import Happening, Violated, list_of, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import World

# A task looks within a minute of the end of a freeze; seconds are whole, and a look takes some.
_SOON = timedelta(minutes=2)


class _Frozen(NamedTuple):
    scope: str
    until: str


def nothing_starts_in_a_freeze(happening: Happening) -> None:
    """After a freeze was acknowledged, nothing starts that it covers and has not named.

    Except in a rollback, and in a release with an override.
    """
    new, world = happening.started, happening.world
    if new is None:
        return
    header = happening.header_of(new.release_id)
    if value(header, "channel") == "rollback" or "override" in (header or {}):
        return
    in_force = _in_force(world, new.pipeline)
    for each in world.accepted:
        what, scope, *_ = each.request.split(" ")
        named = f"{new.release_id}/{new.pipeline}" in each.under_way
        if what == "freeze" and _Frozen(scope, each.until) in in_force and not named:
            raise Violated("nothing_starts_in_a_freeze", f"{new.pipeline}, frozen: {each.request}")


def a_rollback_is_never_held(happening: Happening) -> None:
    """No pipeline of a rollback is held."""
    is_held = happening.node and "held" in (happening.after or {})
    if is_held and value(happening.header, "rollback_of"):
        raise Violated("a_rollback_is_never_held", happening.node)


def a_hold_is_recorded_once(happening: Happening) -> None:
    """The audit of a pipeline has one entry for each hold."""
    values = happening.call.request.get("ExpressionAttributeValues", {})
    if ":held" not in values or happening.answer.error is not None:
        return
    if happening.node and _held(happening.before) == _held(happening.after):
        raise Violated("a_hold_is_recorded_once", f"{happening.node} again")


def held_no_longer_than_frozen(happening: Happening) -> None:
    """Without a fault, a task looks soon after the freeze that holds its pipeline has ended.

    Also when it was lifted, or overridden for this attempt of the release.
    """
    world = happening.world
    values = happening.call.request.get("ExpressionAttributeValues", {})
    held = _held(happening.before)
    if ":task_token" not in values or value(held, "kind") != "freeze":
        return
    if world.budgets["faults"] < world.scenario.most_faults:
        return
    ends = [from_iso(value(held, "until"))]
    frozen = _in_force(world, happening.node)
    lift = f"lift {value(held, 'scope')}"
    ends += [each.at for each in world.accepted if each.request == lift]
    override = (happening.header or {}).get("override", {}).get("M")
    if override:
        ends.append(from_iso(value(override, "at")))
    if world.stores.clock() > min(ends) + _SOON and not frozen:
        raise Violated("held_no_longer_than_frozen", f"{happening.node} since {min(ends)}")


def what_is_held_has_no_slot(world: World, invocation: Invocation, how: Ended) -> None:
    """A pipeline that is held takes no slot from those that can start.

    After a fault it may keep one until its task has looked.
    """
    faultless = world.budgets["faults"] == world.scenario.most_faults
    others = any(each.name != invocation.name for each in world.running())
    if not world.accepted or others or how.error is not None:
        return
    for items in world.stores.releases().values():
        taken = list_of(items.get("release"), "in_flight")
        for node in items.values():
            name, looked = value(node, "pipeline"), invocation.function == "run_pipeline"
            if not (faultless or (looked and invocation.pipeline == name)):
                continue
            if value(_held(node), "kind") == "freeze" and name in taken:
                raise Violated("what_is_held_has_no_slot", name)


RETURNS_OF_FREEZES = (what_is_held_has_no_slot,)
CALLS_OF_FREEZES = (a_rollback_is_never_held, a_hold_is_recorded_once, held_no_longer_than_frozen)


def _held(item: Item | None) -> Any:
    return (item or {}).get("held", {}).get("M")


def _in_force(world: World, pipeline: str) -> set[_Frozen]:
    """The freezes on record that cover the pipeline now."""
    item = world.stores.item("releases", "all releases", "freezes") or {}
    freezes = [each["M"] for each in item.get("freezes", {}).get("L", [])]
    found = {_Frozen(value(each, "scope"), value(each, "until")) for each in freezes}
    now = to_iso(world.stores.clock())
    return {each for each in found if now < each.until and is_covered(pipeline, each.scope)}
