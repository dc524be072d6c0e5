"""The shapes in which AWS shows conditions, rules, rule types and retries of stages."""

from datetime import datetime
from typing import Any

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.reading.views import action_view, run_view
from localstack_codepipeline.model.rules import CONDITIONS, PROVIDERS
from localstack_codepipeline.model.state import (
    ActionRun,
    ConditionRun,
    Estate,
    Pipeline,
    StageRun,
)


def stage_members(pipeline: Pipeline, stage: StageRun, *, now: datetime) -> Json:
    """Return the members of a StageState that show its conditions and its retries."""
    conditions = {
        f"{member}ConditionState": _condition_state(pipeline, stage.conditions[kind], now=now)
        for kind, (member, _) in CONDITIONS.items()
        if kind in stage.conditions
    }
    retries = _known(
        autoStageRetryAttempt=stage.automatic_retries,
        manualStageRetryAttempt=stage.manual_retries,
        latestRetryTrigger=stage.retry_trigger,
    )
    return conditions | _known(retryStageMetadata=retries)


def rule_run_view(estate: Estate, run: ActionRun) -> Json:
    """Return a RuleExecutionDetail; it has the members of an action's under other names."""
    shown = run_view(estate, run)
    type_id, given = shown["input"].pop("actionTypeId"), shown["input"]
    return shown | {
        "ruleExecutionId": shown.pop("actionExecutionId"),
        "ruleName": shown.pop("actionName"),
        "input": {"ruleTypeId": type_id, **given},
        "output": {"executionResult": shown["output"]["executionResult"]},
    }


def rule_type_views() -> list[Json]:
    """Return the RuleTypes."""
    return [
        {
            "id": {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"},
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
            "ruleConfigurationProperties": [
                {"name": name, "required": name in required, "key": False, "secret": False}
                for name in (*required, *optional)
            ],
        }
        for provider, (required, optional) in sorted(PROVIDERS.items())
    ]


def _condition_state(pipeline: Pipeline, condition: ConditionRun, *, now: datetime) -> Json:
    latest = _known(status=condition.status, summary=condition.summary)
    checked = latest | {"lastStatusChange": condition.updated_at}
    rules = [_rule_state(pipeline.runs[run_id], now=now) for run_id in condition.runs.values()]
    states = [{"latestExecution": checked, "ruleStates": rules}]
    return {"latestExecution": latest, "conditionStates": states}


def _rule_state(run: ActionRun, *, now: datetime) -> Json:
    shown = action_view(run.declaration, run, now=now)["latestExecution"]
    shown["ruleExecutionId"] = shown.pop("actionExecutionId")
    shown.pop("percentComplete", None)
    return {"ruleName": run.action, "latestExecution": shown}


def _known(**members: Any) -> Json:
    return {key: value for key, value in members.items() if value}
