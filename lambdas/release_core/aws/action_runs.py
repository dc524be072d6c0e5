"""Executions of actions, from the answers of CodePipeline."""

from typing import TYPE_CHECKING, Any

from release_core.aws.commits import read_commit
from release_core.aws.manual_approvals import IN_PROGRESS, is_approval, read_approval, with_state
from release_core.domain.actions import ActionRun
from release_core.domain.declarations import SourceAction
from release_core.domain.release import Failure

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        GetPipelineStateOutputTypeDef,
    )

_UNSUCCESSFUL = {"Failed", "Abandoned"}


def read_action_run(
    listed: "ActionExecutionDetailTypeDef", state: "GetPipelineStateOutputTypeDef | None"
) -> ActionRun:
    """The execution of an action, as the list and the state of its pipeline show it together.

    ``state`` is None when no manual approval is listed as running.
    """
    known = with_state(listed, state)
    approval = read_approval(listed, state) if is_approval(listed) else None
    # An edit or a stop that cancels an approval is no failure of an action.
    source = _source_of(listed)
    failed = known["status"] in _UNSUCCESSFUL and not (approval and approval.cancelled)
    return ActionRun(
        action_execution_id=known["actionExecutionId"],
        stage=known["stageName"],
        action=known["actionName"],
        started_at=known["startTime"],
        failure=_failure_of(known) if failed else None,
        running=known["status"] == IN_PROGRESS,
        approval=approval,
        source=source,
        commit=read_commit(listed.get("output", {}).get("outputVariables", {})) if source else None,
        version=listed.get("pipelineVersion"),
        artifacts=tuple(
            artifact["name"]
            for artifact in listed.get("output", {}).get("outputArtifacts", [])
            if "name" in artifact
        ),
    )


def _source_of(listed: "ActionExecutionDetailTypeDef") -> SourceAction | None:
    given = listed.get("input", {})
    kind = given.get("actionTypeId", {})
    if kind.get("category") != "Source":
        return None
    return SourceAction(
        name=listed["actionName"],
        provider=kind.get("provider", ""),
        configuration=given.get("resolvedConfiguration") or given.get("configuration", {}),
    )


def _failure_of(detail: Any) -> Failure:
    result = detail.get("output", {}).get("executionResult", {})
    error = result.get("errorDetails", {})
    summary = result.get("externalExecutionSummary")
    return Failure(
        stage=detail.get("stageName"),
        action=detail.get("actionName"),
        code=error.get("code"),
        message=error.get("message") or summary or f"the action {detail['status'].lower()}",
        summary=summary,
        link=result.get("externalExecutionUrl"),
    )
