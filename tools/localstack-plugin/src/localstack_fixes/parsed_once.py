"""Parses each JSONPath of a state machine, and each Content-Type header, once.

jsonpath_ng builds the tables of its grammar at each state of each execution, which was half the
time of a release. Twisted, which serves LocalStack, makes an e-mail message of a header to read its
type: a tenth of the time of a request. What is parsed is a function of the text and has no state,
so that executions and requests may share it.
"""

from functools import lru_cache
from typing import Any

MOST_TEXTS = 4096


def apply() -> None:
    """Remembers what the modules that parse have parsed."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.stepfunctions.asl.component.common.path import (  # noqa: PLC0415 - as above
        result_path,
    )
    from localstack.services.stepfunctions.asl.utils import json_path  # noqa: PLC0415 - as above
    from twisted.web import http  # noqa: PLC0415 - as above

    for module, parse in (
        (json_path, "parse"),
        (result_path, "parse"),
        (http, "_parseContentType"),
    ):
        parse_once(module, parse)


def parse_once(module: Any, parse: str) -> None:
    """Lets this function of the module answer a text that it has parsed before from memory."""
    setattr(module, parse, lru_cache(MOST_TEXTS)(getattr(module, parse)))
