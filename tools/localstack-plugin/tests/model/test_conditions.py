"""Conditions of stages: before the entry, on success and on failure, and what they lead to."""

from typing import Any

import pytest

from shop import (
    FAILED,
    UNKNOWN_ID,
    Json,
    Shop,
    condition,
    declare,
    deploy,
    fetched,
    refused,
    rule,
    stage,
    variable_is,
)


def checked(*later: Json, tier: str = "beta", **conditions: Json) -> tuple[Shop, str]:
    """Return a shop whose execution has reached the stage Deploy, which has these conditions."""
    variables = [{"name": "TIER", "defaultValue": tier}]
    deployed = stage("Deploy", deploy(), **conditions)
    return fetched(deployed, *later, variables=variables)


def override(shop: Shop, execution: str, kind: str = "BEFORE_ENTRY", **more: str) -> None:
    """Override a condition of the stage Deploy."""
    named = {"pipelineName": "shop", "stageName": "Deploy", "pipelineExecutionId": execution}
    shop.call("OverrideStageCondition", **(named | {"conditionType": kind} | more))


def condition_of(shop: Shop, member: str = "beforeEntry") -> Json:
    """Return what GetPipelineState shows of a condition of the stage Deploy."""
    shown: Json = shop.stage()[f"{member}ConditionState"]
    return shown


def test_actions_run_when_the_entry_condition_holds() -> None:
    """The rules of an entry condition run before the actions of the stage."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule()))
    check = shop.running("Check")
    assert (check.category, check.provider) == ("Rule", "LambdaInvoke")
    assert check.configuration == {"FunctionName": "check"}
    assert shop.stage()["latestExecution"]["status"] == "InProgress"
    assert condition_of(shop)["latestExecution"] == {"status": "InProgress"}
    shop.end("Check")
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"
    assert condition_of(shop)["latestExecution"] == {"status": "Succeeded"}
    assert not [said for said in shop.emitted() if "Check" in said]


def test_failed_entry_condition_fails_the_stage() -> None:
    """No action runs and no action failed: only the rule tells the reason."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule(), rule("Other")))
    shop.end("Check", FAILED)
    assert shop.status(execution) == "InProgress"
    shop.end("Other")
    assert shop.status(execution) == "Failed"
    assert shop.emitted()[-3:] == ["Deploy STARTED", "Deploy FAILED", "pipeline FAILED"]
    assert condition_of(shop)["latestExecution"] == {
        "status": "Failed",
        "summary": "The rule Check failed: no",
    }
    states = condition_of(shop)["conditionStates"][0]["ruleStates"]
    assert [(one["ruleName"], one["latestExecution"]["status"]) for one in states] == [
        ("Check", "Failed"),
        ("Other", "Succeeded"),
    ]
    listed = shop.call("ListActionExecutions", pipelineName="shop")
    assert [one["actionName"] for one in listed["actionExecutionDetails"]] == ["Fetch"]


def test_skipped_stage_is_passed_over() -> None:
    """The stage is Skipped without an event of its end, and the execution goes on."""
    last = stage("Last", deploy("Again"))
    shop, execution = checked(last, beforeEntry=condition("SKIP", variable_is("prod")))
    assert shop.stage()["latestExecution"]["status"] == "Skipped"
    assert shop.stage()["actionStates"] == [{"actionName": "Publish"}]
    assert [said for said in shop.emitted() if said.startswith("Deploy")] == ["Deploy STARTED"]
    with refused("StageNotRetryableException"):
        shop.retry(execution)
    shop.end("Again")
    assert shop.status(execution) == "Succeeded"


def test_execution_whose_last_stage_is_skipped_succeeds() -> None:
    """An execution succeeds although its last stage never ran."""
    shop, execution = checked(beforeEntry=condition("SKIP", variable_is("prod")))
    assert shop.status(execution) == "Succeeded"
    assert shop.emitted()[-1] == "pipeline SUCCEEDED"


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("EQ", "beta", True),
        ("EQ", "bet", False),
        ("NE", "beta", False),
        ("NE", "prod", True),
        ("CONTAINS", "et", True),
        ("CONTAINS", "x", False),
        ("MATCHES", "b.*a", True),
        ("MATCHES", "b", False),
    ],
)
def test_variable_check_compares(operator: str, value: str, holds: bool) -> None:
    """A VariableCheck rule is decided at once, by its operator."""
    shop, execution = checked(beforeEntry=condition("FAIL", variable_is(value, operator)))
    assert shop.status(execution) == ("InProgress" if holds else "Failed")


