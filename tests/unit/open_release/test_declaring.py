"""An opening that AWS throttles goes on where it paused, without using a try of its task."""

import json
from datetime import timedelta
from typing import Any

import pytest

from open_release.declaring import AT_ONCE, MARGIN
from release_core.errors import ManifestInvalid
from tests.worlds.release_world import ReleaseWorld, declaration

MANY = [f"service-{number:03}" for number in range(3 * AT_ONCE - 2)]
NO_TIME = MARGIN - timedelta(seconds=1)


@pytest.fixture
def reads(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pipelines that are read, of more than are read at once."""
    for name in MANY:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    found, get = [], world.codepipeline.get_pipeline

    def read(*, name: str) -> Any:
        found.append(name)
        return get(name=name)

    monkeypatch.setattr(world.codepipeline, "get_pipeline", read)
    return found


def start(world: ReleaseWorld, *names: str) -> str:
    """Start an execution for a release of these pipelines; returns its ARN."""
    return world.start(json.dumps({"releaseId": "many", "pipelines": names}))


def test_an_opening_without_time_comes_back_and_goes_on(
    world: ReleaseWorld, reads: list[str]
) -> None:
    """Nothing is on record meanwhile, and no pipeline is read twice."""
    opener, arn = world.opener(), start(world, *MANY)
    world.time_left = NO_TIME
    for tries in (1, 2):
        paused = opener(arn)
        assert (paused["outcome"], paused["wait_seconds"]) == ("HELD", 1)
        assert len(reads) == tries * AT_ONCE
        assert world.items("releases") == []
    assert opener(arn)["outcome"] == "OPENED"
    assert reads == MANY


def test_another_process_reads_from_the_beginning(world: ReleaseWorld, reads: list[str]) -> None:
    """The memory of a process is only a help."""
    arn = start(world, *MANY)
    world.time_left = NO_TIME
    world.opener()(arn)
    world.time_left = 2 * MARGIN
    assert world.opener()(arn)["outcome"] == "OPENED"
    assert len(reads) == AT_ONCE + len(MANY)


@pytest.mark.usefixtures("reads")
def test_a_missing_pipeline_is_refused_after_a_pause(world: ReleaseWorld) -> None:
    """What the first part has found counts at the end."""
    opener, arn = world.opener(), start(world, "nowhere", *MANY)
    world.time_left = NO_TIME
    assert opener(arn)["outcome"] == opener(arn)["outcome"] == "HELD"
    with pytest.raises(ManifestInvalid, match="nowhere"):
        opener(arn)
