"""Every window of time that decisions depend on, and how long a task waits before a look."""

from datetime import timedelta

# A cold function in a large release takes seconds to look. A task that waited for less would time
# out and come back before it could be told to wait for longer, and again, and again.
LEAST_WAIT = 10  # seconds


def seconds_to_wait(look_after_seconds: int, *limits: float) -> int:
    """The shortest of the limits and the ordinary wait, but no less than a look may take."""
    return min(look_after_seconds, max(LEAST_WAIT, int(min(limits, default=look_after_seconds))))


# A close has been tried as often as it is by then, and what it could find out is on record.
CLOSED_WITHIN = timedelta(minutes=5)


# By then a function that was starting or retrying a pipeline has ended, one way or another; and
# sooner than Lambda tries a stop's event again, so that one of its three tries is left for a fault.
CLAIM_WINDOW = timedelta(seconds=55)


# By then the workflow has begun the task of every pipeline, or has given it up.
TASK_WINDOW = timedelta(hours=1)


# The workflow has tried a task as often as it does by then: one that is later has been given up.
TASK_LATENESS = timedelta(minutes=20)


# By then Lambda has tried a close as often as it does, each time for as long as it may last.
CLOSE_TRIED_WITHIN = timedelta(minutes=20)


# How long AWS remembers a clientRequestToken is not published; for so long it is relied upon.
TOKEN_REMEMBERED = timedelta(minutes=5)


# AWS does not say how soon an execution can be looked at; for so long one not found is not lost.
SHOWN_WITHIN = timedelta(minutes=5)
