"""Every time window that decisions depend on, and how long a task waits before its next look.

tests/contract/test_times.py checks CLAIM_WINDOW, ACTION_LAG, TASK_LATENESS and CLOSE_TRIED_WITHIN
against the timeouts and retries of the functions, the workflow and Lambda.
"""

import math
from datetime import datetime, timedelta
from random import Random

# Starts and retries of one pipeline.

# Race: another function takes over a start or retry whose claimant may still be working. No
# claimant lives longer than this. Lambda's first retry of a stop event comes later than this, so
# the first retry can resolve the start and the second is left for a fault.
CLAIM_WINDOW = timedelta(seconds=55)

# Race: a start is repeated after CodePipeline has forgotten its clientRequestToken, and makes a
# second execution. AWS does not publish how long it remembers; after this, search before starting.
REQUEST_TOKEN_LIFETIME = timedelta(minutes=5)

# Race: a new execution counts as deleted before CodePipeline or Step Functions shows it. AWS does
# not publish how long that takes; an execution that is not found counts as deleted only after this.
VISIBLE_WITHIN = timedelta(minutes=5)

# Race: a release is resumed while a start or retry of its last attempt may still happen. After this
# the close has made all its tries and has recorded what it found.
UNRECORDED_START_WINDOW = timedelta(minutes=5)

# Race: CodePipeline still shows a state that was true before the newest change on record. It was
# seen to lag by up to 30 seconds; a look is trusted against a change only after this.
LOOK_LAG = timedelta(seconds=60)

# Race: an execution is abandoned although another of its actions runs beside an approval. An action
# is in the list of actions at the latest this long after it began. Lambda's first retry of a stop
# event comes later than this.
ACTION_LAG = timedelta(seconds=55)

# A start that CodePipeline does not accept now is tried again for this long: because the pipeline
# is busy, or because AWS throttles the starts of all. Then the pipeline fails.
START_PATIENCE = timedelta(hours=1)
THROTTLED_PATIENCE = timedelta(hours=12)

# AWS was seen to accept about this many starts a minute in an account and Region.
STARTS_PER_MINUTE = 20

# Throttled starts are tried again one after the other, this far apart: twice as often as AWS was
# seen to accept them, so that no time is lost where it accepts more.
START_PACE = timedelta(minutes=1) / STARTS_PER_MINUTE / 2

# When a hold ends, the tasks of what it held look within this time of each other, at random. Those
# that then may start are started START_PACE apart.
_HOLD_SPREAD = timedelta(minutes=1)

# The task of a pipeline that is held looks at most this often until its hold ends. Each look writes
# 8 of the 25,000 events that the history of a workflow execution holds, and a hold may last for 90
# days.
HELD_LOOK = timedelta(hours=1)

# Change calendars are asked again after this: when they could not be read, and when they are closed
# and name no time at which they open. After so many looks of a task, also when they cannot be read.
UNREADABLE_PAUSE = timedelta(minutes=5)
UNREADABLE_LOOKS = 500
CLOSED_PAUSE = HELD_LOOK

# Closed calendars are asked again after this at the soonest, whatever time they name.
SOONEST_OPENING = timedelta(minutes=1)

# Seconds until a refused start is tried again: after the first refusal, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 20, 300
_MANY_REFUSALS = 10  # after so many, a pause is no longer than the one before

# Seconds until the next look, while CodePipeline does not confirm an end that an event reported.
UNCONFIRMED_WAIT = 15

# Tasks of the workflow.

# Race: a pipeline is skipped because it has no task, and then the workflow starts the task. After
# this the workflow has started every task, or has given it up.
TASK_WINDOW = timedelta(hours=1)

# Race: another task looks at a pipeline whose own task is being retried. A task that is overdue by
# this has used all its tries.
TASK_LATENESS = timedelta(minutes=20)

# Announcements.

# The hourly rule announces what was not announced after this. By then Lambda has repeated the event
# whose function could not announce it.
ANNOUNCED_WITHIN = timedelta(minutes=5)

# The close of a release.

# Race: a release is closed a second time while its close is being retried. After this Lambda has
# made all its tries of the close, each as long as it may run.
CLOSE_TRIED_WITHIN = timedelta(minutes=20)

# A release that still runs this long after its deadline needs a person. At the deadline its
# pipelines are stopped. A stop that is not an abandon waits for the running actions, most of which
# end within an hour.
OVERRUN = timedelta(hours=1)

# A release whose task has not looked for this long counts as stuck. Most tasks look once an hour.
STUCK_AFTER = timedelta(hours=2)

# A workflow execution lasts at most a year, so an older release cannot be open.
OLDEST_RELEASE = timedelta(days=400)

# Seconds. A cold function in a large release takes seconds to look. A task that waits for less
# times out and returns before its wait can be changed, again and again.
MIN_WAIT = 10


def pause_before_start(refusals: int, *, key: str) -> timedelta:
    """How long to wait before a start is tried again: twice as long after each refusal.

    Up to half of it is taken away at random, so that starts that AWS throttled at the same time are
    not repeated at the same time. The ``key`` is the seed: a repeated decision is the same.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**refusals)
    return timedelta(seconds=longest * Random(f"{key} {refusals}").uniform(0.5, 1))  # noqa: S311  # jitter, not a secret


def pause_until_turn(turn: timedelta, refusals: int, *, key: str) -> timedelta:
    """How long a throttled start waits whose turn comes in this time: at least its own pause."""
    return max(pause_before_start(refusals, key=key), wait_for_turn(turn, key=key))


def wait_for_turn(turn: timedelta, *, key: str) -> timedelta:
    """How long a start waits whose turn comes in this time: no longer than the longest pause.

    Turns stay taken that are not used: of releases that were cancelled since, or frozen again.
    """
    return min(turn, pause_before_start(_MANY_REFUSALS, key=key))


def look_after_hold(until: datetime, *, key: str) -> datetime:
    """When a task looks after a hold that ends then; the ``key`` is the seed."""
    return until + _HOLD_SPREAD * Random(key).random()  # noqa: S311  # jitter, not a secret


def seconds_until(moment: datetime, *, now: datetime) -> int:
    """The seconds that a task waits so that the moment has passed when it returns."""
    return max(MIN_WAIT, math.ceil((moment - now).total_seconds()) + 1)


def seconds_to_hold(moment: datetime, *, now: datetime) -> int:
    """The seconds that a release is held until the moment."""
    return max(1, math.ceil((moment - now).total_seconds()))


def seconds_to_wait(look_after_seconds: int, *limits: float) -> int:
    """The shortest of the limits and the usual wait, in seconds, but at least MIN_WAIT."""
    return min(look_after_seconds, max(MIN_WAIT, int(min(limits, default=look_after_seconds))))
