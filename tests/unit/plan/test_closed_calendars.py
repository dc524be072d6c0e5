"""A plan says until when change calendars keep everything from being started."""

from datetime import timedelta

import pytest

from tests.fakes.service import Refused
from tests.worlds.plans import make_world, plan
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import read, run


@pytest.fixture
def world() -> ReleaseWorld:
    """A deployment with a change calendar."""
    world = make_world()
    world.change_calendars = ("business-hours",)
    return world


def test_a_closed_calendar_is_a_warning(world: ReleaseWorld) -> None:
    """The release can be handed in; it waits until the time that the plan names."""
    world.ssm.closed_until = world.clock() + timedelta(hours=2)
    planned = plan(world, "orders")
    assert planned.valid
    (warning,) = planned.warnings
    assert warning == (
        "nothing would be started now: held until 2026-11-22 11:00:00 UTC, calendar of "
        "business-hours: closed"
    )


def test_a_calendar_that_cannot_be_read_is_a_warning(world: ReleaseWorld) -> None:
    """A user who plans may read less than the functions: the plan says what it does not know."""
    world.ssm.trouble = Refused("AccessDeniedException", "not authorized")
    (warning,) = plan(world, "orders").warnings
    assert warning == (
        "it is not known whether the change calendars business-hours are open: not authorized "
        "(AccessDeniedException). Nothing is started while the functions cannot read them"
    )


def test_an_open_calendar_is_not_mentioned(world: ReleaseWorld) -> None:
    """It is asked once."""
    assert plan(world, "orders").warnings == ()
    assert world.ssm.calls == [["business-hours"]]


def test_calendars_do_not_matter_for_a_rollback(world: ReleaseWorld) -> None:
    """It is never held."""
    run(world, "v1", "orders", "catalog")
    run(world, "v2", "orders", "catalog", bad="catalog")
    world.ssm.trouble = Refused("AccessDeniedException", "not authorized")
    rollback = read(world, "v2").manifest
    planned = world.planner()(rollback, channel="rollback")
    assert not [each for each in planned.warnings if "business-hours" in each]


def test_calendars_matter_for_a_manifest_that_a_user_wrote(world: ReleaseWorld) -> None:
    """Its `rollbackOf` does not mean that it goes back to what was good."""
    run(world, "v1", "orders", "catalog")
    run(world, "v2", "orders", "catalog", bad="catalog")
    world.ssm.closed_until = world.clock() + timedelta(hours=2)
    planned = plan(world, "orders", "catalog", rollbackOf="v2", releaseId="v2.rollback")
    assert [each for each in planned.warnings if "business-hours" in each]
