"""A dry run returns the plan, or is rejected as its release would be, and writes nothing."""

import json
from typing import Any

import pytest

from release_core.errors import ManifestInvalid, Rejection
from release_core.strict_json import write_json
from tests.worlds.plans import make_world, plan, written
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """The account of the planner's tests."""
    return make_world()


def test_a_dry_run_ends_with_the_plan_and_writes_nothing(world: ReleaseWorld) -> None:
    """The plan is the output of the workflow execution, and nothing is recorded."""
    text = write_json({"releaseId": "r", "pipelines": ["orders"], "dryRun": True})
    before = written(world)
    answer = world.open_release(world.start(text))
    assert (answer["outcome"], answer["release_id"], answer["pipelines"]) == ("PLANNED", "r", [])
    assert answer["plan"] == plan(world, "orders").as_json()
    json.dumps(answer)
    assert written(world) == before == [[], [], []]


def test_a_rejected_dry_run_writes_nothing(world: ReleaseWorld) -> None:
    """The rejection has every problem, and is not recorded."""
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
def test_a_dry_run_is_rejected_as_its_release_would_be(
    world: ReleaseWorld, change: dict[str, Any], error: str
) -> None:
    """A dry run fails with the same error as its release."""
    world.begin("orders", "catalog", release_id="first")
    document = {"releaseId": "r", "pipelines": ["catalog", "orders"], **change}
    for given in ({**document, "dryRun": True}, document):
        with pytest.raises(Rejection) as refused:
            world.open_release(world.start(write_json(given)))
        assert type(refused.value).__name__ == error
