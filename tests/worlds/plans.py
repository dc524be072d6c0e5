"""Plans of releases, and the account for which they are made."""

from typing import Any

from release_core.plan.document import Plan
from tests.worlds.release_world import ReleaseWorld, declaration


def make_world() -> ReleaseWorld:
    """Return an account with five pipelines, whose source object has two versions."""
    world = ReleaseWorld()
    world.codepipeline.create_pipeline(pipeline=declaration("old") | {"pipelineType": "V1"})
    for body in (b"one", b"two"):
        world.s3.put_object(Bucket="sources", Key="app.zip", Body=body)
    return world


def plan(world: ReleaseWorld, *pipelines: Any, **more: Any) -> Plan:
    """Plan a release of these pipelines."""
    return world.planner()({"releaseId": "r", "pipelines": list(pipelines), **more})


def pinned(version: str, pipeline: str = "orders") -> dict[str, Any]:
    """A pipeline pinned to a version of its source."""
    pin = {
        "actionName": "Fetch",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": version,
    }
    return {"name": pipeline, "sourceRevisions": [pin]}


def written(world: ReleaseWorld) -> list[list[dict[str, Any]]]:
    """All items of the ledger."""
    return [world.items(table) for table in ("releases", "executions", "pipelines")]
