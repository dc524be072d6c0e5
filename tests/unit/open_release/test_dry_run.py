"""A dry run ends with the plan, or as its release would, and writes nothing."""

import json
from typing import Any

import pytest

from release_core.errors import ManifestInvalid, Rejection
from release_core.strict_json import write_json
from tests.unit.plan.test_planner import make_world, plan, written
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """The account of the plans."""
    return make_world()


def test_a_dry_run_ends_with_the_plan_and_writes_nothing(world: ReleaseWorld) -> None:
    """Through the machine the plan is what the workflow's execution ends with."""
    text = write_json({"releaseId": "r", "pipelines": ["orders"], "dryRun": True})
    before = written(world)
    answer = world.open_release(world.start(text))
    assert (answer["outcome"], answer["release_id"], answer["pipelines"]) == ("PLANNED", "r", [])
    assert answer["plan"] == plan(world, "orders").as_json()
    json.dumps(answer)
    assert written(world) == before == [[], [], []]


def test_a_dry_run_that_is_refused_writes_nothing(world: ReleaseWorld) -> None:
    """The rejection tells every problem, and no record of it is kept."""
    text = write_json({"releaseId": "r", "pipelines": ["orders", "nowhere"], "dryRun": True})
    with pytest.raises(ManifestInvalid, match=r"pipelines\[1\]: there is no pipeline 'nowhere'"):
        world.open_release(world.start(text))
    assert written(world) == [[], [], []]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"pipelines": ["orders", "nowhere"]}, "ManifestInvalid"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "ManifestInvalid"),
        ({}, "PipelinesBusy"),
        ({"releaseId": "first", "pipelines": ["orders"]}, "ReleaseIdTaken"),
        ({"releaseId": "never", "resume": True}, "ReleaseNotResumable"),
        ({"rollbackOf": "never"}, "RollbackRefused"),
    ],
)
def test_a_dry_run_is_refused_as_its_release_would_be(
    world: ReleaseWorld, change: dict[str, Any], error: str
) -> None:
    """The name of the error says what to do about it: correct, wait, or choose another id."""
    world.begin("orders", "catalog", release_id="first")
    document = {"releaseId": "r", "pipelines": ["catalog", "orders"], **change}
    for given in ({**document, "dryRun": True}, document):
        with pytest.raises(Rejection) as refused:
            world.open_release(world.start(write_json(given)))
        assert type(refused.value).__name__ == error
