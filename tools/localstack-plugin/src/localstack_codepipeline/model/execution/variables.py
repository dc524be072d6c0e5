"""Resolves variables, those of the pipeline and those that actions output, and checks them.

Source: the CodePipeline user guide, "Variables reference" and "VariableCheck".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localstack_codepipeline.model.effects import ActionResult, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.state import Execution

REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")


class MissingInputError(Exception):
    """An action needs a variable or an artifact that its execution does not have."""


def check_start_variables(declaration: Json, given: Sequence[Json]) -> None:
    """Raise ValidationException for a repeated name, and for variables of a V1 pipeline."""
    if given and declaration["pipelineType"] != "V2":
        text = f"Pipeline '{declaration['name']}' is V1; variables need a pipeline of type V2"
        raise ApiError("ValidationException", text)
    names = [item["name"] for item in given]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        rule = "Variable names must be unique. The following variable name is already in use"
        raise ApiError("ValidationException", f"{rule}: {repeated}")


def start_variables(declaration: Json, given: Sequence[Json]) -> tuple[Json, list[str]]:
    """Return the values of the pipeline's variables, and the names of those without a value.

    Seen on AWS: a variable that the pipeline does not declare is ignored.
    """
    chosen = {item["name"]: item["value"] for item in given}
    resolved = {
        item["name"]: chosen.get(item["name"], item.get("defaultValue"))
        for item in declaration.get("variables", [])
    }
    return resolved, [name for name, value in resolved.items() if value is None]


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
