"""Reads from CodePipeline the state of pipelines that a plan needs and the ledger does not have."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from release_core.aws.clients import InParallel, one_by_one
from release_core.aws.execution_history import ExecutionHistory
from release_core.domain.past_execution import PastExecution
from release_core.immutable import Immutable

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient


class DisabledTransition(Immutable):
    """A stage that no execution enters until its inbound transition is enabled."""

    stage: str
    reason: str | None


class InFlight(Immutable):
    """An execution that runs or is stopping, started by the release machine or not."""

    execution_id: str
    status: str
    started_at: datetime


class PipelineFacts(Immutable):
    """The state of a pipeline; ``executions`` are its recent ones, the newest first."""

    disabled: tuple[DisabledTransition, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    executions: tuple[PastExecution, ...] = ()

    @property
    def durations(self) -> tuple[timedelta, ...]:
        """How long the executions took that succeeded, the newest first."""
        return tuple(
            each.updated_at - each.started_at for each in self.executions if each.succeeded
        )


class Survey:
    """Reads pipelines with GetPipelineState and ListPipelineExecutions."""

    def __init__(
        self, client: "CodePipelineClient", *, in_parallel: InParallel = one_by_one
    ) -> None:
        self._client = client
        self._history = ExecutionHistory(client)
        self._in_parallel = in_parallel

    def __call__(self, pipelines: Sequence[str]) -> dict[str, PipelineFacts]:
        """The facts of existing pipelines, by name."""
        return dict(zip(pipelines, self._in_parallel(self._facts, pipelines), strict=True))

    def _facts(self, pipeline: str) -> PipelineFacts:
        state = self._client.get_pipeline_state(name=pipeline)
        executions = self._history.recent(pipeline)
        return PipelineFacts(
            disabled=tuple(_disabled(state["stageStates"])),
            in_flight=tuple(
                InFlight(
                    execution_id=each.execution_id,
                    status="Stopping" if each.state else "InProgress",
                    started_at=each.started_at,
                )
                for each in executions
                if each.runs
            ),
            executions=tuple(executions),
        )


def _disabled(stages: Sequence[Any]) -> Iterator[DisabledTransition]:
    for stage in stages:
        transition = stage.get("inboundTransitionState", {})
        if transition.get("enabled") is False:
            yield DisabledTransition(
                stage=stage["stageName"], reason=transition.get("disabledReason")
            )
