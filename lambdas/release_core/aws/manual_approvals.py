"""Manual approvals, read from ListActionExecutions and GetPipelineState together.

Each of the two is late in its own way. The list shows a new approval at once, and its answer up to
30 seconds late. The state shows an answer at once, and a new approval or its token up to 15 seconds
late. After a stop or a change of the pipeline, the list may say InProgress for an approval that
nobody can answer any more.
"""

from typing import TYPE_CHECKING, Any

from release_core.domain.manual_approvals import APPROVED, REJECTED, Answer, ManualApproval

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        GetPipelineStateOutputTypeDef,
    )

IN_PROGRESS = "InProgress"
# CodePipeline's summary of an approval that ended without an answer.
_CANCELLED = "The approval action has been canceled."
_ANSWERS = {"Succeeded": APPROVED, "Failed": REJECTED}


def is_approval(listed: "ActionExecutionDetailTypeDef") -> bool:
    """Whether the action is a manual approval."""
    return listed.get("input", {}).get("actionTypeId", {}).get("category") == "Approval"


def with_state(
    listed: "ActionExecutionDetailTypeDef", state: "GetPipelineStateOutputTypeDef | None"
) -> "ActionExecutionDetailTypeDef":
    """The listed action with status and result of the state, when only the state shows its end."""
    shown = _shown(listed, state)
    if shown is None or listed["status"] != IN_PROGRESS or shown["status"] == IN_PROGRESS:
        return listed
    result: Any = {
        "externalExecutionSummary": shown.get("summary"),
        "errorDetails": shown.get("errorDetails", {}),
    }
    return {
        **listed,
        "status": shown["status"],
        "updatedBy": shown.get("lastUpdatedBy", ""),
        "lastUpdateTime": shown.get("lastStatusChange", listed["startTime"]),
        "output": {"executionResult": result},
    }


def read_approval(
    listed: "ActionExecutionDetailTypeDef", state: "GetPipelineStateOutputTypeDef | None"
) -> ManualApproval:
    """The approval of a listed action; ``state`` is None when no approval is listed as running."""
    shown, known = _shown(listed, state), with_state(listed, state)
    configured = listed.get("input", {}).get("resolvedConfiguration", {})
    answer = _answer(known)
    return ManualApproval(
        token=_token(listed, shown or {}) if known["status"] == IN_PROGRESS else None,
        question=configured.get("CustomData"),
        link=configured.get("ExternalEntityLink"),
        answer=answer,
        confirmed=shown is not None,
        alone=shown is not None and _is_alone(listed, state or {}),
        cancelled=listed["status"] == IN_PROGRESS != known["status"] and answer is None,
    )


def _shown(listed: "ActionExecutionDetailTypeDef", state: Any) -> Any:
    """The same action execution in the state, or None.

    The state has one execution of each action. It may belong to another execution of the pipeline,
    or to an earlier attempt.
    """
    for stage in (state or {}).get("stageStates", []):
        for action in stage.get("actionStates", []):
            latest = action.get("latestExecution", {})
            if latest.get("actionExecutionId") == listed["actionExecutionId"]:
                return latest
    return None


def _is_alone(listed: "ActionExecutionDetailTypeDef", state: Any) -> bool:
    """Whether the stage of the action had no other action when the execution started."""
    same_version = state.get("pipelineVersion") == listed.get("pipelineVersion")
    sizes = {each["stageName"]: len(each.get("actionStates", [])) for each in state["stageStates"]}
    return same_version and sizes.get(listed["stageName"]) == 1


def _token(listed: "ActionExecutionDetailTypeDef", shown: Any) -> str:
    # The token is the id of the action execution. AWS documents two more places for it: the state,
    # and for PARALLEL executions the externalExecutionId.
    external = listed.get("output", {}).get("executionResult", {}).get("externalExecutionId")
    return shown.get("token") or external or listed["actionExecutionId"]


def _answer(known: "ActionExecutionDetailTypeDef") -> Answer | None:
    comment = known.get("output", {}).get("executionResult", {}).get("externalExecutionSummary")
    by, status = known.get("updatedBy"), known["status"]
    # An approval that nobody answered in time fails, too.
    is_rejected = status == "Failed" and by and comment != _CANCELLED
    if status != "Succeeded" and not is_rejected:
        return None
    return Answer(
        stage=known["stageName"],
        action=known["actionName"],
        answer=_ANSWERS[status],
        by=by or None,
        comment=comment,
        at=known.get("lastUpdateTime", known["startTime"]),
        action_execution_id=known["actionExecutionId"],
    )
