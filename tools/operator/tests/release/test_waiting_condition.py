"""The stage condition that an execution waits for."""

from collections.abc import Sequence
from typing import Any

import pytest

from release_core.clock import from_iso
from release_machine.release.model import Activity
from release_machine.release.waiting_condition import waiting_condition
from tools.operator.tests.conftest import at

EXECUTION = "3c4d5e6f-0000-4000-8000-000000000003"
OPENS = {"Cron": "* 30 13 ? * SUN", "TimeZone": "Europe/Berlin"}  # it is Sunday, 10:00 in UTC


def rule(
    name: str = "Hours",
    provider: str = "DeploymentWindow",
    status: str = "InProgress",
    *,
    run: str | None = None,
    **configured: str,
) -> dict[str, Any]:
    """The execution of a rule of the stage Deploy."""
    kind = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {
        "pipelineExecutionId": EXECUTION,
        "ruleExecutionId": run or name,
        "stageName": "Deploy",
        "ruleName": name,
        "status": status,
        "startTime": at(7),
        "input": {"ruleTypeId": kind, "resolvedConfiguration": configured},
    }


def checks(
    kind: str = "beforeEntry",
    *names: str,
    status: str = "InProgress",
    run: str | None = None,
    ran: str = "InProgress",
) -> dict[str, Any]:
    """The stage Deploy while a condition with rules of these names is checked."""
    rules = [
        {"ruleName": name, "latestExecution": {"ruleExecutionId": run or name, "status": ran}}
        for name in names or ("Hours",)
    ]
    shown = {"latestExecution": {"status": status}, "conditionStates": [{"ruleStates": rules}]}
    return {"stageName": "Deploy", f"{kind}ConditionState": shown}


def waiting(*listed: Any, stage: dict[str, Any]) -> Activity | None:
    """The activity, from the rule executions of the execution and the state of the stage."""
    state: Any = {"stageStates": [{"stageName": "Source"}, stage]}
    return waiting_condition("web", listed, state, now=at(30))


def shown(*listed: Any, stage: dict[str, Any]) -> Activity:
    """The activity, which must be there."""
    activity = waiting(*listed, stage=stage)
    assert activity
    return activity


def override(condition_type: str) -> str:
    return (
        "aws codepipeline override-stage-condition --pipeline-name web --stage-name Deploy "
        f"--pipeline-execution-id {EXECUTION} --condition-type {condition_type}"
    )


def test_a_deployment_window() -> None:
    """A window has its opening in UTC, and the command that overrides its condition."""
    assert waiting(rule(**OPENS), stage=checks()) == Activity(
        stage="Deploy",
        condition="beforeEntry",
        rules=("Hours",),
        waits_for=(
            "the beforeEntry condition: deployment window Hours (opens at 2026-11-22T12:30:00Z)"
        ),
        opens_at=from_iso("2026-11-22T12:30Z"),
        since=at(7),
        way_out=override("BEFORE_ENTRY"),
    )


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ({"Cron": "* 30 13 ? * SUN"}, "opens at 2026-11-22T13:30:00Z"),
        ({"Cron": "* * 10 * * ?"}, "open now"),
        (
            {"Cron": "* * 9-17 ? * MON", "TimeZone": "PST"},
            "opens by the cron expression * * 9-17 ? * MON, time zone PST",
        ),
    ],
)
def test_the_opening_of_a_window(configured: dict[str, str], said: str) -> None:
    """UTC is the default time zone; an opening that is not known is no wrong time."""
    activity = shown(rule(**configured), stage=checks())
    assert activity.waits_for == f"the beforeEntry condition: deployment window Hours ({said})"
    assert (activity.opens_at is not None) is ("opens at" in said)


def test_all_rules_in_progress() -> None:
    """Rules that have ended are left out, and so is the configuration of other rules."""
    listed = [
        rule("Smoke", "Commands", Secret="hunter2"),
        rule("Alarm", "CloudWatchAlarm", AlarmName="errors", WaitTime="20"),
        rule("Calm", "CloudWatchAlarm", AlarmName="latency"),
        rule("Check", "VariableCheck", "Succeeded"),
    ]
    names: Sequence[str] = [each["ruleName"] for each in listed]
    activity = shown(*listed, stage=checks("onSuccess", *names))
    assert activity.rules == ("Alarm", "Calm", "Smoke")
    assert activity.waits_for == (
        "the onSuccess condition: alarm errors (rule Alarm, for at most 20 min), "
        "alarm latency (rule Calm), rule Smoke (Commands)"
    )
    assert activity.way_out == override("ON_SUCCESS")


def test_two_windows() -> None:
    """Each window has its opening; when both are open is not known."""
    listed = [rule("Early", Cron="* * 11 * * ?"), rule("Late", Cron="* * 12 * * ?")]
    activity = shown(*listed, stage=checks("beforeEntry", "Early", "Late"))
    early = "Early (opens at 2026-11-22T11:00:00Z), deployment window Late"
    assert early in (activity.waits_for or "")
    assert activity.opens_at is None


def test_a_condition_of_a_failed_stage() -> None:
    """CodePipeline overrides no onFailure condition, so there is no command."""
    activity = shown(rule(**OPENS), stage=checks("onFailure"))
    assert (activity.condition, activity.way_out) == ("onFailure", None)


def test_two_conditions_with_the_same_rule() -> None:
    """The run of the rule tells which of the conditions is checked."""
    stage = checks("beforeEntry", status="Succeeded", run="r-1", ran="Succeeded")
    stage |= checks("onSuccess", run="r-2")
    assert shown(rule(run="r-2", **OPENS), stage=stage).condition == "onSuccess"


def test_a_condition_that_the_state_does_not_show() -> None:
    """While the state is late, it is not said which condition it is, and there is no command."""
    activity = shown(rule(**OPENS), stage=checks("beforeEntry", "Other"))
    assert (activity.waits_for or "").startswith("a stage condition: deployment window Hours (")
    assert (activity.condition, activity.way_out) == (None, None)


def test_the_state_of_another_execution() -> None:
    """The state may show the condition of another execution; only the own rules count."""
    other = checks(status="Succeeded", run="of another", ran="Succeeded")
    assert shown(rule(**OPENS), stage=other).way_out == override("BEFORE_ENTRY")
    assert waiting(stage=checks(run="of another")) is None


@pytest.mark.parametrize(
    ("status", "ran"), [("Overridden", "InProgress"), ("InProgress", "Succeeded")]
)
def test_a_condition_that_is_over(status: str, ran: str) -> None:
    """The list may show a rule as running for a while after its condition has ended."""
    assert waiting(rule(**OPENS), stage=checks(status=status, ran=ran)) is None
