"""The pipelines of the estate, one row each, with a filter by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from release_core.domain.commit_messages import message_of, subject_of
from release_core.domain.live import Live
from release_core.domain.revisions import KEY_TYPE, Revision
from release_machine.dashboard.pages.pieces import release_link, short_revision, state_words, who
from release_machine.dashboard.pages.standing import Place
from release_machine.dashboard.pages.times import ago
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.text.wording import short

COLUMNS = ("Pipeline", "Now", "Live revision", "Since", "Shipped by")


def pipelines(found: Sequence[Place], now: datetime, *, name: str) -> Markup:
    """The table, with the filter above it; all rows are there, those that do not match hidden."""
    rows = [_row(each, now, name=name) for each in found]
    shown = sum(_matches(each, name) for each in found)
    none = element(
        "p",
        "No pipeline has this text in its name. Clear the filter to see all.",
        class_="none",
        data_none="",
        hidden=None if shown == 0 else "",
    )
    head = [
        element("th", title, scope="col", role="columnheader", class_=kind)
        for title, kind in zip(COLUMNS, _KINDS, strict=True)
    ]
    return element(
        "section",
        element(
            "div",
            element("h2", "Pipelines ", element("small", f"{len(found)}"), id="pipelines-title"),
            _filter(name),
            class_="bar-head",
        ),
        element(
            "table",
            element("caption", "The pipelines, trouble first", class_="unseen"),
            element("thead", element("tr", head, role="row"), role="rowgroup"),
            element("tbody", rows, role="rowgroup"),
            role="table",
            class_="estate",
        ),
        none,
        id="pipelines",
        aria_labelledby="pipelines-title",
    )


_KINDS = ("name", "now", "what", "since", "by")


def _filter(name: str) -> Markup:
    """A form, so that it works without the script, which hides rows while a person types."""
    return element(
        "form",
        element("label", "Filter by name", for_="filter"),
        element(
            "input",
            id="filter",
            name="name",
            type="search",
            value=name or None,
            autocomplete="off",
            data_filter="",
        ),
        element("button", "Filter", type="submit", class_="button"),
        role="search",
        class_="filter",
        method="get",
        action="/",
    )


def _matches(place: Place, name: str) -> bool:
    return name.strip().lower() in place.pipeline.name.lower()


def _row(place: Place, now: datetime, *, name: str) -> Markup:
    live: Live | None = place.pipeline.live
    cells = (
        _now(place),
        _what(live) if live else "nothing is known to be live",
        ago(live.since, now) if live else None,
        _by(live) if live else None,
    )
    named = element("th", isolated(place.pipeline.name), scope="row", role="rowheader")
    rest = [
        element("td", cell, role="cell", class_=kind, data_label=title)
        for cell, kind, title in zip(cells, _KINDS[1:], COLUMNS[1:], strict=True)
    ]
    return element(
        "tr",
        named,
        rest,
        role="row",
        class_=f"is-{place.state}",
        id=f"in-{place.pipeline.name}",
        data_name=place.pipeline.name,
        hidden=None if _matches(place, name) else "",
    )


def _now(place: Place) -> Content:
    release: Content = [" ", release_link(place.release_id)] if place.release_id else None
    why = element("p", place.why, class_="why") if place.why else None
    return [state_words(place.tone, place.shape, place.words), release, why]


def _what(live: Live) -> Content:
    shown = [each for each in live.good.revisions if each.type != KEY_TYPE]
    went_back = (
        f"CodePipeline went back in one stage only, execution {short(live.restored_by)}"
        if live.restored_by
        else "went back: a newer revision was rolled back"
    )
    return [
        [_revision(each) for each in shown] or element("small", "revision not on record"),
        element("p", went_back, class_="why") if live.undone or live.restored_by else None,
    ]


def _revision(revision: Revision) -> Markup:
    message = subject_of(message_of(revision.summary, revision.revision))
    return element(
        "span",
        short_revision(revision.revision),
        [" ", element("span", isolated(message), class_="message")] if message else None,
        class_="revision",
    )


def _by(live: Live) -> Content:
    if live.good.release_id:
        return [release_link(live.good.release_id), [" ", who(live.by)] if live.by else None]
    started = [" ", who(live.by)] if live.by else None
    outside = f"outside any release, {short(live.good.execution_id)}"
    return [element("span", outside, title=live.good.execution_id), started]
