"""A pipeline runs once and its token is settled with the true end, whatever fails in between."""

from datetime import timedelta

import pytest

from release_core.aws.codepipeline import CodePipeline
from release_core.domain.execution import ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.errors import PipelineUnknown
from release_core.ledger.executions import Executions
from release_core.ledger.pipelines import Pipelines
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, crash_after, meanwhile, refuse
from tests.worlds.release_world import ReleaseWorld


def test_a_pipeline_that_succeeds_settles_its_token(world: ReleaseWorld) -> None:
    """Start, events and settlement in the normal order."""
    token = world.wait(world.begin("orders"))
    assert world.pipeline().status is PipelineStatus.RUNNING
    world.complete("orders")
    assert world.settlement(token).succeeded
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.pipeline().settled
    (good,) = world.items("pipelines")
    assert good["last_good"]["execution_id"] == world.pipeline().execution_id


def test_a_pipeline_that_fails_says_where_and_why(world: ReleaseWorld) -> None:
    """The token fails with PipelineFailed, and names stage, action, code, summary and link."""
    token = world.wait(world.begin("orders"))
    world.complete("orders", fail=FAILURE)
    outcome = world.settlement(token)
    assert outcome.error == "PipelineFailed"
    for part in [
        "stage Deploy, action Copy",
        "the bucket is gone",
        "JobFailed",
        "Deployment d-1 failed",
        "https://example.com/d-1",
    ]:
        assert part in str(outcome.cause)


def test_events_before_the_recorded_start_are_not_lost(world: ReleaseWorld) -> None:
    """An execution that ends before its start is recorded settles the token."""
    arn = world.begin("orders")
    with meanwhile(CodePipeline, "start", after=lambda: world.complete("orders")):
        token = world.wait(arn)
    assert world.settlement(token).succeeded


def test_repeated_and_reversed_events_change_nothing(world: ReleaseWorld) -> None:
    """Every event twice and in reverse order gives one settlement and each change once."""
    token = world.wait(world.begin("orders"))
    world.play("orders")
    for event in reversed(world.undelivered() * 2):
        world.record_state_change(event)
    assert world.settlement(token).succeeded
    (record,) = world.items("executions")
    assert sorted(each["state"] for each in record["changes"]) == ["STARTED", "SUCCEEDED"]


def test_a_lost_event_is_replaced_by_a_look(world: ReleaseWorld) -> None:
    """After its timeout the task looks at CodePipeline once and settles its new token."""
    arn = world.begin("orders")
    stale = world.wait(arn)
    world.play("orders")
    world.undelivered()
    world.clock.advance(timedelta(hours=1))
    world.step_functions.time_out(stale)
    fresh = world.wait(arn)
    assert world.outcome(stale) is None
    assert world.settlement(fresh).succeeded


def test_a_look_at_a_running_pipeline_keeps_waiting(world: ReleaseWorld) -> None:
    """If the execution still runs, the new token waits and a later event settles it."""
    arn = world.begin("orders")
    world.step_functions.time_out(world.wait(arn))
    fresh = world.wait(arn)
    assert world.outcome(fresh) is None
    world.complete("orders")
    assert world.outcome(fresh)
    assert len(world.executions_of("orders")) == 1


@pytest.mark.parametrize(
    ("owner", "method", "status"),
    [
        (CodePipeline, "start", PipelineStatus.STARTING),
        (Executions, "claim", PipelineStatus.STARTING),
        (Pipelines, "bind_execution", PipelineStatus.RUNNING),
    ],
)
def test_a_crash_during_the_start_starts_no_second_execution(
    world: ReleaseWorld, owner: type, method: str, status: PipelineStatus
) -> None:
    """Wherever the function crashes, its retry finds the one execution and waits for it."""
    arn = world.begin("orders")
    with crash_after(owner, method):
        world.wait(arn)
    assert world.pipeline().status is status
    token = world.wait(arn)
    world.complete("orders")
    assert world.outcome(token)
    assert len(world.executions_of("orders")) == 1


def test_an_event_repairs_a_start_that_was_claimed_but_not_bound(world: ReleaseWorld) -> None:
    """The execution's record leads its events to the release, even without a retry."""
    arn = world.begin("orders")
    with crash_after(Executions, "claim"):
        world.wait(arn)
    world.complete("orders")
    assert world.pipeline().status is PipelineStatus.SUCCEEDED


def test_an_old_unrecorded_start_is_looked_up_not_repeated(world: ReleaseWorld) -> None:
    """After AWS may have forgotten the request token, the execution is found by its starter."""
    arn = world.begin("orders")
    seen = world.pipeline()
    world.ledger.pipelines.claim_start("r", seen, "release-machine-run-pipeline/dead")
    started = world.codepipeline.start_pipeline_execution(name="orders")
    world.clock.advance(timedelta(hours=1))
    token = world.wait(arn)
    assert world.pipeline().execution_id == started["pipelineExecutionId"]
    assert len(world.executions_of("orders")) == 1
    world.complete("orders")
    assert world.outcome(token)


