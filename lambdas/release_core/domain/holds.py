"""What keeps pipelines from being started for a while, and what overrides that."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache

from release_core.immutable import Immutable


def is_covered(pipeline: str, scope: str) -> bool:
    """Whether a scope covers the pipeline: ``*``, a name, or a pattern."""
    return fnmatchcase(pipeline, scope)


def overlap(one: str, other: str) -> bool:
    """Whether a pipeline could have a name that both scopes cover."""

    @cache
    def rest_overlaps(at: int, other_at: int) -> bool:
        head, other_head = one[at : at + 1], other[other_at : other_at + 1]
        if not head or not other_head:
            return set(one[at:] + other[other_at:]) <= {"*"}
        if "*" in (head, other_head):
            return rest_overlaps(at + 1, other_at) or rest_overlaps(at, other_at + 1)
        return head == other_head and rest_overlaps(at + 1, other_at + 1)

    return rest_overlaps(0, 0)


class Freeze(Immutable):
    """Nothing new starts in the pipelines that ``scope`` matches: ``*``, a name or a pattern."""

    scope: str
    until: datetime
    reason: str
    by: str
    at: datetime

    def covers(self, pipeline: str) -> bool:
        """Whether the pipeline is one of those that it keeps from being started."""
        return is_covered(pipeline, self.scope)

    def repeats(self, other: "Freeze") -> bool:
        """Whether it is the other freeze, requested once more."""
        return replace(self, at=other.at) == other


class Override(Immutable):
    """Why one release starts its pipelines although they are frozen or a calendar is closed."""

    reason: str
    by: str
    at: datetime


class HoldKind(StrEnum):
    """What holds a pipeline."""

    FREEZE = "freeze"
    CALENDAR = "calendar"
    TURN = "turn"  # it was held, and is started when its turn comes


class Hold(Immutable):
    """Why a pipeline is not started although nothing else keeps it from starting.

    ``scope`` is that of the freeze, or the name of the calendar. ``by`` is the ARN of the person
    who froze it. The task of the pipeline looks again after ``until``.
    """

    kind: HoldKind
    until: datetime
    why: str
    by: str | None = None
    scope: str | None = None

    def __str__(self) -> str:
        """One line for the audit."""
        by = f" by {self.by}" if self.by else ""
        of = f" of {self.scope}" if self.scope else ""
        until = self.until.astimezone(UTC)
        return f"held until {until:%Y-%m-%d %H:%M:%S} UTC, {self.kind}{of}{by}: {self.why}"


def longest_freeze(freezes: Iterable[Freeze], pipeline: str, now: datetime) -> Freeze | None:
    """The freeze that covers the pipeline now and ends last, or None."""
    covering = (each for each in freezes if now < each.until and each.covers(pipeline))
    return max(covering, key=lambda each: (each.until, each.scope), default=None)
