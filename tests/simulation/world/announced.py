"""What the promises see of the events on the bus: neither their order nor repeats."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from release_core.domain.announcements import RELEASE_ORPHANED


class Fact(NamedTuple):
    """An event, reduced to what the promises are about; an absent field is an empty text."""

    detail_type: str
    event_id: str
    release_id: str
    attempt: int
    execution_arn: str
    node: str
    status: str
    at: str
    why: str
    by: str


def facts_in(entries: Iterable[Mapping[str, Any]]) -> frozenset[Fact]:
    """Return the events on the bus."""
    return frozenset(_fact(each["DetailType"], each["Detail"]) for each in entries)


def count_orphans(entries: Iterable[Mapping[str, Any]]) -> int:
    """Return how often a missed workflow end was announced: each time starts a function."""
    return sum(each["DetailType"] == RELEASE_ORPHANED for each in entries)


@lru_cache(maxsize=100_000)
def _fact(detail_type: str, text: str) -> Fact:
    detail = json.loads(text)
    return Fact(
        detail_type=detail_type,
        event_id=detail.get("eventId", ""),
        release_id=detail.get("releaseId") or "",
        attempt=detail.get("attempt") or 0,
        execution_arn=detail["executionArn"],
        node=detail.get("pipeline") or detail.get("approval") or "",
        status=detail.get("status") or "",
        at=detail.get("at", ""),
        why=detail.get("why") or "",
        by=detail.get("by") or "",
    )
