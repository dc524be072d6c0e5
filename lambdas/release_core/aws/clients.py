"""AWS clients, created on first use and kept for the lifetime of the process."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any, Protocol, TypeVar

import boto3
from botocore.config import Config

T = TypeVar("T")
R = TypeVar("R")

# Standard mode waits with jitter between tries, also when AWS throttles. Seven tries take about
# 25 s, well within the 45 s timeout of the functions that record why a call failed.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 7}, connect_timeout=5, read_timeout=15
)

# For a question that a function can do without: however AWS fails, four tries end within 30 s, and
# the function still has time to record that it got no answer.
_BRIEF_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=3
)

# For an event that is announced later if it cannot be announced now: however EventBridge fails, two
# tries end within 15 s. Only the first failure of an invocation costs them.
_SHORT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=3
)

# AWS publishes no rates. Eight concurrent calls of 80 ms are a thousand calls in 10 s, and well
# below the 20 to 25 concurrent calls at which CodePipeline has been seen to throttle.
_CONCURRENT_CALLS = 8


class Context(Protocol):
    """The attributes of Lambda's context that the handlers use."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """How long the invocation may still last."""
        ...


@cache
def client(service: str) -> Any:
    """The client of an AWS service."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]  # by name


@cache
def client_brief(service: str) -> Any:
    """A client that gives up soon, for a question that a function can do without."""
    return boto3.client(service, config=_BRIEF_CONFIG)  # type: ignore[call-overload]  # by name


@cache
def client_short(service: str) -> Any:
    """A client that gives up within seconds, for what is repeated later."""
    return boto3.client(service, config=_SHORT_CONFIG)  # type: ignore[call-overload]  # by name


@cache
def client_once(service: str) -> Any:
    """A client that sends each request once, for calls that must not be repeated blindly.

    A call without a request token may have taken effect although its answer is an error.
    """
    config = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # by name


@cache
def client_paced(service: str) -> Any:
    """A client that slows down while AWS throttles, for very many calls in a row."""
    config = _CONFIG.merge(Config(retries={"mode": "adaptive", "total_max_attempts": 30}))
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # by name


class InParallel(Protocol):
    """A function that calls for each of many values; the results are in the order of the values."""

    def __call__(self, call: Callable[[T], R], values: Iterable[T]) -> list[R]:
        """Make the calls; raises the error of the first call that failed."""
        ...


def one_by_one(call: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Call for one value after another."""
    return [call(value) for value in values]


def in_parallel(call: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Call for several values at a time; threads may share a boto3 client."""
    context = copy_context()  # what log lines are about
    with ThreadPoolExecutor(_CONCURRENT_CALLS) as pool:
        return list(pool.map(lambda value: context.copy().run(call, value), values))


def function_name() -> str:
    """The name of this Lambda function, which is also its role session name."""
    return os.environ["AWS_LAMBDA_FUNCTION_NAME"]
