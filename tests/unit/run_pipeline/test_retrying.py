"""A failed stage is retried as often as asked, exactly, and then the failure counts."""

from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from release_core.aws.codepipeline import CodePipeline
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.ledger.executions import Executions
from release_core.ledger.pipelines import Pipelines
from tests.unit.run_pipeline.test_running import FAILURE, Crash, crash_after
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with four pipelines and no release."""
    return ReleaseWorld()


def begin(world: ReleaseWorld, retries: int) -> str:
    """Start a release of ``orders`` with retries; answers the token."""
    return world.wait(world.begin({"name": "orders", "retries": retries}))


def deploys(world: ReleaseWorld) -> int:
    """How often the Deploy action has run."""
    answer = world.codepipeline.list_action_executions(pipelineName="orders")
    return sum(each["stageName"] == "Deploy" for each in answer["actionExecutionDetails"])


def test_a_retry_that_succeeds_is_a_success(world: ReleaseWorld) -> None:
    """One failure, one retry of the same execution, and the token is settled with success."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    world.deliver()
    assert world.outcome(token) is None
    world.play("orders")
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded
    assert len(world.executions_of("orders")) == 1
    assert deploys(world) == 2


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_are_counted_exactly(world: ReleaseWorld, retries: int) -> None:
    """After the last retry failed too, the pipeline has failed."""
    token = begin(world, retries=retries)
    for _ in range(retries + 2):
        world.play("orders", fail=FAILURE)
        world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == "PipelineFailed"
    assert deploys(world) == retries + 1


def test_events_doubled_and_reversed_retry_no_more(world: ReleaseWorld) -> None:
    """The same failure heard of twice is retried once."""
    begin(world, retries=3)
    world.play("orders", fail=FAILURE)
    for event in reversed(world.undelivered() * 2):
        world.record_state_change(event)
    world.play("orders")
    world.deliver()
    assert deploys(world) == 2


@pytest.mark.parametrize(
    ("owner", "method"), [(CodePipeline, "retry"), (Executions, "record_change")]
)
def test_a_crash_around_the_retry_retries_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    """Lambda delivers the event again, and what was left half done is gone on with."""
    token = begin(world, retries=1)
    world.deliver()
    world.play("orders", fail=FAILURE)
    (failed,) = world.undelivered()
    with monkeypatch.context() as patch:
        crash_after(patch, owner, method)
        with pytest.raises(Crash):
            world.record_state_change(failed)
    world.record_state_change(failed)
    world.play("orders")
    world.deliver()
    assert world.outcome(token)
    assert deploys(world) == 2


def test_a_retry_that_failed_while_nobody_looked_counts(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim names the failed action: another failed action means the retry took place."""
    arn = world.begin({"name": "orders", "retries": 1})
    token = world.wait(arn)
    world.deliver()
    world.play("orders", fail=FAILURE)
    with monkeypatch.context() as patch:
        crash_after(patch, CodePipeline, "retry")
        with pytest.raises(Crash):
            world.deliver()
    world.play("orders", fail=FAILURE)
    world.undelivered()
    world.step_functions.time_out(token)
    outcome = world.outcome(world.wait(arn))
    assert outcome
    assert outcome.error == "PipelineFailed"
    assert deploys(world) == 2


def test_where_codepipeline_does_not_retry_a_new_execution_is_started(
    world: ReleaseWorld,
) -> None:
    """A pipeline that was changed since is started anew, and that counts as the retry."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    declaration = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    declaration["stages"][1]["actions"][0]["name"] = "CopyAll"
    declaration.pop("version", None)
    world.codepipeline.update_pipeline(pipeline=declaration)
    world.deliver()
    assert len(world.executions_of("orders")) == 2
    world.play("orders")
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded


def test_a_retry_by_hand_does_not_use_one_up(world: ReleaseWorld) -> None:
    """A stage that somebody retried in the console first is not retried on top."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    retry_in_console(world)
    world.deliver()
    world.play("orders", fail=FAILURE)
    world.deliver()
    assert world.outcome(token) is None
    assert world.pipeline().retried == 1
    world.play("orders")
    world.deliver()
    assert world.outcome(token)


def test_a_retry_by_hand_that_failed_before_ours_is_no_reason_to_start_over(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused because somebody retried first, in vain: that failure counts, nothing is started."""
    token = begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    retry = CodePipeline.retry

    def by_hand_first(self: CodePipeline, pipeline: str, execution_id: str, *, stage: str) -> bool:
        retry_in_console(world)
        answer = retry(self, pipeline, execution_id, stage=stage)
        world.play("orders", fail=FAILURE)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(CodePipeline, "retry", by_hand_first)
        world.deliver()
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == "PipelineFailed"
    assert len(world.executions_of("orders")) == 1


def test_a_count_read_before_another_retry_claims_none(world: ReleaseWorld) -> None:
    """Whoever decided on a retry before another failure was retried finds the last one used up."""
    begin(world, retries=1)
    world.play("orders", fail=FAILURE)
    stale = world.pipeline()
    for attempt, by in ((1, "the first"), (2, "the slow one")):
        failed = Change(
            state=ExecutionState.FAILED, attempt=attempt, at=world.clock(), source="event"
        )
        claimed = world.ledger.pipelines.claim_retry("r", stale, failed=failed, action="x", by=by)
        assert claimed is (attempt == 1)


def retry_in_console(world: ReleaseWorld) -> dict[str, Any]:
    """Retry the failed stage as a person would."""
    answer: dict[str, Any] = world.codepipeline.retry_stage_execution(
        pipelineName="orders",
        stageName="Deploy",
        pipelineExecutionId=world.pipeline().execution_id,
        retryMode="FAILED_ACTIONS",
    )
    return answer


def test_a_stopped_release_retries_nothing(world: ReleaseWorld) -> None:
    """A failure after the stop is the end, whatever retries are left."""
    arn = world.begin({"name": "orders", "retries": 5})
    world.wait(arn)
    world.step_functions.stop_execution(executionArn=arn)
    world.close_release().when_ended(world.step_functions.status_event(arn))
    world.play("orders", fail=ActionResult(error_code="JobFailed", error_message="no"))
    world.deliver()
    assert world.pipeline().status in {PipelineStatus.STOPPED, PipelineStatus.FAILED}
    assert deploys(world) <= 1


def test_a_retry_left_half_done_is_taken_over_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that find the claimant dead do not both retry, even when the first retry fails again."""
    arn = world.begin({"name": "orders", "retries": 1})
    world.wait(arn)
    world.play("orders", fail=FAILURE)
    with monkeypatch.context() as patch:
        crash_after(patch, Pipelines, "claim_retry")
        with pytest.raises(Crash):
            world.deliver()
    claim = Pipelines.claim_retry

    def overtaken(self: Pipelines, *args: Any, **kwargs: Any) -> bool:
        monkeypatch.setattr(Pipelines, "claim_retry", claim)
        world.wait(arn)
        world.play("orders", fail=FAILURE)
        return claim(self, *args, **kwargs)

    monkeypatch.setattr(Pipelines, "claim_retry", overtaken)
    world.wait(arn)
    world.deliver()
    assert deploys(world) == 2
    assert world.pipeline().retried == 1
    assert world.pipeline().status is PipelineStatus.FAILED
