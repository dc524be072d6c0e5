"""Waits for what a test expects to happen on the platform."""

import time
from collections.abc import Callable


def soon[Found](look: Callable[[], Found | None], what: str, seconds: float = 20) -> Found:
    """Return what is looked for as soon as it is there; fail with its name when it never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
    raise AssertionError(f"not within {seconds} s: {what}")
