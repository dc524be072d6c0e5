"""For how long the task of a pipeline waits before it looks."""

# A cold function in a large release takes seconds to look. A task that waited for less would time
# out and come back before it could be told to wait for longer, and again, and again.
LEAST_WAIT = 10  # seconds


def seconds_to_wait(look_after_seconds: int, *limits: float) -> int:
    """The shortest of the limits and the ordinary wait, but no less than a look may take."""
    return min(look_after_seconds, max(LEAST_WAIT, int(min(limits, default=look_after_seconds))))
