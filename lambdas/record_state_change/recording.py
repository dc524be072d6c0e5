"""Records the state changes in CodePipeline's events and advances their pipelines."""

from collections.abc import Mapping
from datetime import datetime

from release_core.apply.advance import Advance
from release_core.apply.measuring import measure_start
from release_core.clock import Clock, from_iso
from release_core.decide.timing import UNCONFIRMED_WAIT
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline, PipelineStatus
from release_core.errors import EndUnconfirmed
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import also_about, invocation, log_of
from release_core.metrics import Metrics
from release_core.problems import is_storable

log = log_of(__name__)

STATE_CHANGE = "CodePipeline Pipeline Execution State Change"
# Above CodePipeline's own limits, and below those of an item in the ledger.
MAX_NAME = 100  # bytes
MAX_NOTE = 1000  # bytes
MAX_ATTEMPT = 1_000_000


class StateChange(Immutable):
    """A state change of a pipeline execution, from an event."""

    execution_id: str
    pipeline: str
    change: Change


class RecordStateChange(Immutable):
    """Records a state change and advances the pipeline that the execution belongs to."""

    ledger: Ledger
    advance: Advance
    clock: Clock
    metrics: Metrics

    def __call__(self, event: object) -> None:
        """Record the state change in the event; ignore and log an event without one.

        Raises as ``Advance`` does; then Lambda delivers the event again.
        """
        new = read_state_change(event, clock=self.clock)
        if isinstance(new, str):
            log.warning("ignored: %s", new)
            return
        with invocation(pipeline=new.pipeline, execution_id=new.execution_id):
            self._record(new)

    def _record(self, new: StateChange) -> None:
        execution = self.ledger.executions.record_change(new.execution_id, new.pipeline, new.change)
        also_about(release_id=execution.release_id)
        log.info("recorded %s of attempt %s", new.change.state, new.change.attempt)
        if execution.release_id is None:
            # No release started it, or its start is not recorded yet and will find this change.
            return
        release = self.ledger.get_pipeline(
            execution.release_id, execution.pipeline, known=execution
        )
        pipeline = release.pipelines.get(execution.pipeline) if release else None
        if release is None or pipeline is None or pipeline.attempt != execution.attempt:
            log.info("the execution belongs to an earlier attempt")
            return
        also_about(execution_arn=release.execution_arn)
        is_closed = release.closed
        if (
            pipeline.status is PipelineStatus.STARTING
            and new.execution_id not in pipeline.earlier_executions
        ):
            # Race: the starter has claimed the execution and not bound it yet, or it has crashed.
            if self.ledger.pipelines.bind_execution(
                execution.release_id, pipeline, new.execution_id
            ):
                measure_start(self.metrics, release, pipeline, now=self.clock())
            release = None
        try:
            advanced = self.advance.pipeline(
                execution.release_id, execution.pipeline, known=release
            )
        except EndUnconfirmed as unconfirmed:
            # This needs only time: the task of the pipeline looks again soon.
            log.info("%s", unconfirmed)
            if not self._is_looked_at(pipeline, is_closed=is_closed):
                raise
            return
        if new.change.state is ExecutionState.SUCCEEDED and advanced:
            self.advance.record_late_success(advanced, new.pipeline, new.execution_id, new.change)
        self.advance.raise_unannounced()

    def _is_looked_at(self, pipeline: Pipeline, *, is_closed: bool) -> bool:
        """Let the task of the pipeline look soon; False if nobody looks."""
        token = pipeline.task_token
        if not token:
            return False
        # Race: another function has sent the task back, so that it looks by itself.
        return self.advance.step_functions.look_again(token, UNCONFIRMED_WAIT) or not is_closed


def read_state_change(event: object, *, clock: Clock) -> StateChange | str:
    """The state change in an event, or the reason why the event has none."""
    match event:
        case {
            "source": "aws.codepipeline",
            "detail-type": str(kind),
            "detail": {"pipeline": str(pipeline), "execution-id": str(execution_id)} as detail,
            **envelope,
        } if is_storable(pipeline, MAX_NAME) and is_storable(execution_id, MAX_NAME):
            if kind != STATE_CHANGE:
                return f"{kind!r} is not a pipeline execution state change"
            if detail.get("state") not in list(ExecutionState):
                return f"unknown state {detail.get('state')!r}"
            change = Change(
                state=ExecutionState(detail["state"]),
                attempt=_attempt(detail),
                at=_time(envelope.get("time"), clock),
                source="event",
                note=_note(detail),
            )
            return StateChange(execution_id=execution_id, pipeline=pipeline, change=change)
        case _:
            return "the event names no pipeline and execution"


def _attempt(detail: Mapping[str, object]) -> int:
    # Older events have no attempt; newer ones have 1 or 1.0.
    attempt = detail.get("pipeline-execution-attempt")
    if isinstance(attempt, int | float) and 1 <= attempt <= MAX_ATTEMPT:
        return int(attempt)
    return 1


def _note(detail: Mapping[str, object]) -> str | None:
    note = detail.get("stop-execution-comments")
    return note if isinstance(note, str) and is_storable(note, MAX_NOTE) else None


def _time(text: object, clock: Clock) -> datetime:
    try:
        return from_iso(str(text))
    except (ValueError, OverflowError):
        return clock()
