"""Parses each JSONPath of a state machine once, not at each state of each execution.

jsonpath_ng builds the tables of its grammar at each call, which was half the time of a release. A
parsed path has no state: it is a function of its text, so executions may share it.
"""

from functools import lru_cache
from typing import Any

MOST_PATHS = 4096


def apply() -> None:
    """Remembers parsed paths in the two modules that parse them."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.stepfunctions.asl.component.common.path import (  # noqa: PLC0415 - as above
        result_path,
    )
    from localstack.services.stepfunctions.asl.utils import json_path  # noqa: PLC0415 - as above

    for module in (json_path, result_path):
        parse_once(module)


def parse_once(module: Any) -> None:
    """Lets the module's ``parse`` answer a text that it has parsed before from memory."""
    module.parse = lru_cache(MOST_PATHS)(module.parse)
