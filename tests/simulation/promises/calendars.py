"""The promises about change calendars."""

from datetime import timedelta

from tests.simulation.world.calendar import is_closed, opens_at
from tests.simulation.world.happenings import Happening, Violated, value

# A calendar that cannot be read is asked again after five minutes. A task looks within a minute of
# the end of a hold; seconds are whole, and a look takes some.
_SOON = timedelta(minutes=7)


def nothing_starts_while_a_calendar_is_closed(happening: Happening) -> None:
    """Nothing starts while the calendar is closed or cannot be read.

    Except in a rollback, and in a release with an override.
    """
    new, world = happening.started, happening.world
    if new is None or not is_closed(world.scenario, world.stores.clock()):
        return
    header = happening.header_of(new.release_id)
    if not (value(header, "channel") == "rollback" or "override" in (header or {})):
        raise Violated("nothing_starts_while_a_calendar_is_closed", new.pipeline)


def held_no_longer_than_closed(happening: Happening) -> None:
    """Without a fault, a task that a calendar holds looks soon after the calendar opens."""
    world = happening.world
    values = happening.call.request.get("ExpressionAttributeValues", {})
    held = (happening.before or {}).get("held", {}).get("M")
    if ":task_token" not in values or value(held, "kind") != "calendar":
        return
    late = world.stores.clock() - opens_at(world.scenario)
    if world.budgets["faults"] == world.scenario.most_faults and late > _SOON:
        raise Violated("held_no_longer_than_closed", f"{happening.node} for {late}")
