"""The first page: what needs a person, what moves, and what is live in each pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from release_machine.dashboard.pages.attention import attention
from release_machine.dashboard.pages.holds import frozen
from release_machine.dashboard.pages.moving import moving
from release_machine.dashboard.pages.pieces import (
    content,
    empty_state,
    page_head,
    plural,
    state_words,
    trouble,
    unread,
)
from release_machine.dashboard.pages.pipelines import pipelines
from release_machine.dashboard.pages.standing import Place, places
from release_machine.dashboard.state import Approvals, Overview, Seen, Site
from release_machine.release.estate import Estate
from release_machine.release.holds import frozen as still_frozen
from release_machine.report.markup import Markup, element, isolated
from release_machine.report.parts import command

TITLE = "Estate"


def estate(_: Site, seen: Seen[Overview], *, name: str = "") -> Markup:
    """The estate; ``name`` is the text that the names of shown pipelines contain."""
    if seen.value is None:
        return unread(TITLE, seen)
    found, asked = seen.value.estate, seen.value.approvals
    known = places(found)
    failing = sum(each.is_failing for each in known)
    counts = list(_counts(found, asked, failing=failing))
    quiet = "All was quiet." if seen.trouble else "All is quiet."
    return content(
        f"({failing}) {TITLE}" if failing else TITLE,
        page_head(TITLE, _summary(counts) if counts else element("p", quiet)),
        trouble(seen.trouble),
        [
            element("p", isolated(each), class_="notice stop", id=f"unread-{number}")
            for number, each in enumerate(found.unread)
        ],
        attention(known, asked),
        [
            element(
                "div", frozen(each, now=found.at), class_="notice run", id=f"frozen-{each.scope}"
            )
            for each in still_frozen(found.freezes, now=found.at)
        ],
        moving(found),
        _pipelines(known, found, name=name),
        tone="bad" if seen.trouble else counts[0][0] if counts else "good",
        says="; ".join(words for _, _, words in counts) or quiet,
    )


def _counts(found: Estate, asked: Approvals, *, failing: int) -> Iterator[tuple[str, str, str]]:
    """What there is some of, the most urgent first: the tone, the shape and the words."""
    if failing:
        yield "bad", "FAILED", f"{plural(failing, 'pipeline')} failed"
    if unknown := sum(each.unread is not None for each in found.pipelines):
        yield "stop", "CANCELLED", f"{plural(unknown, 'pipeline')} not readable"
    elif found.unread or asked.unread:
        yield "stop", "CANCELLED", "not everything could be read"
    if asked.waiting:
        yield "stop", "STOPPED", f"{plural(len(asked.waiting), 'approval')} asked for"
    if found.running:
        yield "run", "RUNNING", f"{plural(len(found.running), 'release')} running"
    if found.waiting:
        yield "wait", "WAITING", f"{plural(len(found.waiting), 'release')} waiting"
    if asked.searching:
        yield "wait", "WAITING", "older releases are still being searched"


def _summary(counts: list[tuple[str, str, str]]) -> Markup:
    items = [element("li", state_words(tone, shape, words)) for tone, shape, words in counts]
    return element("ul", items, class_="summary", aria_label="In numbers")


def _pipelines(known: list[Place], found: Estate, *, name: str) -> Markup | None:
    if known:
        return pipelines(known, found.at, name=name)
    # A list that could not be read is not empty; what is above says why.
    return None if found.unread else _nothing()


def _nothing() -> Markup:
    return empty_state(
        "No pipeline is known yet",
        "The estate has the pipelines that a release has shipped. Submit the first one:",
        element("p", command("release-machine submit manifest.json")),
    )
