"""Executions of the rules of stage conditions, from the answers of CodePipeline."""

from typing import TYPE_CHECKING

from release_core.domain.actions import ActionRun
from release_core.domain.release import Failure

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import RuleExecutionDetailTypeDef

_UNSUCCESSFUL = {"Failed", "Abandoned"}


def read_rule_run(listed: "RuleExecutionDetailTypeDef") -> ActionRun:
    """The execution of a rule as ListRuleExecutions shows it."""
    return ActionRun(
        action_execution_id=listed["ruleExecutionId"],
        stage=listed["stageName"],
        action=listed["ruleName"],
        started_at=listed["startTime"],
        failure=_failure_of(listed) if listed["status"] in _UNSUCCESSFUL else None,
    )


def _failure_of(listed: "RuleExecutionDetailTypeDef") -> Failure:
    result = listed.get("output", {}).get("executionResult", {})
    error = result.get("errorDetails", {})
    summary = result.get("externalExecutionSummary")
    why = error.get("message") or summary or "no reason was given"
    return Failure(
        message=f"rule {listed['ruleName']} of a stage condition failed: {why}",
        stage=listed["stageName"],
        code=error.get("code"),
        summary=summary,
        link=result.get("externalExecutionUrl"),
    )
