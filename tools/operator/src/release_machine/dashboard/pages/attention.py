"""What needs a person now: pipelines that failed, and questions, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from release_machine.dashboard.pages.approvals import expires_at, question, urgent
from release_machine.dashboard.pages.pieces import release_link
from release_machine.dashboard.pages.standing import Place
from release_machine.dashboard.pages.times import ago, until
from release_machine.dashboard.state import Approvals, Waiting
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.statuses import icon

MOST = 5  # of each kind; the rest is counted


def attention(places: Sequence[Place], asked: Approvals) -> Markup | None:
    """One line for each; None when nothing needs a person."""
    failing = [each for each in places if each.is_failing]
    lines = [
        *map(_failed, failing[:MOST]),
        *_more(len(failing) - MOST, "#pipelines-title"),
        *(_asks(each, asked) for each in urgent(asked.waiting)[:MOST]),
        *_more(len(asked.waiting) - MOST, "/approvals"),
    ]
    if asked.unread:
        lines.append(element("li", icon("CANCELLED"), element("p", isolated(asked.unread))))
    if not lines:
        return None
    return element(
        "section",
        element("h2", "Needs a person", id="attention-title"),
        element("ul", lines),
        id="attention",
        class_="attention " + ("bad" if failing else "stop"),
        aria_labelledby="attention-title",
    )


def _failed(place: Place) -> Markup:
    name = place.pipeline.name
    release: Content = [" in ", release_link(place.release_id)] if place.release_id else None
    return element(
        "li",
        icon("FAILED"),
        element(
            "p",
            element("b", element("a", isolated(name), href=f"#in-{name}")),
            f" {place.words}",
            release,
            _why(place),
        ),
    )


def _why(place: Place) -> Content:
    where: Content = [": ", element("b", place.why)] if place.why else None
    reason: Content = [", ", isolated(place.reason)] if place.reason else None
    return [where, reason]


def _asks(waiting: Waiting, asked: Approvals) -> Markup:
    return element(
        "li",
        icon("STOPPED"),
        element(
            "p",
            element("b", element("a", question(waiting), href="/approvals")),
            " ",
            element(
                "span",
                isolated(waiting.name),
                " in ",
                release_link(waiting.release.release_id, waiting.release.label),
                list(_times(waiting, asked)),
                class_="aside",
            ),
        ),
    )


def _times(waiting: Waiting, asked: Approvals) -> Iterator[Content]:
    if since := waiting.activity.since:
        yield [", asked ", ago(since, asked.at)]
    if ends := expires_at(waiting):
        yield [", expires ", until(ends, asked.at)]


def _more(count: int, address: str) -> list[Markup]:
    return [element("li", element("a", f"and {count} more", href=address))] if count > 0 else []
