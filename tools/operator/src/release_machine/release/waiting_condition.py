"""The stage condition that an execution waits for, from the answers of CodePipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from release_core.aws.manual_approvals import IN_PROGRESS
from release_machine.release.deployment_window import next_opening
from release_machine.release.model import Activity
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        GetPipelineStateOutputTypeDef,
        RuleExecutionDetailTypeDef,
        StageConditionStateTypeDef,
        StageStateTypeDef,
    )

_WINDOW = "DeploymentWindow"
# How OverrideStageCondition names each condition. It takes no onFailure condition.
_OVERRIDDEN_AS = {"beforeEntry": "BEFORE_ENTRY", "onSuccess": "ON_SUCCESS"}


def has_conditions(state: GetPipelineStateOutputTypeDef) -> bool:
    """Whether a stage of the pipeline shows a condition."""
    return any(chain.from_iterable(map(_conditions, state["stageStates"])))


def waiting_condition(
    pipeline: str,
    listed: Sequence[RuleExecutionDetailTypeDef],
    state: GetPipelineStateOutputTypeDef,
    *,
    now: datetime,
) -> Activity | None:
    """The activity of an execution while rules of a condition are in progress.

    ``listed`` are the rule executions of this execution only; the state may show another one.
    """
    running = [
        each for each in listed if each["status"] == IN_PROGRESS and not _has_ended(each, state)
    ]
    if not running:
        return None
    running.sort(key=lambda each: each["ruleName"])
    stage, execution_id = running[0]["stageName"], running[0]["pipelineExecutionId"]
    condition = _condition_of(running[0], state)
    words = ", ".join(_in_words(each, now) for each in running)
    return Activity(
        stage=stage,
        condition=condition,
        rules=tuple(each["ruleName"] for each in running),
        waits_for=f"{f'the {condition}' if condition else 'a stage'} condition: {words}",
        opens_at=_opens_at(running, now),
        since=min(each["startTime"] for each in running).astimezone(UTC),
        way_out=_override(pipeline, stage, execution_id, condition),
    )


def _opens_at(rules: Sequence[RuleExecutionDetailTypeDef], now: datetime) -> datetime | None:
    """When the only window opens; None if there are several, which may never be open together."""
    windows = [each for each in rules if _provider(each) == _WINDOW]
    opening = _opening(windows[0], now) if len(windows) == 1 else None
    return opening if opening and opening > now else None


def _in_words(rule: RuleExecutionDetailTypeDef, now: datetime) -> str:
    """What a rule waits for; of its configuration only what is shown is read."""
    name, given = rule["ruleName"], _configuration(rule)
    match _provider(rule):
        case provider if provider == _WINDOW:
            return f"deployment window {name} ({_opens(rule, now)})"
        case "CloudWatchAlarm":
            minutes = given.get("WaitTime")
            most = f", for at most {minutes} min" if minutes else ""
            return f"alarm {given.get('AlarmName', '?')} (rule {name}{most})"
        case provider:
            return f"rule {name} ({provider})"


def _opens(rule: RuleExecutionDetailTypeDef, now: datetime) -> str:
    opening = _opening(rule, now)
    if opening is None:
        cron, zone = _schedule(rule)
        return f"opens by the cron expression {cron}, time zone {zone}"
    return f"opens at {clock_time(opening)}" if opening > now else "open now"


def _opening(rule: RuleExecutionDetailTypeDef, now: datetime) -> datetime | None:
    return next_opening(*_schedule(rule), now=now)


def _schedule(rule: RuleExecutionDetailTypeDef) -> tuple[str, str]:
    given = _configuration(rule)
    return given.get("Cron", "?"), given.get("TimeZone") or "UTC"


def _provider(rule: RuleExecutionDetailTypeDef) -> str:
    return rule.get("input", {}).get("ruleTypeId", {}).get("provider", "?")


def _configuration(rule: RuleExecutionDetailTypeDef) -> dict[str, str]:
    given = rule.get("input", {})
    return given.get("resolvedConfiguration") or given.get("configuration", {})


def _override(pipeline: str, stage: str, execution_id: str, condition: str | None) -> str | None:
    overridden_as = _OVERRIDDEN_AS.get(condition or "")
    if overridden_as is None:
        return None
    return (
        f"aws codepipeline override-stage-condition --pipeline-name {pipeline} "
        f"--stage-name {stage} --pipeline-execution-id {execution_id} "
        f"--condition-type {overridden_as}"
    )


def _condition_of(
    rule: RuleExecutionDetailTypeDef, state: GetPipelineStateOutputTypeDef
) -> str | None:
    """The condition that has this rule; None while the state does not tell."""
    shown = [
        each for each in _shown_rules(rule["stageName"], state) if each.name == rule["ruleName"]
    ]
    # Two conditions of a stage may each have a rule of this name.
    if len(shown) > 1:
        shown = [each for each in shown if each.run_id == rule["ruleExecutionId"]]
    return shown[0].condition if shown else None


def _has_ended(rule: RuleExecutionDetailTypeDef, state: GetPipelineStateOutputTypeDef) -> bool:
    """Whether the state shows that this run has ended; the list may show it as running longer."""
    return any(
        each.run_id == rule["ruleExecutionId"] and each.ended
        for each in _shown_rules(rule["stageName"], state)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownRule:
    """A rule as the state shows it: its latest run, and whether that or its condition has ended."""

    condition: str
    name: str
    run_id: str | None
    ended: bool


def _shown_rules(stage_name: str, state: GetPipelineStateOutputTypeDef) -> Iterator[_ShownRule]:
    stages = [each for each in state["stageStates"] if each.get("stageName") == stage_name]
    for condition, shown in chain.from_iterable(map(_conditions, stages)):
        over = shown.get("latestExecution", {}).get("status", IN_PROGRESS) != IN_PROGRESS
        for each in shown.get("conditionStates", []):
            for rule in each.get("ruleStates", []):
                run = rule.get("latestExecution", {})
                yield _ShownRule(
                    condition=condition,
                    name=rule.get("ruleName", ""),
                    run_id=run.get("ruleExecutionId"),
                    ended=over or run.get("status", IN_PROGRESS) != IN_PROGRESS,
                )


def _conditions(stage: StageStateTypeDef) -> Iterator[tuple[str, StageConditionStateTypeDef]]:
    if before := stage.get("beforeEntryConditionState"):
        yield "beforeEntry", before
    if success := stage.get("onSuccessConditionState"):
        yield "onSuccess", success
    if failure := stage.get("onFailureConditionState"):
        yield "onFailure", failure
