"""The form of the history: the filters of the command list, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from release_core.domain.release import ReleaseStatus
from release_machine.dashboard.state import WrongFilter
from release_machine.release.searching import OUTCOMES, Filters
from release_machine.report.markup import Content, Markup, element, isolated

# The fields for a text, and what can be written in each.
_TEXTS = {
    "pipeline": "such as web or shop-*",
    "requester": "such as alice or al*",
    "since": "such as 7d or 2026-11-22",
    "until": "such as 12h or 2026-11-22",
}


def filter_form(
    filters: Filters, wrong: Sequence[WrongFilter] = (), *, unfolds: bool = False
) -> Markup:
    """The form, which needs no script: its fields have the names of the options of list.

    A phone shows which filters are used, and the form when a person, or something wrong, unfolds
    it.
    """
    used = ", ".join(_used(filters))
    return element(
        "details",
        element(
            "summary",
            "Filters",
            element("small", ": ", isolated(used)) if used else None,
        ),
        _form(filters, wrong),
        class_="fold",
        open="" if wrong or unfolds else None,
        id="filters",
    )


def _used(filters: Filters) -> Iterator[str]:
    yield from (f"status {_words(each)}" for each in filters.statuses)
    yield from (f"outcome {_words(each)}" for each in filters.outcomes)
    yield from (f"pipeline {each}" for each in filters.pipelines)
    for name in ("requester", "since", "until"):
        if value := getattr(filters, name):
            yield f"{name} {value}"


def _form(filters: Filters, wrong: Sequence[WrongFilter]) -> Markup:
    told = {each.name: [other for other in wrong if other.name == each.name] for each in wrong}
    first = next((each for each in _TEXTS if each in told), None)

    def text(name: str, value: str | None) -> Markup:
        return _text(name, value, told.get(name, []), begins=name == first)

    return element(
        "form",
        _choices("Status", "status", ReleaseStatus, filters.statuses),
        _choices("Outcome of the latest attempt", "outcome", OUTCOMES, filters.outcomes),
        text("pipeline", " ".join(filters.pipelines)),
        text("requester", filters.requester),
        text("since", filters.since),
        text("until", filters.until),
        element(
            "p",
            element("button", "Filter", type="submit", class_="button main"),
            element("a", "Show all", href="/history") if is_filtered(filters) else None,
            class_="buttons",
        ),
        class_="filters",
        method="get",
        action="/history",
        role="search",
        aria_label="Releases",
    )


def is_filtered(filters: Filters) -> bool:
    """Whether any filter is used."""
    return filters != Filters()


def _choices(title: str, name: str, values: Iterable[str], chosen: Sequence[str]) -> Markup:
    boxes = [
        element(
            "label",
            element(
                "input",
                type="checkbox",
                name=name,
                value=str(value),
                checked="" if value in chosen else None,
            ),
            " ",
            _words(value),
        )
        for value in values
    ]
    return element("fieldset", element("legend", title), boxes, id=f"filter-by-{name}")


def _words(value: str) -> str:
    return value.lower().replace("_", " ")


def _text(name: str, value: str | None, wrong: Sequence[WrongFilter], *, begins: bool) -> Markup:
    """A field with what is wrong, or what can be written; the page ``begins`` at this one."""
    said: Content = [
        element("span", isolated(each.problem), " ", isolated(each.next_step)) for each in wrong
    ]
    note = f"{name}-wrong" if wrong else f"{name}-hint"
    return element(
        "div",
        element("label", name.capitalize(), for_=f"filter-{name}"),
        element(
            "input",
            type="text",
            id=f"filter-{name}",
            name=name,
            value=value or None,
            autocomplete="off",
            autocapitalize="none",
            spellcheck="false",
            autofocus="" if begins else None,
            aria_invalid="true" if wrong else None,
            aria_describedby=note,
        ),
        element("p", said or _TEXTS[name], class_="wrong" if wrong else "hint", id=note),
        class_="field is-wrong" if wrong else "field",
        id=f"filter-by-{name}",
    )
