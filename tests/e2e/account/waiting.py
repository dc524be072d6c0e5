"""Polls with a deadline: how these tests wait."""

import time
from collections.abc import Callable

# Seconds between two looks. Each look takes processor time from the platform, so they become rarer.
FIRST_INTERVAL = 0.05
LONGEST_INTERVAL = 0.25


class WaitedInVainError(AssertionError):
    """A condition did not become true in time.

    The report of the failed test also shows histories, the ledger and logs (conftest.py).
    """


def wait_until[T](what: str, condition: Callable[[], T | None], seconds: float = 60) -> T:
    """Call ``condition`` until it returns something true, and return that.

    Raises WaitedInVainError with ``what`` and the last value when ``seconds`` have passed.
    """
    deadline = time.monotonic() + seconds
    interval = FIRST_INTERVAL
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"not within {seconds} s: {what}; last seen: {answer!r}")
        time.sleep(interval)
        interval = min(interval * 1.2, LONGEST_INTERVAL)
    return answer
