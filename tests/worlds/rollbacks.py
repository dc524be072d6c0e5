"""Whole releases from their opening to their close, and the requests to roll them back."""

from typing import Any

from release_core.strict_json import write_json
from tests.worlds.release_world import ReleaseWorld

PERSON = "arn:aws:sts::000000000000:assumed-role/admin/ana"
ROLLBACK: dict[str, Any] = {"onFailure": "rollback"}


def run(
    world: ReleaseWorld, release_id: str, *names: str, bad: str = "", **more: Any
) -> tuple[str, dict[str, Any]]:
    """Release pipelines, each with its own revision; returns the execution and its close."""
    arn = world.begin(*names, release_id=release_id, **more)
    return arn, finish(world, arn, release_id, *names, bad=bad)


def finish(
    world: ReleaseWorld, arn: str, release_id: str, *names: str, bad: str = ""
) -> dict[str, Any]:
    """Let an open release run to its end, in which the pipeline `bad` fails; returns its close."""
    for name in names:
        world.wait(arn, name, release_id)
        if world.pipeline(name, release_id).execution_id:
            world.ship(f"{name} {release_id}", name, fails=name == bad)
    return world.close(arn, release_id)


def request(closed: dict[str, Any], arn: str) -> str:
    """The input that the state RollBackRelease gives to the execution that it starts."""
    return write_json(
        {
            "rollBack": closed["release_id"],
            "releaseId": closed["rollback"]["release_id"],
            "requestedBy": f"onFailure of release {closed['release_id']}",
            "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": arn,
        }
    )


def failed(world: ReleaseWorld, **more: Any) -> str:
    """Let release v2 fail with its second pipeline; returns the request for its rollback."""
    arn, closed = run(world, "v2", "orders", "catalog", bad="catalog", **ROLLBACK, **more)
    return request(closed, arn)


def read(world: ReleaseWorld, release_id: str, **how: Any) -> Any:
    """The rollback that a person would get now."""
    return world.rollbacks().get(release_id, **how)


def pins(world: ReleaseWorld, release_id: str) -> dict[str, list[str]]:
    """The revisions that the pipelines of a release must ship."""
    return {
        name: [pin.revision for pin in pipeline.source_revisions]
        for name, pipeline in world.release(release_id).pipelines.items()
    }


def by_hand(world: ReleaseWorld, version: str, pipeline: str = "orders", **how: Any) -> str:
    """Let a person ship a version without a release; returns the execution."""
    execution_id = start_by_hand(world, pipeline)
    world.ship(version, pipeline, **how)
    return execution_id


def start_by_hand(world: ReleaseWorld, pipeline: str = "orders") -> str:
    """Let a person start a pipeline without a release; returns the execution."""
    caller, world.codepipeline.caller = world.codepipeline.caller, PERSON
    started = world.codepipeline.start_pipeline_execution(name=pipeline)
    world.codepipeline.caller = caller
    return str(started["pipelineExecutionId"])
