"""Decides as IAM does what identity policies allow: the platform enforces no policy.

It knows the elements of statements in identity policies, wildcards, policy variables, and the
conditions of ``tests/iam/conditions.py``. It raises ValueError for what it does not know, so that
no test passes because an element was ignored. It does not know policies of resources,
organizations, boundaries and sessions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.iam.conditions import holds, like, normalized

_VERSION = "2012-10-17"
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:/_.-]+)(?:, *'([^']*)')?\}")


class Decision(Enum):
    """What IAM decides about a request."""

    ALLOWED = "allowed by a statement"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource; ``context`` holds the condition keys of the request."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def decide(policies: Iterable[Mapping[str, Any]], request: Request) -> Decision:
    """Whether these policies of one caller allow a request; a denial is stronger."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in _statements(policy)
        if _applies(statement, request)
    }
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if effects else Decision.NOT_ALLOWED


def allows(
    policy: Mapping[str, Any], action: str, resource: str, **context: str | Sequence[str]
) -> bool:
    """Whether one policy allows an action on a resource."""
    request = Request(action=action, resource=resource, context=context)
    return decide([policy], request) is Decision.ALLOWED


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if policy.get("Version") != _VERSION:
        raise ValueError(f"the Version of a policy must be {_VERSION}")
    if unknown := policy.keys() - {"Version", "Id", "Statement"}:
        raise ValueError(f"a policy has no elements {sorted(unknown)}")
    found = policy["Statement"]
    statements: list[Mapping[str, Any]] = [found] if isinstance(found, Mapping) else list(found)
    for each in statements:
        _check(each)
    return statements


def _check(statement: Mapping[str, Any]) -> None:
    if unknown := statement.keys() - _ELEMENTS:
        raise ValueError(f"a statement of an identity policy has no elements {sorted(unknown)}")
    if statement.get("Effect") not in {"Allow", "Deny"}:
        raise ValueError("the Effect of a statement must be Allow or Deny")
    for element in ("Action", "Resource"):
        if (element in statement) == (f"Not{element}" in statement):
            raise ValueError(f"a statement needs either {element} or Not{element}")


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    context = normalized(request.context)
    # All conditions first: an operator that is not known must not go unnoticed.
    conditions = [
        holds(operator, context.get(key.lower()), _filled(_listed(wanted), context))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    return (
        all(conditions)
        and _selects_action(statement, request.action)
        and _selects_resource(statement, request.resource, context)
    )


def _selects_action(statement: Mapping[str, Any], action: str) -> bool:
    listed = _listed(statement.get("Action", statement.get("NotAction")))
    matches = any(like(action, each, ignores_case=True) for each in listed)
    return matches is ("Action" in statement)


def _selects_resource(
    statement: Mapping[str, Any], resource: str, context: Mapping[str, Sequence[str]]
) -> bool:
    # A * stands for colons and slashes, too.
    listed = _filled(_listed(statement.get("Resource", statement.get("NotResource"))), context)
    matches = any(like(resource, each) for each in listed)
    return matches is ("Resource" in statement)


def _filled(texts: Iterable[str], context: Mapping[str, Sequence[str]]) -> list[str]:
    """The texts with the values of their variables; without those whose variable has no value."""
    filled = []
    for text in texts:
        values = {
            found[0]: context.get(found[1].lower(), [found[2]] if found[2] is not None else None)
            for found in _VARIABLE.finditer(text)
        }
        for variable, value in values.items():
            text = text.replace(variable, value[0] if value else variable)  # noqa: PLW2901
        if all(values.values()):
            filled.append(text)
    if unknown := [text for text in filled if "${" in text]:
        raise ValueError(f"these variables of a policy are not known here: {unknown}")
    return filled


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
