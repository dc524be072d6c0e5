"""Reads from CodePipeline the state of pipelines that a plan needs and the ledger does not have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from release_core.aws.clients import InParallel, one_by_one

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_codepipeline.type_defs import PipelineExecutionSummaryTypeDef

# The newest executions of a pipeline: enough to know how long one usually takes.
_EXECUTIONS = 50
_IN_FLIGHT = {"InProgress", "Stopping"}


@dataclass(frozen=True, kw_only=True)
class DisabledTransition:
    """A stage that no execution enters until its inbound transition is enabled."""

    stage: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """An execution that runs or is stopping, started by the release machine or not."""

    execution_id: str
    status: str
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class PipelineFacts:
    """The state of a pipeline; ``shipped`` has the latest good revision of each source action."""

    disabled: tuple[DisabledTransition, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    shipped: Mapping[str, str] = field(default_factory=dict)
    durations: tuple[timedelta, ...] = ()


class Survey:
    """Reads pipelines with GetPipelineState and ListPipelineExecutions."""

    def __init__(
        self, client: "CodePipelineClient", *, in_parallel: InParallel = one_by_one
    ) -> None:
        self._client = client
        self._in_parallel = in_parallel

    def __call__(self, pipelines: Sequence[str]) -> dict[str, PipelineFacts]:
        """The facts of existing pipelines, by name."""
        return dict(zip(pipelines, self._in_parallel(self._facts, pipelines), strict=True))

    def _facts(self, pipeline: str) -> PipelineFacts:
        state = self._client.get_pipeline_state(name=pipeline)
        executions = self._client.list_pipeline_executions(
            pipelineName=pipeline, maxResults=_EXECUTIONS
        )["pipelineExecutionSummaries"]
        good = [each for each in executions if each["status"] == "Succeeded"]
        return PipelineFacts(
            disabled=tuple(_disabled(state["stageStates"])),
            in_flight=tuple(
                InFlight(
                    execution_id=each["pipelineExecutionId"],
                    status=each["status"],
                    started_at=each["startTime"],
                )
                for each in executions
                if each["status"] in _IN_FLIGHT
            ),
            shipped={
                revision["actionName"]: revision.get("revisionId", "")
                for each in good[:1]
                for revision in each.get("sourceRevisions", [])
            },
            durations=durations_of(executions),
        )


def durations_of(executions: "Sequence[PipelineExecutionSummaryTypeDef]") -> tuple[timedelta, ...]:
    """The durations of the executions that succeeded, in their order."""
    return tuple(
        each["lastUpdateTime"] - each["startTime"]
        for each in executions
        if each["status"] == "Succeeded"
    )


def _disabled(stages: Sequence[Any]) -> Iterator[DisabledTransition]:
    for stage in stages:
        transition = stage.get("inboundTransitionState", {})
        if transition.get("enabled") is False:
            yield DisabledTransition(
                stage=stage["stageName"], reason=transition.get("disabledReason")
            )
