"""Checks requests against AWS's service model and reports problems in AWS's words."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError

TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}


@functools.cache
def service_model() -> ServiceModel:
    """Return botocore's model of CodePipeline."""
    loader = botocore.loaders.Loader()
    return ServiceModel(loader.load_service_model("codepipeline", "service-2"), "codepipeline")


def valid_request(operation: str, request: Json) -> Json:
    """Return the request without its empty members.

    Raises SerializationException for a wrong type, and ValidationException that lists all broken
    constraints.
    """
    shape = service_model().operation_model(operation).input_shape
    given: Json = _without_nulls(request)
    problems = list(_problems(shape, given, path="")) if shape else []
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise ApiError("ValidationException", f"{count}: {'; '.join(problems)}")
    return given


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _problems(shape: Shape, value: Any, *, path: str) -> Iterator[str]:
    wanted = TYPES.get(shape.type_name)
    wrong = wanted is not None and not isinstance(value, wanted)
    if wrong or (shape.type_name == "integer" and isinstance(value, bool)):
        text = f"Wrong type at '{path}': a {shape.type_name} was expected"
        raise ApiError("SerializationException", text)
    for constraint in _broken(shape, value):
        # Configurations can hold secrets, so the message repeats only short plain values.
        shown = value if isinstance(value, str | int) and len(str(value)) <= 200 else "..."
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"
    yield from _problems_within(shape, value, path=path)


def _problems_within(shape: Shape, value: Any, *, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name not in value:
                yield (
                    f"Value null at '{_join(path, name)}' failed to satisfy constraint: "
                    "Member must not be null"
                )
        for name, member in shape.members.items():
            if name in value:
                yield from _problems(member, value[name], path=_join(path, name))
    elif isinstance(shape, ListShape):
        for number, one in enumerate(value, start=1):
            yield from _problems(shape.member, one, path=f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, one in value.items():
            yield from _problems(shape.key, key, path=path)
            yield from _problems(shape.value, one, path=f"{path}.{key}")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    rules = shape.metadata
    if "enum" in rules and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    pattern = rules.get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    if shape.type_name == "integer":
        measure, words = value, "value"
    elif shape.type_name in ("string", "list", "map"):
        measure, words = len(value), "length"
    else:
        return
    if "min" in rules and measure < rules["min"]:
        yield f"Member must have {words} greater than or equal to {rules['min']}"
    if "max" in rules and measure > rules["max"]:
        yield f"Member must have {words} less than or equal to {rules['max']}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
