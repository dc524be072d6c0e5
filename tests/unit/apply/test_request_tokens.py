"""The request token of a start belongs to one deployment and one attempt of a release."""

from tests.worlds.release_world import ReleaseWorld

OTHER_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:staging-release-machine"


def test_two_deployments_with_the_same_release_id_start_executions_of_their_own() -> None:
    """CodePipeline never answers a start with the execution of another deployment."""
    one, other = ReleaseWorld(), ReleaseWorld()
    other.codepipeline = one.codepipeline
    other.machine = OTHER_MACHINE
    for world in (one, other):
        world.wait(world.begin("orders"))
    assert one.pipeline().execution_id != other.pipeline().execution_id
    assert len(one.executions_of("orders")) == 2
