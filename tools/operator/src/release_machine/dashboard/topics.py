"""What a page of the dashboard shows, and its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlencode

from release_core.domain.release import ReleaseStatus
from release_machine.dashboard.state import DAYS, DEFAULT_DAYS
from release_machine.release.searching import OUTCOMES, Filters

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
        wanted = self.filters
        chosen = [("status", each) for each in wanted.statuses]
        chosen += [("outcome", each) for each in wanted.outcomes]
        chosen += [("pipeline", " ".join(wanted.pipelines)), ("requester", wanted.requester or "")]
        chosen += [("since", wanted.since or ""), ("until", wanted.until or "")]
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
    """The filters of an address; a status or an outcome that does not exist is left out.

    Names of pipelines are separated by spaces or commas.
    """
    return Filters(
        statuses=_chosen(query, "status", ReleaseStatus),
        outcomes=_chosen(query, "outcome", OUTCOMES),
        pipelines=tuple(" ".join(query.get("pipeline", [])).replace(",", " ").split()),
        requester=_text(query, "requester"),
        since=_text(query, "since"),
        until=_text(query, "until"),
    )


def days_of(query: Mapping[str, list[str]]) -> int:
    """The days of an address; the usual days if it has none that the page offers."""
    given = _text(query, "days") or ""
    return int(given) if given in {f"{days}" for days in DAYS} else DEFAULT_DAYS


def _chosen(query: Mapping[str, list[str]], name: str, offered: Iterable[str]) -> tuple[str, ...]:
    given = [each.upper() for each in query.get(name, [])]
    return tuple(str(each) for each in offered if each in given)


def _text(query: Mapping[str, list[str]], name: str) -> str | None:
    return next((each.strip() for each in query.get(name, []) if each.strip()), None)
