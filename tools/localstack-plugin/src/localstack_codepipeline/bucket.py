"""A token bucket: how AWS limits the rate of an operation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
# A call costs this much. A rate of one call per minute earns 1 in a microsecond.
CALL = timedelta(minutes=1) // MICROSECOND


@dataclass(slots=True)
class Bucket:
    """Lets `burst` calls through at once, and `per_minute` calls in the long run.

    It counts in whole numbers, so that the same calls at the same times always get the same answer.
    """

    per_minute: int
    burst: int
    since: datetime
    spent: int = 0

    def take(self, now: datetime) -> bool:
        """Take a token and return True, or return False if none is left."""
        earned = (now - self.since) // MICROSECOND * self.per_minute
        self.spent, self.since = max(0, self.spent - earned), now
        if self.spent + CALL > self.burst * CALL:
            return False
        self.spent += CALL
        return True