def test_reason_of_a_variable_check_shows_no_value_of_a_variable() -> None:
    """The reason shows the rule as it is declared."""
    shop, _ = checked(tier="secret", beforeEntry=condition("FAIL", variable_is("prod")))
    reason = condition_of(shop)["latestExecution"]["summary"]
    assert "#{variables.TIER} EQ prod" in reason
    assert "secret" not in str(condition_of(shop))


@pytest.mark.parametrize("value", ["[", "#{variables.NONE}"])
def test_rule_that_cannot_be_checked_is_an_error(value: str) -> None:
    """A condition is Errored if a rule has a wrong expression or an unknown variable."""
    shop, execution = checked(beforeEntry=condition("FAIL", variable_is(value, "MATCHES")))
    assert condition_of(shop)["latestExecution"]["status"] == "Errored"
    assert shop.status(execution) == "Failed"


def test_rule_that_never_answers_times_out() -> None:
    """A rule fails when its timeout has passed."""
    late = rule() | {"timeoutInMinutes": 5}
    shop, execution = checked(beforeEntry=condition("FAIL", late))
    shop.pass_time(299)
    assert shop.status(execution) == "InProgress"
    shop.pass_time(1)
    assert shop.status(execution) == "Failed"
    assert condition_of(shop)["latestExecution"]["status"] == "Errored"


def test_function_answers_a_rule() -> None:
    """The function of a LambdaInvoke rule answers its job as that of an action does."""
    shop, execution = checked(beforeEntry=condition("SKIP", rule()))
    details = {"type": "JobFailed", "message": "not today"}
    job = shop.running("Check").job_id
    shop.call("PutJobFailureResult", jobId=job, failureDetails=details)
    assert shop.status(execution) == "Succeeded"
    assert shop.stage()["latestExecution"]["status"] == "Skipped"


def test_success_condition_is_checked_after_the_actions() -> None:
    """A stage whose success condition fails is Failed although all its actions succeeded."""
    shop, execution = checked(onSuccess=condition("FAIL", rule()))
    shop.end("Publish")
    shop.end("Check", FAILED)
    assert shop.status(execution) == "Failed"
    assert condition_of(shop, "onSuccess")["latestExecution"]["status"] == "Failed"
    shop.retry(execution)
    shop.end("Check")
    assert shop.status(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("result", "status", "stage_status"),
    [("FAIL", "Failed", "Failed"), ("SKIP", "Succeeded", "Skipped")],
)
def test_result_of_a_failure(result: str, status: str, stage_status: str) -> None:
    """The result of a failed stage is engaged at once without a condition."""
    shop, execution = checked(onFailure={"result": result})
    shop.end("Publish", FAILED)
    assert shop.status(execution) == status
    assert shop.stage()["latestExecution"]["status"] == stage_status


@pytest.mark.parametrize(("answer", "status"), [(None, "Failed"), (FAILED, "Succeeded")])
def test_failure_condition_engages_its_result_when_it_fails(answer: Any, status: str) -> None:
    """A failure condition that holds leaves the stage Failed; one that fails has its result."""
    shop, execution = checked(onFailure=condition("SKIP", rule()))
    shop.end("Publish", FAILED)
    assert shop.status(execution) == "InProgress"
    shop.end("Check", *filter(None, [answer]))
    assert shop.status(execution) == status


