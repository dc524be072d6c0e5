"""The inputs and outputs of an execution environment, in AWS's words, without LocalStack."""

import sys
from dataclasses import dataclass
from typing import Literal

# The runtime's venv must have the same Python version as LocalStack's.
SUPPORTED_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"

LogFormat = Literal["Text", "JSON"]


@dataclass(frozen=True)
class FunctionSpec:
    """One version of a function, as an environment needs it; seconds and MB.

    `version` identifies it: specs with the same version may share environments. `role` is an ARN.
    """

    version: str
    function_name: str
    qualifier: str
    handler: str
    code: str
    timeout: float
    memory: int
    runtime: str
    environment: dict[str, str]
    role: str = ""
    log_format: LogFormat = "Text"
    system_log_level: str = "INFO"


@dataclass(frozen=True)
class Request:
    """One invocation, as the Runtime API passes it on."""

    request_id: str
    function_arn: str
    payload: bytes
    trace_id: str = ""


@dataclass(frozen=True)
class Answer:
    """The result of an invocation; `logs` are whole lines, as CloudWatch Logs gets them."""

    payload: bytes
    is_error: bool
    logs: str
