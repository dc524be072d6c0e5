"""What a page of the dashboard shows, and its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlencode

from release_core.domain.release import ReleaseStatus
from release_machine.dashboard.state import DAYS, DEFAULT_DAYS, Filters

EVENTS = "/events"


@dataclass(frozen=True, slots=True)
class AboutEstate:
    """The first page."""

    current = "estate"
    path = "/"
    title = "Estate"


@dataclass(frozen=True, slots=True)
class AboutRelease:
    """The page of one release."""

    release_id: str
    current = "release"

    @property
    def path(self) -> str:
        """Its address."""
        return release_path(self.release_id)

    @property
    def title(self) -> str:
        """Its title."""
        return f"Release {self.release_id}"


@dataclass(frozen=True, slots=True)
class AboutHistory:
    """The latest releases."""

    filters: Filters
    current = "history"
    title = "History"

    @property
    def path(self) -> str:
        """Its address, with the filters."""
        chosen = [("status", each) for each in self.filters.statuses]
        chosen += [("pipeline", self.filters.pipeline or ""), ("by", self.filters.by or "")]
        return with_query("/history", chosen)


@dataclass(frozen=True, slots=True)
class AboutApprovals:
    """What waits for people."""

    current = "approvals"
    path = "/approvals"
    title = "Approvals"


@dataclass(frozen=True, slots=True)
class AboutMetrics:
    """The DORA figures of some days."""

    days: int
    current = "metrics"
    title = "Metrics"

    @property
    def path(self) -> str:
        """Its address, with the days."""
        return with_query("/metrics", [("days", f"{self.days}")])


Topic: TypeAlias = AboutEstate | AboutRelease | AboutHistory | AboutApprovals | AboutMetrics


def release_path(release_id: str) -> str:
    """The address of the page of a release."""
    return f"/releases/{quote(release_id, safe='')}"


def action_path(action: str, release_id: str, name: str | None = None) -> str:
    """The address of the page that asks before an action, and of the action."""
    address = f"/actions/{action}/{quote(release_id, safe='')}"
    return with_query(address, [("name", name or "")])


def with_query(path: str, values: Iterable[tuple[str, str]]) -> str:
    """An address with those values that are not empty."""
    query = urlencode([(name, value) for name, value in values if value])
    return f"{path}?{query}" if query else path


def filters_of(query: Mapping[str, list[str]]) -> Filters:
    """The filters of an address; values that mean nothing are left out."""
    given = [each.upper() for each in query.get("status", [])]
    return Filters(
        statuses=tuple(each for each in ReleaseStatus if each in given),
        pipeline=_text(query, "pipeline"),
        by=_text(query, "by"),
    )


def days_of(query: Mapping[str, list[str]]) -> int:
    """The days of an address; the usual days if it has none that the page offers."""
    given = _text(query, "days") or ""
    return int(given) if given in {f"{days}" for days in DAYS} else DEFAULT_DAYS


def _text(query: Mapping[str, list[str]], name: str) -> str | None:
    return next((each.strip() for each in query.get(name, []) if each.strip()), None)
