"""AWS clients, made once for each environment on first use."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config

# Standard mode waits with jitter between tries, also when throttled: seven tries are about 25 s,
# well within the 45 s of the functions that record why a call failed.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 7}, connect_timeout=5, read_timeout=15
)


# AWS publishes no rates. Eight at once are a thousand calls of 80 ms in 10 s, and well below the
# 20 to 25 concurrent calls at which CodePipeline has been seen to throttle.
_AT_ONCE = 8


class Context(Protocol):
    """What the handlers use of Lambda's context."""

    aws_request_id: str


@cache
def client(service: str) -> Any:
    """The client of an AWS service."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]  # by name


class InParallel(Protocol):
    """How a call is made for each of many values; the answers come in the values' order."""

    def __call__[T, R](self, call: Callable[[T], R], values: Iterable[T]) -> list[R]:
        """Make the calls; raises what the first of them raised that did."""
        ...


def one_by_one[T, R](call: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Call for one value after the other."""
    return [call(value) for value in values]


def in_parallel[T, R](call: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Call for several values at a time; boto3's clients may be shared between threads."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(call, values))


def function_name() -> str:
    """The name of this function, which is also the name of its session at AWS."""
    return os.environ["AWS_LAMBDA_FUNCTION_NAME"]
