"""The page of the history: the latest releases, newest first, with filters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from release_core.domain.release import Release
from release_machine.dashboard.pages.history_filters import filter_form, is_filtered
from release_machine.dashboard.pages.pieces import (
    content,
    empty_state,
    name_of,
    page_head,
    plural,
    state_words,
    trouble,
    unread,
    who,
)
from release_machine.dashboard.pages.times import ago, moment
from release_machine.dashboard.state import History, Seen, Site
from release_machine.release.searching import Filters
from release_machine.report.durations import brief
from release_machine.report.markup import Content, Markup, element
from release_machine.report.parts import Column, command, table
from release_machine.report.statuses import badge

TITLE = "History"
COLUMNS = (
    Column("Release", "name"),
    Column("Status", "now"),
    Column("Opened", "since"),
    Column("Took", "number"),
    Column("Pipelines", "number"),
    Column("By", "by"),
)


def history(_: Site, filters: Filters, seen: Seen[History]) -> Markup:
    """The releases that the filters let through."""
    found = seen.value
    if found is None:
        return unread(TITLE, seen, filter_form(filters))
    return content(
        TITLE,
        page_head(TITLE),
        trouble(seen.trouble),
        filter_form(filters, found.wrong, unfolds=is_filtered(filters) and not found.releases),
        *_found(filters, found),
        tone="bad" if found.wrong and not found.releases else "wait",
    )


def _found(filters: Filters, found: History) -> Iterator[Content]:
    if not found.releases:
        yield None if found.wrong else _nothing(filters)
        return
    rows = [_row(each, found.at) for each in found.releases]
    # A release that waits may have the id of one that was opened.
    ids = [
        f"of-{each.execution_arn if each.pending else each.release_id}" for each in found.releases
    ]
    shown = table("Releases, newest first", COLUMNS, rows, ids=ids, kind="history")
    yield element("section", shown, id="releases")
    if found.more:
        count = plural(len(rows), "release")
        said = f"Only the latest {count} are shown. Filters find older ones."
        yield element("p", said, class_="note")


def _row(release: Release, now: datetime) -> list[Content]:
    return [
        name_of(release),
        _status(release, now),
        [ago(release.opened_at, now), " ", element("small", moment(release.opened_at))],
        brief(release.began_at, release.closed_at or now) if not release.pending else None,
        str(release.pipeline_count or "") or None,
        who(release.requester),
    ]


def _status(release: Release, now: datetime) -> Content:
    if release.pending:
        held = release.is_held(now) and release.not_before
        words: Content = (
            ["held until ", moment(release.not_before)] if held else "waits for pipelines"
        )
        return state_words("wait", "WAITING", words)
    notes = (
        f"attempt {release.attempt}" if release.attempt > 1 else None,
        "rolled back" if release.rolled_back_by else None,
        "a rollback" if release.rollback_of else None,
    )
    said = ", ".join(note for note in notes if note)
    return [badge(release.status), element("small", " ", said) if said else None]


def _nothing(filters: Filters) -> Markup:
    if is_filtered(filters):
        way = element("p", element("a", "Show all releases", href="/history"))
        return empty_state("No release matches these filters", "Choose fewer filters.", way)
    return empty_state(
        "There is no release yet",
        "Submit the first one:",
        element("p", command("release-machine submit manifest.json")),
    )
