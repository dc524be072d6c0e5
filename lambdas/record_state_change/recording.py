"""Recording what CodePipeline's events say, and acting on it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from release_core.apply.advance import Advance
from release_core.clock import Clock, from_iso
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import PipelineStatus
from release_core.ledger.ledger import Ledger
from release_core.problems import is_storable

log = logging.getLogger(__name__)

STATE_CHANGE = "CodePipeline Pipeline Execution State Change"
# Beyond what CodePipeline can say, and below what the ledger can keep.
MAX_NAME = 100  # bytes
MAX_NOTE = 1000  # bytes
MAX_ATTEMPT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """One pipeline execution state change, as EventBridge delivered it."""

    execution_id: str
    pipeline: str
    change: Change


@dataclass(frozen=True, kw_only=True)
class RecordStateChange:
    """Records a state change and advances the pipeline of the release that it belongs to."""

    ledger: Ledger
    advance: Advance
    clock: Clock

    def __call__(self, event: object) -> None:
        """Record the event's state change; an event that tells none is ignored, and logged so.

        Raises whatever ``Advance`` raises: Lambda then delivers the event again.
        """
        read = read_state_change(event, clock=self.clock)
        if isinstance(read, str):
            log.warning("ignored: %s", read)
            return
        execution = self.ledger.executions.record_change(
            read.execution_id, read.pipeline, read.change
        )
        facts = {
            "release_id": execution.release_id,
            "pipeline": read.pipeline,
            "execution_id": read.execution_id,
        }
        log.info("recorded %s of attempt %s", read.change.state, read.change.attempt, extra=facts)
        if execution.release_id is None:
            # Either no release started it, or the start is not recorded yet and will find this.
            return
        release = self.ledger.get_pipeline(execution.release_id, execution.pipeline)
        pipeline = release.pipelines.get(execution.pipeline) if release else None
        if pipeline is None or pipeline.attempt != execution.attempt:
            log.info("an earlier attempt's execution", extra=facts)
            return
        if (
            pipeline.status is PipelineStatus.STARTING
            and read.execution_id not in pipeline.earlier_executions
        ):
            # The starter died between claiming the execution and binding it.
            self.ledger.pipelines.bind_execution(execution.release_id, pipeline, read.execution_id)
        advanced = self.advance.pipeline(execution.release_id, execution.pipeline)
        if read.change.state is ExecutionState.SUCCEEDED and advanced:
            self.advance.keep_good(advanced, read.pipeline, read.execution_id)


def read_state_change(event: object, *, clock: Clock) -> StateChange | str:
    """The state change an event tells, or the reason why it tells none."""
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
    # Older events have none, newer ones say 1 or 1.0.
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
