"""Polls with a deadline: how these tests wait."""

import os
import time
from collections.abc import Callable

# On AWS everything takes longer, and CodePipeline throttles frequent reads.
PACE = 1 if os.environ.get("AWS_ENDPOINT_URL") else 10
# Seconds between two looks. Each look takes processor time from the platform, so they become rarer.
FIRST_INTERVAL = 0.05 * PACE
LONGEST_INTERVAL = 0.25 * PACE


class WaitedInVainError(AssertionError):
    """A condition did not become true in time.

    The report of the failed test also shows histories, the ledger and logs (conftest.py).
    """


def wait_until[T](what: str, condition: Callable[[], T | None], seconds: float = 60) -> T:
    """Call ``condition`` until it returns something true, and return that.

    Raises WaitedInVainError with ``what`` and the last value when ``seconds`` have passed.
    """
    seconds *= PACE
    deadline = time.monotonic() + seconds
    interval = FIRST_INTERVAL
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"not within {seconds} s: {what}; last seen: {answer!r}")
        time.sleep(interval)
        interval = min(interval * 1.2, LONGEST_INTERVAL)
    return answer
