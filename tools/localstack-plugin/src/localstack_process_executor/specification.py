"""What an execution environment is made from, in AWS's words; knows nothing of LocalStack."""

from dataclasses import dataclass
from typing import Literal

LogFormat = Literal["Text", "JSON"]


@dataclass(frozen=True)
class FunctionSpec:
    """One version of a function, as an environment needs it; seconds and MB.

    `version` tells versions apart: two specs with the same one may share environments.
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
    log_format: LogFormat = "Text"
    system_log_level: str = "INFO"


@dataclass(frozen=True)
class Request:
    """One invocation, as the Runtime API hands it over."""

    request_id: str
    function_arn: str
    payload: bytes
    trace_id: str = ""
    client_context: str = ""


@dataclass(frozen=True)
class Answer:
    """What an invocation ended in; `logs` are whole lines, as CloudWatch Logs gets them."""

    payload: bytes
    is_error: bool
    logs: str
