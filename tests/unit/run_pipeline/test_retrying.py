"""A failed stage is retried exactly as often as asked, and then the failure counts."""

import pytest

from release_core.aws.codepipeline import CodePipeline
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.ledger.executions import Executions
from release_core.ledger.pipelines import Pipelines
from tests.worlds.faults import FAILURE, crash_after, meanwhile
from tests.worlds.release_world import ReleaseWorld


def begin(world: ReleaseWorld, retries: int) -> str:
    """Start a release of ``orders`` with retries; returns the token."""
    return world.wait(world.begin({"name": "orders", "retries": retries}))


def deploys(world: ReleaseWorld) -> int:
    """How often the Deploy action has run."""
    answer = world.codepipeline.list_action_executions(pipelineName="orders")
    return sum(each["stageName"] == "Deploy" for each in answer["actionExecutionDetails"])


def test_a_retry_that_succeeds_is_a_success(world: ReleaseWorld) -> None:
    """After one failure and one retry of the same execution, the token is settled with success."""
    token = begin(world, retries=1)
    world.complete("orders", fail=FAILURE)
    assert world.outcome(token) is None
    world.complete("orders")
    assert world.settlement(token).succeeded
    assert len(world.executions_of("orders")) == 1
    assert deploys(world) == 2


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_are_counted_exactly(world: ReleaseWorld, retries: int) -> None:
    """The pipeline fails after its last retry has failed."""
    token = begin(world, retries=retries)
    for _ in range(retries + 2):
        world.complete("orders", fail=FAILURE)
    assert world.settlement(token).error == "PipelineFailed"
    assert deploys(world) == retries + 1


def test_a_repeated_event_retries_once(world: ReleaseWorld) -> None:
    """The same failure delivered twice is retried once."""
    begin(world, retries=3)
    world.play("orders", fail=FAILURE)
    for event in reversed(world.undelivered() * 2):
        world.record_state_change(event)
    world.complete("orders")
    assert deploys(world) == 2


@pytest.mark.parametrize(
    ("owner", "method"), [(CodePipeline, "retry"), (Executions, "record_change")]
)
def test_a_crash_around_the_retry_retries_once(
    world: ReleaseWorld, owner: type, method: str
) -> None:
    """After a crash, Lambda delivers the event again, and the stage is retried only once."""
    token = begin(world, retries=1)
    world.deliver()
    world.play("orders", fail=FAILURE)
    (failed,) = world.undelivered()
    with crash_after(owner, method):
        world.record_state_change(failed)
    world.record_state_change(failed)
    world.complete("orders")
    assert world.outcome(token)
    assert deploys(world) == 2


def test_a_retry_that_failed_unnoticed_counts(world: ReleaseWorld) -> None:
    """Another failed action than the one in the claim means that the retry took place."""
    arn = world.begin({"name": "orders", "retries": 1})
    token = world.wait(arn)
    world.deliver()
    world.play("orders", fail=FAILURE)
    with crash_after(CodePipeline, "retry"):
        world.deliver()
    world.play("orders", fail=FAILURE)
    world.undelivered()
    world.step_functions.time_out(token)
    assert world.settlement(world.wait(arn)).error == "PipelineFailed"
    assert deploys(world) == 2


def test_a_changed_pipeline_is_started_again_as_its_retry(
    world: ReleaseWorld,
) -> None:
    """If CodePipeline rejects the stage retry, a new execution counts as the retry."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    declaration = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    declaration["stages"][1]["actions"][0]["name"] = "CopyAll"
    declaration.pop("version", None)
    world.codepipeline.update_pipeline(pipeline=declaration)
    world.deliver()
    assert len(world.executions_of("orders")) == 2
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_console_retry_does_not_use_up_a_retry(world: ReleaseWorld) -> None:
    """A stage that a person retried in the console first is not retried as well."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    world.retry_in_console()
    world.deliver()
    world.complete("orders", fail=FAILURE)
    assert world.outcome(token) is None
    assert world.pipeline().retried == 1
    world.complete("orders")
    assert world.outcome(token)


def test_a_failed_console_retry_starts_no_new_execution(
    world: ReleaseWorld,
) -> None:
    """If a console retry came first and failed, the failure counts and nothing is started."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)

    def fail() -> None:
        world.play("orders", fail=FAILURE)

    with meanwhile(CodePipeline, "retry", before=world.retry_in_console, after=fail):
        world.deliver()
    world.deliver()
    assert world.settlement(token).error == "PipelineFailed"
    assert len(world.executions_of("orders")) == 1


def test_an_old_retry_count_cannot_be_claimed(world: ReleaseWorld) -> None:
    """A function that read the count before another retry cannot claim the last one again."""
    begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    stale = world.pipeline()
    for attempt, by in ((1, "the first"), (2, "the slow one")):
        failed = Change(
            state=ExecutionState.FAILED, attempt=attempt, at=world.clock(), source="event"
        )
        claimed = world.ledger.pipelines.claim_retry("r", stale, failed=failed, action="x", by=by)
        assert claimed is (attempt == 1)


def test_a_cancelled_release_retries_nothing(world: ReleaseWorld) -> None:
    """A failure whose event arrives after the cancel is final, although retries are left."""
    arn = world.begin({"name": "orders", "retries": 5})
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    world.cancel(arn)
    world.deliver()
    assert world.pipeline().status is PipelineStatus.FAILED
    assert deploys(world) == 1


def test_a_retry_left_half_done_is_taken_over_once(world: ReleaseWorld) -> None:
    """Of two functions that take over an unfinished retry, one retries, even after a failure."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    with crash_after(Pipelines, "claim_retry"):
        world.deliver()

    def other_retry() -> None:
        world.wait(arn)
        world.play("orders", fail=FAILURE)

    with meanwhile(Pipelines, "claim_retry", before=other_retry):
        world.wait(arn)
    world.deliver()
    assert deploys(world) == 2
    assert world.pipeline().retried == 1
    assert world.pipeline().status is PipelineStatus.FAILED
