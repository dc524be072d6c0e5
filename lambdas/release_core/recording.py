"""Recording what CodePipeline's events say, and acting on it."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from release_core.advance import Advance
from release_core.clock import Clock, from_iso
from release_core.ledger import Ledger
from release_core.model import Change, ExecutionState, PipelineStatus

log = logging.getLogger(__name__)

STATE_CHANGE = "CodePipeline Pipeline Execution State Change"


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
        facts = {"pipeline": read.pipeline, "execution_id": read.execution_id}
        execution = self.ledger.executions.record_change(
            read.execution_id, read.pipeline, read.change
        )
        log.info("recorded %s", read.change.state, extra=facts)
        if execution.release_id is None:
            # Either no release started it, or the start is not recorded yet and will find this.
            log.info("no release has claimed the execution", extra=facts)
            return
        release = self.ledger.read_pipeline(execution.release_id, execution.pipeline)
        pipeline = release.pipelines.get(execution.pipeline) if release else None
        if pipeline is None or pipeline.attempt != execution.attempt:
            log.info("an earlier attempt's execution", extra=facts)
            return
        if (
            pipeline.status is PipelineStatus.STARTING
            and read.execution_id not in pipeline.earlier_executions
        ):
            # The starter died between claiming the execution and binding it.
            self.ledger.bind_execution(execution.release_id, pipeline, read.execution_id)
        self.advance.pipeline(execution.release_id, execution.pipeline)


def read_state_change(event: object, *, clock: Clock) -> StateChange | str:
    """The state change an event tells, or the reason why it tells none."""
    match event:
        case {
            "source": "aws.codepipeline",
            "detail-type": str(kind),
            "detail": {"pipeline": str(pipeline), "execution-id": str(execution_id)} as detail,
            **envelope,
        } if pipeline and execution_id:
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
    if isinstance(attempt, int | float) and math.isfinite(attempt) and attempt >= 1:
        return int(attempt)
    return 1


def _note(detail: Mapping[str, object]) -> str | None:
    note = detail.get("stop-execution-comments")
    return note if isinstance(note, str) and note else None


def _time(text: object, clock: Clock) -> datetime:
    try:
        return from_iso(str(text))
    except ValueError:
        return clock()
