"""A plan says which pipelines are frozen."""

from datetime import timedelta
from typing import Any

import pytest

from tests.worlds.freezes import freeze
from tests.worlds.plans import make_world, plan
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with pipelines, of which catalog is frozen for an hour."""
    world = make_world()
    freeze(world, "cat*", reason="incident 4711")
    return world


def frozen(world: ReleaseWorld, **keys: Any) -> dict[str, tuple[str, ...]]:
    """What a plan says of freezes, by pipeline."""
    planned = plan(world, "catalog", "orders", **keys)
    return {
        each.name: tuple(line for line in each.warnings if "frozen" in line)
        for each in planned.pipelines
    }


def test_a_frozen_pipeline_is_a_warning(world: ReleaseWorld) -> None:
    """The release can be opened: what is frozen starts later."""
    warnings = frozen(world)
    (line,) = warnings["catalog"]
    assert line.startswith("is frozen until 20")
    assert line.endswith(", and starts then: incident 4711")
    assert warnings["orders"] == ()


def test_a_freeze_that_has_ended_is_not_shown(world: ReleaseWorld) -> None:
    """Only what is frozen now is."""
    world.clock.advance(timedelta(hours=1))
    assert frozen(world) == {"catalog": (), "orders": ()}


def test_only_a_rollback_that_the_ledger_made_is_not_frozen(world: ReleaseWorld) -> None:
    """A manifest with `rollbackOf` that a user wrote is held as any other."""
    assert frozen(world, rollbackOf="v2")["catalog"] != ()
    manifest = {"releaseId": "v2.rollback", "rollbackOf": "v2", "pipelines": ["catalog"]}
    planned = world.planner()(manifest, channel="rollback")
    assert not [line for each in planned.pipelines for line in each.warnings if "frozen" in line]
