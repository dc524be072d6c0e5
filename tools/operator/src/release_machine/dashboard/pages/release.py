"""The page of a release: the report's own content, live, with what a person can do."""

from __future__ import annotations

from release_machine.dashboard.pages.holds import reason
from release_machine.dashboard.pages.offers import offers
from release_machine.dashboard.pages.pieces import content, release_link, trouble, unread
from release_machine.dashboard.pages.stages import stages
from release_machine.dashboard.state import ReleaseState, Seen, Site
from release_machine.release.left_open import left_open
from release_machine.report import body
from release_machine.report.markup import Markup, element, isolated
from release_machine.report.statuses import tone


def release(site: Site, release_id: str, seen: Seen[ReleaseState]) -> Markup:
    """The report of the release, and above it what waits for it and what can be done."""
    state = seen.value
    if state is None:
        return unread(f"Release {release_id}", seen)
    found = state.snapshot.release
    return content(
        f"{found.label} {found.status}",
        trouble(seen.trouble),
        _left_open(state),
        _buttons(site, state),
        _queue(state),
        body(
            state.snapshot,
            console_region=site.console_region,
            stages=stages(found, state.steps),
        ),
        tone="bad" if state.snapshot.left_open else tone(found.status),
        says=f"Release {found.label} is {found.status}, {found.ended_count} of "
        f"{found.pipeline_count} pipelines ended",
        draws=False,  # the report has the shapes
    )


def _left_open(state: ReleaseState) -> Markup | None:
    """That no outcome will come by itself, and what to do."""
    seen = state.snapshot
    if seen.left_open is None:
        return None
    found = left_open(seen.release, seen.left_open)
    return element(
        "div",
        element("p", isolated(found.problem), " ", isolated(found.next_step)),
        class_="notice bad",
        id="left-open",
    )


def _queue(state: ReleaseState) -> Markup | None:
    """What is in its way, and what waits behind it."""
    waits = [element("li", reason(each)) for each in state.waits_for]
    behind = [element("li", release_link(each.release_id)) for each in state.behind]
    lines = [
        element("div", element("b", title), element("ul", items))
        for title, items in (("It waits:", waits), ("Behind it:", behind))
        if items
    ]
    return element("div", lines, class_="queue", id="queue") if lines else None


def _buttons(site: Site, state: ReleaseState) -> Markup | None:
    """What can be done here; otherwise the report has the commands."""
    found = offers(state.offers, site, named=True) if site.allows_actions else None
    return element("div", found, class_="acts", id="acts") if found else None
