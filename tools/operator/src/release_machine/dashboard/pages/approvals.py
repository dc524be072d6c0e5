"""The page of approvals: what waits for the answer of a person, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from release_core.domain.release import Pipeline
from release_machine.dashboard.pages.offers import offers
from release_machine.dashboard.pages.pieces import (
    card,
    content,
    empty_state,
    name_of,
    page_head,
    plural,
    trouble,
    unread,
)
from release_machine.dashboard.pages.times import ago, moment, until
from release_machine.dashboard.state import Approvals, Seen, Site, Waiting
from release_machine.release.approvals import behind, signer, votes, votes_left, who_may_not
from release_machine.report.markup import Content, Markup, element, isolated, link_if_web
from release_machine.report.parts import facts_list

TITLE = "Approvals"
_LAST = datetime.max.replace(tzinfo=UTC)


def approvals(site: Site, seen: Seen[Approvals]) -> Markup:
    """Every question with what it waits for, and how to answer it."""
    found = seen.value
    if found is None:
        return unread(TITLE, seen)
    count = len(found.waiting)
    says = f"{plural(count, 'question')} wait{'s' if count == 1 else ''} for an answer"
    tone = "stop" if count or found.unread else "wait" if found.later or found.searching else "good"
    return content(
        f"({count}) {TITLE}" if count else TITLE,
        page_head(TITLE, element("p", f"{says}.") if count else None),
        trouble(seen.trouble),
        element("p", isolated(found.unread), class_="notice stop", id="unread")
        if found.unread
        else None,
        _later(found.later) if found.later else None,
        _searching() if found.searching else None,
        element("div", [_card(each, found.at, site) for each in urgent(found.waiting)], id="asked")
        if count
        else None,
        _nothing() if tone == "good" else None,
        tone=tone,
        says=says,
    )


def urgent(waiting: tuple[Waiting, ...]) -> list[Waiting]:
    """The questions by the time when they expire, then by the time when they were asked."""

    def order(each: Waiting) -> tuple[datetime, datetime]:
        return expires_at(each) or _LAST, each.activity.since or _LAST

    return sorted(waiting, key=order)


def expires_at(waiting: Waiting) -> datetime | None:
    """When the question counts as not answered; None when it does not expire or is not known."""
    node = approval_of(waiting)
    return node.approval.expires_at if node and node.approval else None


def approval_of(waiting: Waiting) -> Pipeline | None:
    """The approval of the release; None for a manual approval of CodePipeline."""
    node = waiting.release.pipelines.get(waiting.name)
    return node if node and node.approval else None


def question(waiting: Waiting) -> Content:
    """The words of the question; its name when it has none."""
    return isolated(waiting.activity.message or f"Approve {waiting.name}?")


def _later(count: int) -> Markup:
    said = f"{plural(count, 'running pipeline')} {'is' if count == 1 else 'are'} not read yet"
    why = ", and may wait for an answer, too. A few are read at a time."
    return element("p", element("b", said), why, class_="notice", id="later")


def _searching() -> Markup:
    said = "Older releases are still being searched"
    why = ", and may wait for an answer, too."
    return element("p", element("b", said), why, class_="notice", id="searching")


def _nothing() -> Markup:
    return empty_state(
        "Nothing waits for an answer",
        "A release asks people when its manifest has approvals, or when a pipeline comes to a "
        "manual approval. The question then appears here.",
    )


def _card(waiting: Waiting, now: datetime, site: Site) -> Markup:
    return card(
        element("h2", question(waiting)),
        element("p", list(_urgency(waiting, now)), class_="urgency"),
        facts_list(_facts(waiting)),
        offers(waiting.offers, site),
        kind="question",
        id_=f"asks-{waiting.release.release_id}-{waiting.name}",
    )


def _urgency(waiting: Waiting, now: datetime) -> Iterator[Content]:
    """How many answers are missing, since when and until when, in a line."""
    node = approval_of(waiting)
    missing = votes_left(node) if node else "an answer"
    yield ["Waits for ", element("b", missing)]
    if since := waiting.activity.since:
        yield [", asked ", ago(since, now)]
    if expires := expires_at(waiting):
        yield [", expires ", element("b", until(expires, now)), " (", moment(expires), ")"]


def _facts(waiting: Waiting) -> Iterator[tuple[str, Content]]:
    release = waiting.release
    node = approval_of(waiting)
    yield "Release", name_of(release)
    yield "Approval", isolated(waiting.name)
    if release.requester:
        yield "Requested by", isolated(signer(release.requester))
    if node is not None:
        yield "Answers", [element("p", isolated(each)) for each in votes(node)]
        yield "May not answer", isolated("; ".join(who_may_not(release, node)))
        yield "Waits behind it", isolated(", ".join(behind(release, node)))
    yield "To review", link_if_web(waiting.activity.link, "Open the page")
