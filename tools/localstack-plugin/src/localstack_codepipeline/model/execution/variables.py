"""Resolves variables: those of the pipeline and those that actions output.

Source: the CodePipeline user guide, "Variables reference".
"""

import re
from collections.abc import Mapping
from typing import Any

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ValidationException
from localstack_codepipeline.model.state import Execution

REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)\}")


class UnresolvedVariableError(Exception):
    """A configuration refers to a variable that has no value."""


def resolve_start_variables(declaration: Json, given: list[Json]) -> Json:
    """Return the value of each variable of the pipeline for one execution.

    Raises ValidationException for an unknown name, a repeated name and a missing value.
    """
    if given and declaration["pipelineType"] != "V2":
        raise ValidationException(
            f"Pipeline '{declaration['name']}' is of type V1; variables need a pipeline of type V2"
        )
    declared = {item["name"]: item.get("defaultValue") for item in declaration.get("variables", [])}
    values = {item["name"]: item["value"] for item in given}
    if len(values) < len(given):
        raise ValidationException("A variable is given more than once")
    unknown = sorted(values.keys() - declared.keys())
    if unknown:
        raise ValidationException(f"Variables not declared by the pipeline: {', '.join(unknown)}")
    resolved = declared | values
    missing = sorted(name for name, value in resolved.items() if value is None)
    if missing:
        raise ValidationException(f"Variables without a value: {', '.join(missing)}")
    return resolved


def resolve_configuration(execution: Execution, configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return the configuration with each `#{namespace.name}` replaced by its value.

    Raises UnresolvedVariableError when a name has no value in this execution.
    """
    spaces: dict[str, Mapping[str, str]] = {
        **execution.namespaces,
        "variables": execution.variables,
        "codepipeline": {"PipelineExecutionId": execution.id},
    }

    def value_of(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        try:
            return spaces[namespace][name]
        except KeyError:
            raise UnresolvedVariableError(
                f"The variable {match.group()} has no value in this execution"
            ) from None

    return {key: REFERENCE.sub(value_of, str(value)) for key, value in configuration.items()}
