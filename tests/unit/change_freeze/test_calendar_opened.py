"""A change calendar that opens wakes what calendars hold, and nothing else."""

from datetime import timedelta

from release_core.domain.holds import HoldKind
from tests.worlds.freezes import changer, freeze
from tests.worlds.release_world import ReleaseWorld

DAY = timedelta(days=1)


def closed_world() -> ReleaseWorld:
    """A deployment with a calendar that is closed for a day."""
    world = ReleaseWorld(change_calendars=("business-hours",))
    world.ssm.closed_until = world.clock() + DAY
    return world


def test_held_tasks_look_and_start_what_they_can() -> None:
    """The task asks the calendar itself; the event only lets it look now."""
    world = closed_world()
    arn = world.begin("orders")
    token = world.wait(arn)
    world.ssm.closed_until = None
    changer(world).calendar_opened()
    outcome = world.settlement(token)
    assert (outcome.error, outcome.cause) == ("LookAgain", "10")
    world.run_pipeline("r", "orders", world.step_functions.wait_for_token(arn))
    assert world.statuses() == {"orders": "RUNNING"}


def test_a_task_stays_held_if_another_calendar_is_closed() -> None:
    """The event is about one calendar; SSM answers for all of them."""
    world = closed_world()
    arn = world.begin("orders")
    world.wait(arn)
    changer(world).calendar_opened()
    world.run_pipeline("r", "orders", world.step_functions.wait_for_token(arn))
    held = world.pipeline().held
    assert held
    assert held.kind is HoldKind.CALENDAR


def test_what_a_freeze_holds_is_not_woken() -> None:
    """Its task looks when the freeze ends or is lifted."""
    world = ReleaseWorld(change_calendars=("business-hours",))
    freeze(world)
    token = world.wait(world.begin("orders"))
    changer(world).calendar_opened()
    assert world.outcome(token) is None
