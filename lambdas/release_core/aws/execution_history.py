"""CodePipeline's history of a pipeline: its executions, of releases or not, and their actions."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from release_core.aws.codepipeline import AUTOMATED_ROLLBACK, STATE_OF_STATUS
from release_core.domain.past_execution import BegunAction, PastExecution

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

# Executions of a pipeline that are read at most. CodePipeline keeps them for twelve months.
_MOST = 300
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

    def _all(self, pipeline: str) -> Iterator[PastExecution]:
        pages = self._client.get_paginator("list_pipeline_executions").paginate(
            pipelineName=pipeline
        )
        for page in pages:
            for each in page["pipelineExecutionSummaries"]:
                target = each.get("rollbackMetadata", {}).get("rollbackTargetPipelineExecutionId")
                trigger = each.get("trigger", {})
                automatic = trigger.get("triggerType") == AUTOMATED_ROLLBACK
                yield PastExecution(
                    execution_id=each["pipelineExecutionId"],
                    state=STATE_OF_STATUS.get(each["status"]),
                    started_at=each["startTime"],
                    updated_at=each["lastUpdateTime"],
                    rollback_to=target,
                    undoes=trigger.get("triggerDetail") if automatic else None,
                )

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
