"""How often the dashboard reads: more rarely while nothing changes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from release_machine.dashboard.state import ReleaseState
from release_machine.dashboard.topics import (
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    Topic,
)
from release_machine.follow.pace import LONGEST_PAUSE_SECONDS, PAUSE_GROWTH


@dataclass(frozen=True, slots=True)
class Tempo:
    """The first and the longest pause between two reads, in seconds."""

    first: float
    longest: float

    def pause(self, last: float | None, *, changed: bool) -> float:
        """The next pause after the last one."""
        if last is None or changed:
            return self.first
        return min(max(last, self.first) * PAUSE_GROWTH, self.longest)


class Lane(StrEnum):
    """What is read in a thread of its own, so that a slow read does not hold up the others."""

    NOW = "now"
    HISTORY = "history"
    METRICS = "metrics"


def lane_of(topic: Topic) -> Lane:
    """The lane in which a topic is read."""
    match topic:
        case AboutMetrics():
            return Lane.METRICS
        case AboutHistory():
            return Lane.HISTORY
        case _:
            return Lane.NOW


# A page that should have been read so long ago is not up to date.
LATE_SECONDS = 20.0
RUNNING = Tempo(1.0, LONGEST_PAUSE_SECONDS)
# A release that is over may be retried.
OVER = Tempo(5.0, 30.0)
ESTATE = Tempo(2.0, 10.0)
APPROVALS = Tempo(3.0, 15.0)
HISTORY = Tempo(5.0, 30.0)
# A search for pipelines reads the parts of releases, those of each pipeline that a pattern matches.
HISTORY_OF_PIPELINES = Tempo(30.0, 300.0)
METRICS = Tempo(60.0, 600.0)
TROUBLED = Tempo(LONGEST_PAUSE_SECONDS, 30.0)


def tempo_of(topic: Topic, value: Any) -> Tempo:
    """The tempo for what a page shows."""
    match topic:
        case AboutRelease():
            over = isinstance(value, ReleaseState) and value.snapshot.release.over
            return OVER if over else RUNNING
        case AboutEstate():
            return ESTATE
        case AboutApprovals():
            return APPROVALS
        case AboutMetrics():
            return METRICS
        case AboutHistory(filters=filters):
            return HISTORY_OF_PIPELINES if filters.pipelines else HISTORY
