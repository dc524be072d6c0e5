"""CodePipeline's history of a pipeline: its executions, of releases or not, and their actions."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from release_core.aws.codepipeline import AUTOMATED_ROLLBACK, STATE_OF_STATUS
from release_core.domain.past_execution import BegunAction, PastExecution
from release_core.domain.revisions import Revision

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_codepipeline.type_defs import PipelineExecutionSummaryTypeDef

# Executions of a pipeline that are read at most. CodePipeline keeps them for twelve months.
_MOST = 300
# The newest executions of a pipeline: enough to know what is live, and how long one usually takes.
RECENT = 50
_UNSUCCESSFUL = {"Failed", "Abandoned"}


class ExecutionHistory:
    """Reads ListPipelineExecutions and ListActionExecutions."""

    def __init__(self, client: "CodePipelineClient") -> None:
        self._client = client

    def executions(self, pipeline: str, *, back_to: str | None) -> list[PastExecution]:
        """The executions that are newer than ``back_to``, the newest first; 300 at most."""
        found: list[PastExecution] = []
        for each in islice(self._all(pipeline), _MOST):
            if each.execution_id == back_to:
                break
            found.append(each)
        return found

    def recent(self, pipeline: str) -> list[PastExecution]:
        """The newest RECENT executions, the newest first, in one call."""
        page = self._client.list_pipeline_executions(pipelineName=pipeline, maxResults=RECENT)
        return list(map(_read, page["pipelineExecutionSummaries"]))

    def _all(self, pipeline: str) -> Iterator[PastExecution]:
        pages = self._client.get_paginator("list_pipeline_executions").paginate(
            pipelineName=pipeline
        )
        for page in pages:
            yield from map(_read, page["pipelineExecutionSummaries"])

    def begun_actions(self, pipeline: str, execution_id: str) -> list[BegunAction]:
        """The actions that an execution has begun, each as often as it was begun."""
        pages = self._client.get_paginator("list_action_executions").paginate(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
        )
        return [
            BegunAction(
                execution_id=execution_id,
                category=detail.get("input", {}).get("actionTypeId", {}).get("category"),
                version=detail.get("pipelineVersion"),
                failed=detail["status"] in _UNSUCCESSFUL,
            )
            for page in pages
            for detail in page["actionExecutionDetails"]
        ]


def _read(summary: "PipelineExecutionSummaryTypeDef") -> PastExecution:
    trigger = summary.get("trigger", {})
    kind, detail = trigger.get("triggerType"), trigger.get("triggerDetail")
    return PastExecution(
        execution_id=summary["pipelineExecutionId"],
        state=STATE_OF_STATUS.get(summary["status"]),
        started_at=summary["startTime"],
        updated_at=summary["lastUpdateTime"],
        rollback_to=summary.get("rollbackMetadata", {}).get("rollbackTargetPipelineExecutionId"),
        undoes=detail if kind == AUTOMATED_ROLLBACK else None,
        trigger=kind,
        trigger_detail=detail or None,
        revisions=tuple(
            Revision(
                artifact="",
                revision=each.get("revisionId", ""),
                summary=each.get("revisionSummary"),
                action=each["actionName"],
            )
            for each in summary.get("sourceRevisions", [])
        ),
        parallel=summary.get("executionMode") == "PARALLEL",
    )
