"""A pipeline runs once and its token is settled with the truth, whatever goes wrong on the way."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult
from release_core.aws.codepipeline import CodePipeline
from release_core.domain.execution import ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.errors import PipelineUnknown
from release_core.ledger.executions import Executions
from release_core.ledger.pipelines import Pipelines
from tests.worlds.release_world import ReleaseWorld

FAILURE = ActionResult(
    error_code="JobFailed",
    error_message="the bucket is gone",
    summary="Deployment d-1 failed",
    url="https://example.com/d-1",
)


class Crash(Exception):
    """The function ends here, as when its process is killed."""


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with two pipelines and no release."""
    return ReleaseWorld()


def crash_after(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str) -> None:
    """Let the next call of a method take effect and the caller die before it hears so."""
    original = getattr(owner, method)

    def once(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(owner, method, original)
        original(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(owner, method, once)


def test_a_pipeline_that_succeeds_settles_its_token(world: ReleaseWorld) -> None:
    """Start, events and settlement in the ordinary order."""
    token = world.wait(world.begin("orders"))
    assert world.pipeline().status is PipelineStatus.RUNNING
    world.play("orders")
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.pipeline().settled
    (good,) = world.items("pipelines")
    assert good["last_good"]["execution_id"] == world.pipeline().execution_id


def test_a_pipeline_that_fails_says_where_and_why(world: ReleaseWorld) -> None:
    """The token fails with PipelineFailed and names stage, action, code, summary and link."""
    token = world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == "PipelineFailed"
    for part in [
        "stage Deploy, action Copy",
        "the bucket is gone",
        "JobFailed",
        "Deployment d-1 failed",
        "https://example.com/d-1",
    ]:
        assert part in str(outcome.cause)


def test_events_that_come_before_the_start_is_recorded_are_not_lost(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An execution that ends before StartPipelineExecution's answer arrives settles the token."""
    arn = world.begin("orders")
    original = world.codepipeline._call

    def slow(operation: str, request: Any) -> Any:
        answer = original(operation, request)
        if operation == "StartPipelineExecution":
            world.play("orders")
            world.deliver()
        return answer

    monkeypatch.setattr(world.codepipeline, "_call", slow)
    token = world.wait(arn)
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded


def test_events_doubled_and_out_of_order_change_nothing(world: ReleaseWorld) -> None:
    """Every event twice and backwards: one truth, one settlement, changes in their own order."""
    token = world.wait(world.begin("orders"))
    world.play("orders")
    for event in reversed(world.undelivered() * 2):
        world.record_state_change(event)
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded
    (record,) = world.items("executions")
    assert sorted(each["state"] for each in record["changes"]) == ["STARTED", "SUCCEEDED"]


def test_a_lost_event_is_made_good_by_the_look(world: ReleaseWorld) -> None:
    """After the timeout the next entry looks once at CodePipeline and settles its own token."""
    arn = world.begin("orders")
    stale = world.wait(arn)
    world.play("orders")
    world.undelivered()
    world.clock.advance(timedelta(hours=1))
    world.step_functions.time_out(stale)
    fresh = world.wait(arn)
    assert world.outcome(stale) is None
    outcome = world.outcome(fresh)
    assert outcome
    assert outcome.succeeded


def test_a_look_at_a_running_pipeline_waits_on(world: ReleaseWorld) -> None:
    """When nothing has ended, the new token waits and a later event settles it."""
    arn = world.begin("orders")
    world.step_functions.time_out(world.wait(arn))
    fresh = world.wait(arn)
    assert world.outcome(fresh) is None
    world.play("orders")
    world.deliver()
    assert world.outcome(fresh)
    assert len(world.executions_of("orders")) == 1


def test_a_crash_between_start_and_record_starts_no_second_execution(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retry repeats the start with the same token, and AWS answers the same execution."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        crash_after(patch, CodePipeline, "start")
        with pytest.raises(Crash):
            world.wait(arn)
    assert world.pipeline().status is PipelineStatus.STARTING
    token = world.wait(arn)
    assert len(world.executions_of("orders")) == 1
    world.play("orders")
    world.deliver()
    assert world.outcome(token)


@pytest.mark.parametrize(
    ("owner", "method"), [(Executions, "claim"), (Pipelines, "bind_execution")]
)
def test_a_crash_while_recording_the_start_is_repaired_by_the_retry(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    """Wherever the starter dies, its retry finds the one execution and waits for it."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        crash_after(patch, owner, method)
        with pytest.raises(Crash):
            world.wait(arn)
    token = world.wait(arn)
    world.play("orders")
    world.deliver()
    assert world.outcome(token)
    assert len(world.executions_of("orders")) == 1


def test_an_event_repairs_a_start_that_was_claimed_but_not_bound(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The execution's record leads the event to the release, even when the retry never comes."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        crash_after(patch, Executions, "claim")
        with pytest.raises(Crash):
            world.wait(arn)
    world.play("orders")
    world.deliver()
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_a_start_forgotten_for_long_is_searched_not_repeated(world: ReleaseWorld) -> None:
    """When AWS may have forgotten the start's token, the execution is found by who started it."""
    arn = world.begin("orders")
    seen = world.pipeline()
    world.ledger.pipelines.claim_start("r", seen, "release-machine-run-pipeline/dead")
    started = world.codepipeline.start_pipeline_execution(name="orders")
    world.clock.advance(timedelta(hours=1))
    token = world.wait(arn)
    assert world.pipeline().execution_id == started["pipelineExecutionId"]
    assert len(world.executions_of("orders")) == 1
    world.play("orders")
    world.deliver()
    assert world.outcome(token)


def test_a_failure_that_somebody_resumed_is_not_settled_early(world: ReleaseWorld) -> None:
    """At FAILED one look at CodePipeline sees that the stage has been retried since."""
    token = world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    execution_id = world.pipeline().execution_id
    world.codepipeline.retry_stage_execution(
        pipelineName="orders",
        stageName="Deploy",
        pipelineExecutionId=execution_id,
        retryMode="FAILED_ACTIONS",
    )
    world.deliver()
    assert world.outcome(token) is None
    world.play("orders")
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.succeeded


def test_a_resumption_nobody_told_of_is_recorded_by_the_look(world: ReleaseWorld) -> None:
    """The log shows FAILED, then RESUMED seen by a look, and the next failure counts."""
    token = world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    failed = world.undelivered()
    world.codepipeline.retry_stage_execution(
        pipelineName="orders",
        stageName="Deploy",
        pipelineExecutionId=world.pipeline().execution_id,
        retryMode="FAILED_ACTIONS",
    )
    for event in failed:
        world.record_state_change(event)
    execution = world.pipeline().execution
    assert execution
    latest = execution.latest
    assert latest
    assert (latest.state, latest.attempt, latest.source) == (ExecutionState.RESUMED, 2, "look")
    world.play("orders", fail=FAILURE)
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == "PipelineFailed"


def test_a_stopped_execution_says_who_asked(world: ReleaseWorld) -> None:
    """An execution stopped in the console fails the token with PipelineStopped and the reason."""
    token = world.wait(world.begin("orders"))
    world.codepipeline.stop_pipeline_execution(
        pipelineName="orders",
        pipelineExecutionId=world.pipeline().execution_id,
        abandon=True,
        reason="wrong version",
    )
    world.deliver()
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == "PipelineStopped"
    assert "wrong version" in str(outcome.cause)


@pytest.mark.parametrize(
    ("state", "error", "status"),
    [
        ("SUPERSEDED", "PipelineSuperseded", PipelineStatus.SUPERSEDED),
        ("CANCELED", "PipelineCancelled", PipelineStatus.CANCELLED),
    ],
)
def test_other_ends_have_errors_of_their_own(
    world: ReleaseWorld, state: str, error: str, status: PipelineStatus
) -> None:
    """An execution that was overtaken or cancelled is no success, and says which it was."""
    token = world.wait(world.begin("orders"))
    (event,) = world.undelivered()
    event["detail"]["state"] = state
    world.record_state_change(event)
    outcome = world.outcome(token)
    assert outcome
    assert outcome.error == error
    assert world.pipeline().status is status


@pytest.mark.parametrize("code", ["ThrottlingException", "ConflictException", "InternalFailure"])
def test_a_start_that_may_work_later_is_left_to_the_retry(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Throttles, conflicts and server errors are raised, and the next try starts the pipeline."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        refuse(patch, world, code, status=500 if code == "InternalFailure" else 400)
        with pytest.raises(ClientError):
            world.wait(arn)
    token = world.wait(arn)
    world.play("orders")
    world.deliver()
    assert world.outcome(token)
    assert len(world.executions_of("orders")) == 1


def test_a_start_that_is_refused_fails_the_pipeline(world: ReleaseWorld) -> None:
    """A pipeline deleted since the check fails at once, with CodePipeline's own words."""
    arn = world.begin("orders")
    world.codepipeline.delete_pipeline(name="orders")
    outcome = world.outcome(world.wait(arn))
    assert outcome
    assert outcome.error == "PipelineFailed"
    assert "PipelineNotFoundException" in str(outcome.cause)


def refuse(monkeypatch: pytest.MonkeyPatch, world: ReleaseWorld, code: str, *, status: int) -> None:
    """Let StartPipelineExecution answer an error, as long as the patch lasts."""

    def start(**_: object) -> None:
        raise ClientError(
            {
                "Error": {"Code": code, "Message": "no"},
                "ResponseMetadata": {
                    "HTTPStatusCode": status,
                    "RequestId": "q",
                    "HostId": "",
                    "HTTPHeaders": {},
                    "RetryAttempts": 0,
                },
            },
            "StartPipelineExecution",
        )

    monkeypatch.setattr(world.codepipeline, "start_pipeline_execution", start, raising=False)


def test_an_execution_that_vanished_fails_the_pipeline(world: ReleaseWorld) -> None:
    """A pipeline deleted while it ran is found out by the look, and nobody waits for ever."""
    arn = world.begin("orders")
    world.step_functions.time_out(world.wait(arn))
    world.clock.advance(timedelta(hours=1))
    world.codepipeline.delete_pipeline(name="orders")
    outcome = world.outcome(world.wait(arn))
    assert outcome
    assert outcome.error == "PipelineFailed"
    assert "knows this execution no more" in str(outcome.cause)


def test_a_pipeline_of_no_release_is_refused(world: ReleaseWorld) -> None:
    """A task that names no pipeline of a release fails and leaves no trace."""
    with pytest.raises(PipelineUnknown, match="release r has no pipeline orders"):
        world.run_pipeline("r", "orders", "token")
    assert world.items("releases") == []


def test_a_token_that_died_is_absorbed(world: ReleaseWorld) -> None:
    """Settling a token whose task is gone does no harm, and the truth stays on record."""
    token = world.wait(world.begin("orders"))
    world.step_functions.time_out(token)
    world.play("orders")
    world.deliver()
    assert world.outcome(token) is None
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.pipeline().settled


def test_a_crash_between_end_and_settlement_is_repaired_by_any_later_event(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda delivers the event again, and the token that was left over is settled."""
    token = world.wait(world.begin("orders"))
    world.play("orders")
    events = world.undelivered()
    with monkeypatch.context() as patch:
        crash_after(patch, Pipelines, "record_end")
        world.record_state_change(events[0])
        with pytest.raises(Crash):
            world.record_state_change(events[1])
    assert world.outcome(token) is None
    world.record_state_change(events[1])
    assert world.outcome(token)


def test_tokens_are_not_logged(world: ReleaseWorld, caplog: pytest.LogCaptureFixture) -> None:
    """No log line of a whole run, at any level, holds a task token."""
    caplog.set_level("DEBUG")
    token = world.wait(world.begin("orders"))
    world.play("orders")
    world.deliver()
    assert caplog.records
    assert not [each for each in caplog.records if token in str(vars(each))]
