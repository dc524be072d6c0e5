"""Takes out of CodePipeline's answers and events what nobody else may see.

Kept are names of members, statuses, messages and times. Replaced are account numbers, identifiers,
principals, tokens, and all values of variables and configurations.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# Members whose value, or each value in them, is replaced by the kind of the value.
SECRET = frozenset(
    {
        "clientRequestToken",
        "configuration",
        "continuationToken",
        "defaultValue",
        "environmentVariables",
        "nextToken",
        "outputVariables",
        "resolvedConfiguration",
        "resolvedValue",
        "token",
        "value",
    }
)
_PATTERNS = (
    # Who called: the names of users, roles and sessions.
    (re.compile(r"\b(arn:[\w-]+:(?:iam|sts)::)\d*:([\w-]+)/[^\s\"']+"), r"\1(account):\2/(name)"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}"), "(key)"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "(id)"),
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), "(account)"),
)


def masked(value: Any, *, secret: bool = False) -> Any:
    """Return an answer or event as plain JSON, without what nobody else may see."""
    match value:
        case Mapping():
            return {
                str(name): masked(each, secret=secret or name in SECRET)
                for name, each in value.items()
                if name != "ResponseMetadata"
            }
        case list() | tuple():
            return [masked(each, secret=secret) for each in value]
        case bool() | int() | float() | None:
            return f"({type(value).__name__})" if secret else value
        case datetime():
            return value.isoformat()
    if secret:
        return "(text)"
    text = str(value)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
