"""The page that asks before something is done, and the page that only says something."""

from __future__ import annotations

from collections.abc import Sequence

from release_core.api import MAX_TEXT
from release_machine.dashboard.pages.offers import kind_of
from release_machine.dashboard.pages.pieces import content, page_head
from release_machine.dashboard.pages.planned import planned
from release_machine.dashboard.state import Confirmation, Site
from release_machine.dashboard.topics import release_path
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import command

# "Cancel" alone could mean to leave the page.
_DOES = {
    "approve": "Approve it",
    "reject": "Reject it",
    "cancel": "Stop the release",
    "retry": "Retry the release",
    "rollback": "Roll the release back",
}


def confirmation(_: Site, asked: Confirmation, *, csrf: str) -> Markup:
    """What will happen, why it was not done if it was tried, and the form that does it."""
    offer = asked.offer
    return content(
        asked.question,
        page_head(isolated(asked.question)),
        _problem(asked),
        _lines("Effects", asked.effects, kind="effects"),
        _lines("Warnings", asked.warnings, kind="notice stop"),
        planned(asked.plan) if asked.plan else None,
        _form(asked, csrf) if asked.possible else _back(asked),
        element("p", "The same in a terminal: ", command(offer.command), class_="note"),
        kind="asking",
    )


def message(title: str, said: str, next_step: str | None) -> Markup:
    """A page that says what is wrong and what to do."""
    return content(
        title,
        page_head(isolated(title)),
        element("p", isolated(said), class_="said"),
        element("p", isolated(next_step), class_="said") if next_step else None,
        element("p", element("a", "Go to the estate", href="/")),
        kind="asking",
    )


def _problem(asked: Confirmation) -> Markup | None:
    if not asked.problem:
        return None
    return element(
        "div",
        element("p", element("b", isolated(asked.problem))),
        element("p", isolated(asked.next_step)) if asked.next_step else None,
        class_="notice bad",
        role="alert",
        id="problem",
    )


def _lines(title: str, lines: Sequence[str], *, kind: str) -> Markup | None:
    if not lines:
        return None
    items = [element("li", isolated(each)) for each in lines]
    return element("ul", items, class_=kind, aria_label=title)


def _form(asked: Confirmation, csrf: str) -> Markup:
    offer = asked.offer
    return element(
        "form",
        element("input", type="hidden", name="csrf", value=csrf),
        element("input", type="hidden", name="attempt", value=asked.attempt),
        element("input", type="hidden", name="subject", value=asked.subject),
        _words(asked) if asked.words else None,
        element(
            "p",
            element(
                "button", _DOES[offer.action], type="submit", class_=f"button {kind_of(offer)}"
            ),
            element("a", "Back, change nothing", href=release_path(offer.release_id)),
            class_="buttons",
        ),
        method="post",
        action=offer.href,
        class_="act",
    )


def _words(asked: Confirmation) -> Content:
    hint = "" if asked.needs_words else " (optional)"
    return [
        element("label", f"{asked.words}{hint}", for_="words"),
        element(
            "textarea",
            asked.said,
            id="words",
            name="words",
            rows=3,
            maxlength=MAX_TEXT,
            required="" if asked.needs_words else None,
            aria_describedby="problem" if asked.problem else None,
        ),
    ]


def _back(asked: Confirmation) -> Markup:
    back = element("a", "Back to the release", href=release_path(asked.offer.release_id))
    return element("p", back, class_="buttons")
