"""A rejected approval is an answer: it is final, whatever the retries of its pipeline."""

from release_core.domain.release import PipelineStatus
from tests.worlds.approvals import answer, ask, deploys_beside, gated
from tests.worlds.faults import FAILURE
from tests.worlds.release_world import ReleaseWorld


def test_a_rejected_approval_is_not_asked_again(world: ReleaseWorld) -> None:
    """With retries left, a rejection fails the pipeline at once, with the words of the answer."""
    world.codepipeline.update_pipeline(pipeline=gated())
    token = world.wait(world.begin({"name": "orders", "retries": 2}))
    answer(world, ask(world), "Rejected")
    world.deliver()
    assert world.settlement(token).error == "PipelineFailed"
    assert world.pipeline().status is PipelineStatus.FAILED
    assert world.pipeline().retried == 0
    assert "not today" in str(world.pipeline().failure)


def test_a_failure_after_an_approval_is_retried(world: ReleaseWorld) -> None:
    """The retries of a pipeline with an approval are for its other actions."""
    world.codepipeline.update_pipeline(pipeline=gated())
    token = world.wait(world.begin({"name": "orders", "retries": 1}))
    answer(world, ask(world), "Approved")
    world.complete("orders", fail=FAILURE)
    world.complete("orders")
    assert world.settlement(token).succeeded
    assert world.pipeline().retried == 1


def test_a_rejection_beside_a_failure_is_final(world: ReleaseWorld) -> None:
    """A retry of the stage would ask again, whichever of its actions failed last."""
    world.codepipeline.update_pipeline(pipeline=gated(deploys_beside()))
    world.wait(world.begin({"name": "orders", "retries": 2}))
    answer(world, ask(world), "Rejected")
    (preview,) = [a for a in world.codepipeline.actions.values() if a.action == "Preview"]
    world.finish(preview, FAILURE)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.FAILED
    assert world.pipeline().retried == 0
