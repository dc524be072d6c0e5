"""Resolves variables, those of the pipeline and those that actions output, and checks them.

Source: the CodePipeline user guide, "Variables reference" and "VariableCheck".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from localstack_codepipeline.model.effects import ActionResult, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.state import Execution

REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")


class MissingInputError(Exception):
    """An action needs a variable or an artifact that its execution does not have."""


def resolve_start_variables(declaration: Json, given: list[Json]) -> Json:
    """Return the value of each variable of the pipeline for one execution.

    Raises ValidationException for an unknown name, a repeated name and a missing value.
    """
    if given and declaration["pipelineType"] != "V2":
        text = f"Pipeline '{declaration['name']}' is V1; variables need a pipeline of type V2"
        raise ApiError("ValidationException", text)
    declared = {item["name"]: item.get("defaultValue") for item in declaration.get("variables", [])}
    values = {item["name"]: item["value"] for item in given}
    if len(values) < len(given):
        raise ApiError("ValidationException", "A variable is given more than once")
    if unknown := sorted(values.keys() - declared.keys()):
        text = f"Variables not declared by the pipeline: {', '.join(unknown)}"
        raise ApiError("ValidationException", text)
    resolved = declared | values
    if missing := sorted(name for name, value in resolved.items() if value is None):
        raise ApiError("ValidationException", f"Variables without a value: {', '.join(missing)}")
    return resolved


def resolve_configuration(execution: Execution, configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return the configuration with each `#{namespace.name}` replaced by its value.

    Raises MissingInputError when a name has no value in this execution.
    """
    spaces: dict[str, Mapping[str, str]] = {
        **execution.namespaces,
        "variables": execution.variables,
        "codepipeline": {"PipelineExecutionId": execution.id},
    }

    def value_of(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        if name not in spaces.get(namespace, {}):
            raise MissingInputError(f"The variable {match.group()} has no value in this execution")
        return spaces[namespace][name]

    return {key: REFERENCE.sub(value_of, str(value)) for key, value in configuration.items()}


def check_variable(configuration: Mapping[str, str], declared: Mapping[str, str]) -> ActionResult:
    """Return the result of a VariableCheck rule.

    Its text shows the rule as it is declared, so that it repeats no value of a variable.
    """
    value, wanted = configuration["Variable"], configuration["Value"]
    text = f"{declared['Variable']} {declared['Operator']} {declared['Value']}"
    try:
        holds = _CHECKS[configuration["Operator"]](value, wanted)
    except re.error:
        return ActionResult("ConfigurationError", f"Not a valid regular expression: {text}")
    if holds:
        return ActionResult(summary=f"The variable check succeeded: {text}")
    failure = f"The variable check failed: {text}"
    return ActionResult("JobFailed", failure, summary=failure)


_CHECKS: dict[str, Callable[[str, str], bool]] = {
    "EQ": lambda value, wanted: value == wanted,
    "NE": lambda value, wanted: value != wanted,
    "CONTAINS": lambda value, wanted: wanted in value,
    "MATCHES": lambda value, wanted: re.fullmatch(wanted, value) is not None,
}