def test_condition_in_progress_is_overridden() -> None:
    """The stage goes on, and the rule's later answer is ignored."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule()))
    check = shop.running("Check")
    override(shop, execution)
    assert condition_of(shop)["latestExecution"]["status"] == "Overridden"
    shop.finish(check, FAILED)
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


@pytest.mark.parametrize("kind", ["BEFORE_ENTRY", "ON_SUCCESS"])
def test_condition_that_failed_its_stage_is_overridden(kind: str) -> None:
    """The execution is resumed, and the stage goes on as if the condition held."""
    failing = condition("FAIL", variable_is("prod"))
    before = kind == "BEFORE_ENTRY"
    conditions: dict[str, Any] = {"beforeEntry" if before else "onSuccess": failing}
    shop, execution = checked(**conditions)
    if not before:
        shop.end("Publish")
    assert shop.status(execution) == "Failed"
    override(shop, execution, kind)
    assert "pipeline RESUMED" in shop.emitted()
    if before:
        shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("conditions", "more"),
    [
        ({"beforeEntry": condition("SKIP", rule())}, {}),
        ({"onSuccess": condition("FAIL", rule())}, {}),
        ({"beforeEntry": condition("FAIL", variable_is("beta"))}, {}),
        ({"beforeEntry": condition("FAIL", rule())}, {"stageName": "Source"}),
        ({"beforeEntry": condition("FAIL", rule())}, {"pipelineExecutionId": UNKNOWN_ID}),
    ],
)
def test_other_conditions_are_not_overridden(conditions: Json, more: Json) -> None:
    """A condition is not overridden that skips, was not reached, or has passed."""
    shop, execution = checked(**conditions)
    with refused("ConditionNotOverridableException"):
        override(shop, execution, **more)


def test_override_is_for_the_latest_execution_in_the_stage() -> None:
    """After another execution has entered the stage, the condition is not overridden."""
    shop, first = checked(beforeEntry=condition("FAIL", variable_is("prod")))
    shop.start()
    shop.end("Fetch")
    with refused("NotLatestPipelineExecutionException"):
        override(shop, first)


@pytest.mark.parametrize(
    ("abandon", "status"), [(True, "Abandoned"), (False, "Abandoned")], ids=["abandon", "wait"]
)
def test_stop_while_a_condition_is_checked(abandon: bool, status: str) -> None:
    """The stage is Stopped, at once or when the rule has ended, and can be retried."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule()))
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    shop.call("StopPipelineExecution", **named, abandon=abandon)
    if not abandon:
        shop.end("Check")
    assert shop.status(execution) == "Stopped"
    assert condition_of(shop)["latestExecution"]["status"] == status
    shop.retry(execution)
    shop.end("Check")
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


def test_update_cancels_a_condition() -> None:
    """UpdatePipeline cancels the execution whose condition is checked."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule()))
    shop.call("UpdatePipeline", pipeline=declare(stage("Deploy", deploy())))
    assert not shop.open
    assert shop.status(execution) == "Cancelled"
    assert condition_of(shop)["latestExecution"]["status"] == "Cancelled"


def test_rule_executions_are_listed() -> None:
    """ListRuleExecutions shows each run of a rule with its reason; a retry runs it again."""
    shop, execution = checked(beforeEntry=condition("FAIL", rule()))
    shop.end("Check", FAILED)
    shop.retry(execution)
    latest = {"pipelineExecutionId": execution, "startTimeRange": "Latest"}
    listed = shop.call("ListRuleExecutions", pipelineName="shop")["ruleExecutionDetails"]
    assert [(one["ruleName"], one["status"]) for one in listed] == [
        ("Check", "InProgress"),
        ("Check", "Failed"),
    ]
    assert listed[1]["output"]["executionResult"]["errorDetails"]["message"] == "no"
    assert listed[1]["input"]["ruleTypeId"]["provider"] == "LambdaInvoke"
    newest = shop.call(
        "ListRuleExecutions", pipelineName="shop", filter={"latestInPipelineExecution": latest}
    )
    assert len(newest["ruleExecutionDetails"]) == 1


def test_rule_types_are_listed() -> None:
    """ListRuleTypes returns the providers of rules with their configuration."""
    types = Shop().call("ListRuleTypes")["ruleTypes"]
    providers = [one["id"]["provider"] for one in types]
    assert providers == sorted(providers)
    assert {"CloudWatchAlarm", "DeploymentWindow", "LambdaInvoke", "VariableCheck"} <= {*providers}
