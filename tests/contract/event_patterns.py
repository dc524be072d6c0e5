"""EventBridge's patterns: read from Terraform's rules, and matched with events.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hcl2

type Pattern = Mapping[str, Any]


class UnknownFilter(Exception):
    """A rule has a filter that this module does not support; the argument is the filter."""


def rule_patterns(terraform: Path, references: Mapping[str, Any]) -> dict[str, Pattern]:
    """Return the pattern of each aws_cloudwatch_event_rule of a file, by the rule's name.

    `references` has the values of expressions such as aws_s3_bucket.manifests.bucket, including
    those that are merged into a pattern. An expression without a value raises KeyError. A pattern
    may be a local value of the same file.
    """
    with terraform.open(encoding="utf-8") as file:
        document = hcl2.load(file)
    rules = [
        rule
        for resource in document["resource"]
        for kind, rule in resource.items()
        if _unquoted(kind) == "aws_cloudwatch_event_rule"
    ]
    encoded = {
        f"${{local.{name}}}": value
        for values in document["locals"]
        for name, value in values.items()
        if str(value).startswith("${jsonencode(")
    }
    return {
        _unquoted(name): _pattern(
            encoded.get(body["event_pattern"], body["event_pattern"]), references
        )
        for rule in rules
        for name, body in rule.items()
        if "event_pattern" in body  # the others are schedules
    }


def _pattern(expression: str, references: Mapping[str, Any]) -> Pattern:
    literal = expression.removeprefix("${jsonencode(").removesuffix(")}")
    resolved: Pattern = _resolved(_literal(literal), references)
    return resolved


def _literal(text: str) -> Any:
    return hcl2.loads(f"pattern = {text}\n")["pattern"]


def _resolved(value: Any, references: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {
            _unquoted(name): _resolved(member, references)
            for name, member in value.items()
            if not name.startswith("__")
        }
    if isinstance(value, list):
        return [_resolved(element, references) for element in value]
    if isinstance(value, str) and value.startswith("${"):
        expression = value.removeprefix("${").removesuffix("}")
        merged = re.fullmatch(r"merge\((\{.*\}), ([\w.]+)\)", expression)
        if merged:
            return _resolved(_literal(merged[1]), references) | references[merged[2]]
        return references[expression]
    return _unquoted(value) if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    return text.removeprefix('"').removesuffix('"')


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Whether an event matches: it must have every field of the pattern, with an accepted value."""
    return all(name in event and _accepts(wanted, event[name]) for name, wanted in pattern.items())


def _accepts(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and matches(wanted, value)
    values = value if isinstance(value, list) else [value]  # of an array, one element is enough
    return any(_accepts_one(option, each) for option in wanted for each in values)


def _accepts_one(option: Any, value: Any) -> bool:
    match option:
        case {"suffix": str(end)}:
            return isinstance(value, str) and value.endswith(end)
        case {"prefix": str(start)}:
            return isinstance(value, str) and value.startswith(start)
        case {"anything-but": [*others]}:
            return value not in others
        case {"wildcard": str(text)}:
            shape = ".*".join(map(re.escape, text.split("*")))
            return isinstance(value, str) and re.fullmatch(shape, value) is not None
        case Mapping():
            raise UnknownFilter(option)
    return bool(option == value)
