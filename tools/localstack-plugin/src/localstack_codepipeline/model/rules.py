"""Conditions of stages and their rules: what a pipeline may declare.

Source: the CodePipeline user guide, "Configure conditions for a stage", and "Rule structure
reference".
"""

from collections.abc import Iterator
from itertools import chain

from localstack_codepipeline.model.effects import Json

BEFORE_ENTRY, ON_SUCCESS, ON_FAILURE = "BEFORE_ENTRY", "ON_SUCCESS", "ON_FAILURE"

# For each type of condition: the member of a stage that declares it, and the results it may have.
CONDITIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    BEFORE_ENTRY: ("beforeEntry", ("FAIL", "SKIP")),
    ON_SUCCESS: ("onSuccess", ("FAIL", "ROLLBACK")),
    ON_FAILURE: ("onFailure", ("FAIL", "SKIP", "ROLLBACK", "RETRY")),
}

# For each provider of rules: required and optional configuration.
PROVIDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CloudWatchAlarm": (("AlarmName",), ("AlarmStates", "WaitTime")),
    "CodeBuild": (("ProjectName",), ("PrimarySource", "EnvironmentVariables")),
    "Commands": ((), ()),
    "DeploymentWindow": (("Cron",), ("TimeZone",)),
    "LambdaInvoke": (("FunctionName",), ("UserParameters",)),
    "VariableCheck": (("Operator", "Value", "Variable"), ()),
}
OPERATORS = ("EQ", "NE", "CONTAINS", "MATCHES")
SKIPPING = ("LambdaInvoke", "VariableCheck")


def condition_of(stage: Json, kind: str) -> Json | None:
    """Return the condition of that type that the stage declares, or None."""
    conditions = stage.get(CONDITIONS[kind][0], {}).get("conditions")
    found: Json | None = conditions[0] if conditions else None
    return found


def as_action(rule: Json) -> Json:
    """Return the rule in the form of an action, with AWS's defaults filled in."""
    defaults: Json = {"configuration": {}, "inputArtifacts": [], "outputArtifacts": []}
    type_id = {"owner": "AWS", "version": "1"} | rule["ruleTypeId"]
    return defaults | rule | {"actionTypeId": type_id}


def problems_of_stage(stage: Json, pipeline_type: str) -> Iterator[str]:
    """Yield what is wrong with the conditions of a stage."""
    name = stage["name"]
    for kind, (member, results) in CONDITIONS.items():
        declared = stage.get(member)
        if not declared:
            continue
        if pipeline_type != "V2":
            yield f"{member} of stage {name} needs a pipeline of type V2"
        condition = condition_of(stage, kind) or {}
        for result in {declared.get("result"), condition.get("result")} - {None, *results}:
            yield f"{member} of stage {name} cannot have the result {result}"
        if declared.get("retryConfiguration") and declared.get("result") != "RETRY":
            yield f"{member} of stage {name} has a retryConfiguration, but not the result RETRY"
        if condition:
            yield from _problems_of_rules(condition, f"{member} of stage {name}")


def _problems_of_rules(condition: Json, place: str) -> Iterator[str]:
    rules = condition.get("rules", [])
    if not rules:
        yield f"The condition {place} has no rules"
    if len({rule["name"] for rule in rules}) < len(rules):
        yield f"Rule names must be unique in {place}"
    yield from chain.from_iterable(_problems_of_rule(rule, place) for rule in rules)
    providers = {rule["ruleTypeId"]["provider"] for rule in rules}
    if condition.get("result") == "SKIP" and place.startswith("beforeEntry"):
        for provider in sorted(providers - set(SKIPPING)):
            yield f"The result SKIP does not go with the rule {provider} in {place}"


def _problems_of_rule(rule: Json, place: str) -> Iterator[str]:
    provider, configuration = rule["ruleTypeId"]["provider"], rule.get("configuration", {})
    if provider not in PROVIDERS:
        yield f"There is no rule type {provider} (rule {rule['name']} in {place})"
        return
    if missing := [key for key in PROVIDERS[provider][0] if key not in configuration]:
        subject = f"Rule configuration for rule '{rule['name']}'"
        yield f"{subject} is missing required configuration '{', '.join(missing)}'"
    if provider == "Commands" and not rule.get("commands"):
        yield f"Rule '{rule['name']}' in {place} has no commands"
    operator = configuration.get("Operator")
    if provider == "VariableCheck" and operator not in (None, *OPERATORS):
        yield f"Operator of rule '{rule['name']}' must be one of: {', '.join(OPERATORS)}"
