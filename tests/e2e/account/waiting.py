"""The one way in which these tests wait."""

import time
from collections.abc import Callable

# Seconds between two looks: a look takes time from what is waited for, so they become rarer.
FIRST_INTERVAL = 0.05
LONGEST_INTERVAL = 0.25


class WaitedInVainError(AssertionError):
    """What was waited for did not come in time.

    The report of a failed test shows histories, ledger and logs beside it (conftest.py).
    """


def wait_until[T](what: str, condition: Callable[[], T | None], seconds: float = 60) -> T:
    """Look until ``condition`` answers something true, and answer that.

    Raises WaitedInVainError, with ``what`` and the last answer, when ``seconds`` have passed.
    """
    deadline = time.monotonic() + seconds
    interval = FIRST_INTERVAL
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise WaitedInVainError(f"not within {seconds} s: {what}; last seen: {answer!r}")
        time.sleep(interval)
        interval = min(interval * 1.2, LONGEST_INTERVAL)
    return answer
