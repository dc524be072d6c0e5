"""AWS clients, made once for each environment on first use."""

import os
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config

# Standard mode waits with jitter between tries, also when throttled: eight tries are about 40 s.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5, read_timeout=15
)


class Context(Protocol):
    """What the handlers use of Lambda's context."""

    aws_request_id: str


@cache
def client(service: str) -> Any:
    """The client of an AWS service."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]  # by name


def function_name() -> str:
    """The name of this function, which is also the name of its session at AWS."""
    return os.environ["AWS_LAMBDA_FUNCTION_NAME"]