def test_a_failure_retried_in_the_console_is_not_settled_early(world: ReleaseWorld) -> None:
    """At FAILED, a look at CodePipeline finds that the stage was retried in the console."""
    token = world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    world.retry_in_console()
    world.deliver()
    assert world.outcome(token) is None
    world.complete("orders")
    assert world.settlement(token).succeeded


def test_a_missed_console_retry_is_recorded_by_a_look(world: ReleaseWorld) -> None:
    """A look records RESUMED after FAILED, and the next failure counts."""
    token = world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    failed = world.undelivered()
    world.retry_in_console()
    for event in failed:
        world.record_state_change(event)
    execution = world.pipeline().execution
    assert execution
    latest = execution.latest
    assert latest
    assert (latest.state, latest.attempt, latest.source) == (ExecutionState.RESUMED, 2, "look")
    world.complete("orders", fail=FAILURE)
    assert world.settlement(token).error == "PipelineFailed"


def test_a_stopped_execution_fails_with_the_given_reason(world: ReleaseWorld) -> None:
    """An execution stopped in the console fails the token with PipelineStopped and the reason."""
    token = world.wait(world.begin("orders"))
    world.codepipeline.stop_pipeline_execution(
        pipelineName="orders",
        pipelineExecutionId=world.pipeline().execution_id,
        abandon=True,
        reason="wrong version",
    )
    world.deliver()
    outcome = world.settlement(token)
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
    """A superseded or cancelled execution fails the token with its own error."""
    token = world.wait(world.begin("orders"))
    (event,) = world.undelivered()
    event["detail"]["state"] = state
    world.record_state_change(event)
    assert world.settlement(token).error == error
    assert world.pipeline().status is status


@pytest.mark.parametrize("code", ["ThrottlingException", "ConflictException", "InternalFailure"])
def test_a_temporary_error_of_a_start_is_retried(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """After a throttle, a conflict or a server error, a later try starts the pipeline."""
    arn = world.begin("orders")
    with monkeypatch.context() as patch:
        refusal = Refused(code, "no", status=500 if code == "InternalFailure" else 400)
        refuse(patch, world.codepipeline, "start_pipeline_execution", refusal)
        world.wait(arn)
    world.clock.advance(timedelta(seconds=21))
    token = world.wait(arn)
    world.complete("orders")
    assert world.outcome(token)
    assert len(world.executions_of("orders")) == 1


def test_a_rejected_start_fails_the_pipeline(world: ReleaseWorld) -> None:
    """A pipeline that was deleted fails at once, with CodePipeline's error."""
    arn = world.begin("orders")
    world.codepipeline.delete_pipeline(name="orders")
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert "PipelineNotFoundException" in str(outcome.cause)


def test_a_deleted_execution_fails_the_pipeline(world: ReleaseWorld) -> None:
    """If a pipeline is deleted while it runs, the next look fails it."""
    arn = world.begin("orders")
    world.step_functions.time_out(world.wait(arn))
    world.clock.advance(timedelta(hours=1))
    world.codepipeline.delete_pipeline(name="orders")
    outcome = world.settlement(world.wait(arn))
    assert outcome.error == "PipelineFailed"
    assert "no longer has this execution" in str(outcome.cause)


def test_a_pipeline_of_no_release_is_rejected(world: ReleaseWorld) -> None:
    """A task for an unknown pipeline fails and records nothing."""
    with pytest.raises(PipelineUnknown, match="release r has no pipeline orders"):
        world.run_pipeline("r", "orders", "token")
    assert world.items("releases") == []


def test_an_invalid_token_does_no_harm(world: ReleaseWorld) -> None:
    """Settling an invalid token raises no error, and the end is recorded."""
    token = world.wait(world.begin("orders"))
    world.step_functions.time_out(token)
    world.complete("orders")
    assert world.outcome(token) is None
    assert world.pipeline().status is PipelineStatus.SUCCEEDED
    assert world.pipeline().settled


def test_a_crash_between_end_and_settlement_is_repaired_by_any_later_event(
    world: ReleaseWorld,
) -> None:
    """Lambda delivers the event again, and the token is settled."""
    token = world.wait(world.begin("orders"))
    world.play("orders")
    events = world.undelivered()
    world.record_state_change(events[0])
    with crash_after(Pipelines, "record_end"):
        world.record_state_change(events[1])
    assert world.outcome(token) is None
    world.record_state_change(events[1])
    assert world.outcome(token)


def test_tokens_are_not_logged(world: ReleaseWorld, caplog: pytest.LogCaptureFixture) -> None:
    """No log line of a whole run contains the task token, at any level."""
    caplog.set_level("DEBUG")
    token = world.wait(world.begin("orders"))
    world.complete("orders")
    assert caplog.records
    assert not [each for each in caplog.records if token in str(vars(each))]
