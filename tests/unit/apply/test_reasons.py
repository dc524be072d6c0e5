"""The reason of an end, when no action has failed."""

from release_core.domain.release import PipelineStatus
from tests.worlds.release_world import ReleaseWorld, declaration


def test_an_execution_that_lacks_a_variable_fails_with_the_reason(world: ReleaseWorld) -> None:
    """A pipeline that needs a variable since the opening fails, and the reason names it."""
    arn = world.begin("orders")
    changed = declaration("orders") | {"variables": [{"name": "WHERE"}]}
    world.codepipeline.update_pipeline(pipeline=changed)
    world.wait(arn)
    world.deliver()
    pipeline = world.pipeline()
    assert pipeline.status is PipelineStatus.FAILED
    reason = "Values for required variables haven't been provided: WHERE"
    assert pipeline.failure is not None
    assert pipeline.failure.message == reason
