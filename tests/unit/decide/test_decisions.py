"""The next decisions follow from the ledger alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from release_core.decide.decisions import End, Resolve, Settle, Skip, Start, Stop, decide
from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def a_change(state: ExecutionState, attempt: int = 1, seconds: int = 0) -> Change:
    """A state change this many seconds after ten o'clock."""
    at = NOW + timedelta(seconds=seconds)
    return Change(state=state, attempt=attempt, at=at, source="event")


def an_execution(*changes: Change) -> Execution:
    """The record of an execution of ``orders``."""
    return Execution(execution_id="e1", pipeline="orders", changes=changes, release_id="r")


def due(pipeline: Pipeline, status: ReleaseStatus = ReleaseStatus.RUNNING) -> list[str]:
    """The names of the decisions for a release with this one pipeline."""
    return [type(each).__name__ for each in decide(a_release(pipeline, status=status), NOW)]


def a_release(*pipelines: Pipeline, status: ReleaseStatus = ReleaseStatus.RUNNING) -> Release:
    """A release of these pipelines."""
    return Release(
        release_id="r",
        status=status,
        execution_arn="arn",
        manifest_sha256="0" * 64,
        opened_at=NOW,
        pipelines={each.name: each for each in pipelines},
    )


def test_nothing_starts_before_its_token_is_registered() -> None:
    """A waiting pipeline starts only after its task token is registered."""
    assert due(Pipeline(name="orders")) == []
    assert due(Pipeline(name="orders", task_token="t")) == ["Start"]


def test_a_start_under_way_is_left_alone() -> None:
    """While the task of the starter waits, no other function starts the pipeline."""
    starting = Pipeline(
        name="orders",
        status=PipelineStatus.STARTING,
        task_token="t",
        registrations=1,
        starting_registration=1,
    )
    assert due(starting) == []


def test_a_start_is_repeated_after_its_starter_crashed() -> None:
    """A token registered after the claim belongs to a retry, which repeats the start."""
    starting = Pipeline(
        name="orders",
        status=PipelineStatus.STARTING,
        task_token="t2",
        registrations=2,
        starting_registration=1,
    )
    assert decide(a_release(starting), NOW) == [Start(starting, again=True)]


def test_a_closed_release_skips_stops_or_searches() -> None:
    """In a closed release each pipeline is skipped, stopped, or its start is searched for."""
    closed = ReleaseStatus.CANCELLED
    running = Pipeline(
        name="orders",
        status=PipelineStatus.RUNNING,
        execution_id="e1",
        execution=an_execution(a_change(ExecutionState.STARTED)),
    )
    assert due(Pipeline(name="orders", task_token="t"), closed) == ["Skip"]
    assert due(Pipeline(name="orders", status=PipelineStatus.STARTING), closed) == ["Resolve"]
    assert due(running, closed) == ["Stop"]
    assert due(running) == []


def test_the_newest_state_of_an_execution_counts() -> None:
    """Attempt and rank of a state decide, not the order of the events."""
    late = an_execution(
        a_change(ExecutionState.SUCCEEDED, attempt=2),
        a_change(ExecutionState.FAILED),
        a_change(ExecutionState.RESUMED, attempt=2),
        a_change(ExecutionState.STARTED, seconds=60),
    )
    running = Pipeline(
        name="orders", status=PipelineStatus.RUNNING, execution_id="e1", execution=late
    )
    assert decide(a_release(running), NOW) == [End(running, late.changes[0])]


def test_a_failure_that_was_resumed_is_no_end() -> None:
    """FAILED is not the end if the next attempt has RESUMED."""
    resumed = an_execution(
        a_change(ExecutionState.RESUMED, attempt=2), a_change(ExecutionState.FAILED)
    )
    running = Pipeline(
        name="orders", status=PipelineStatus.RUNNING, execution_id="e1", execution=resumed
    )
    assert due(running) == []


def test_an_ended_pipeline_is_settled_once() -> None:
    """The token of an ended pipeline is settled until it is marked as settled."""
    ended = Pipeline(name="orders", status=PipelineStatus.SUCCEEDED, task_token="t")
    settled = Pipeline(name="orders", status=PipelineStatus.SUCCEEDED, task_token="t", settled=True)
    assert due(ended) == ["Settle"]
    assert due(settled) == []
    assert due(Pipeline(name="orders", status=PipelineStatus.SKIPPED)) == []


_CHANGES = st.builds(
    a_change, st.sampled_from(ExecutionState), st.integers(1, 3), st.integers(0, 100)
)
_EXECUTIONS = st.none() | st.builds(lambda changes: an_execution(*changes), st.lists(_CHANGES))
_PIPELINES = st.builds(
    Pipeline,
    name=st.sampled_from(["orders", "catalog", "payments"]),
    status=st.sampled_from(PipelineStatus),
    position=st.integers(0, 3),
    task_token=st.none() | st.just("t"),
    registrations=st.integers(0, 3),
    starting_registration=st.integers(0, 3),
    execution_id=st.none() | st.just("e1"),
    execution=_EXECUTIONS,
    stop_requested_at=st.none() | st.just(NOW),
    settled=st.booleans(),
)
_RELEASES = st.builds(
    lambda pipelines, status: a_release(*pipelines, status=status),
    st.lists(_PIPELINES, max_size=3),
    st.sampled_from(ReleaseStatus),
)


@given(_RELEASES)
def test_decide_is_total_and_safe(release: Release) -> None:
    """For any ledger there is at most one decision for each pipeline, and each one is valid."""
    decisions = decide(release, NOW)
    names = [each.pipeline.name for each in decisions]
    assert len(names) == len(set(names))
    for decision in decisions:
        pipeline = decision.pipeline
        match decision:
            case Start():
                assert release.status is ReleaseStatus.RUNNING
                assert pipeline.execution_id is None
                assert pipeline.task_token or decision.again
            case Settle():
                assert pipeline.status.ended
            case End(change=change):
                assert change.state.ended
                assert not pipeline.status.ended
            case Skip() | Stop() | Resolve():
                assert release.status is not ReleaseStatus.RUNNING
                assert not pipeline.status.ended
