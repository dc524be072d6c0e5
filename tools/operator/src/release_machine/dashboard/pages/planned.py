"""What a rollback would ship, as a table, from the plan's JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from release_core.domain.commit_messages import subject_of
from release_machine.dashboard.pages.pieces import short_revision
from release_machine.report.markup import Content, Markup, element, isolated, joined
from release_machine.report.parts import Column, section, table

COLUMNS = (
    Column("Pipeline", "name"),
    Column("Live now", "what"),
    Column("Would ship", "what"),
    Column("After", "depends"),
    Column("Warnings", "wide"),
)


def planned(plan: Mapping[str, Any]) -> Markup:
    """A row for each pipeline; before them what is wrong with the whole plan."""
    rows = [_row(each) for each in plan["pipelines"]]
    shown = table("What it ships", COLUMNS, rows, kind="planned") if rows else None
    return joined(
        [
            _lines(plan["problems"], kind="notice bad"),
            _lines(plan["warnings"], kind="notice stop"),
            section("plan", "What it ships", shown) if shown else None,
        ]
    )


def _lines(said: Iterable[str], *, kind: str) -> Markup | None:
    items = [element("li", isolated(each)) for each in said]
    return element("ul", items, class_=kind) if items else None


def _row(pipeline: Mapping[str, Any]) -> list[Content]:
    sources = pipeline["sources"]
    # The problems are those of the whole plan.
    dangers = [element("p", isolated(each), class_="bad") for each in pipeline["dangers"]]
    warnings = [element("p", isolated(each)) for each in pipeline["warnings"]]
    unknown = pipeline["liveUnknown"]
    return [
        isolated(pipeline["name"]),
        [_revision(each["current"], each["currentMessage"]) for each in sources]
        if not unknown
        else isolated(unknown),
        "no change"
        if pipeline["changes"] is False
        else [_revision(each["ships"], each["message"]) for each in sources],
        isolated(", ".join(pipeline["dependsOn"])),
        [*dangers, *warnings] or None,
    ]


def _revision(revision: str | None, message: str | None) -> Markup:
    if revision is None:
        return element("p", "not known")
    about = subject_of(message)
    return element(
        "p",
        short_revision(revision),
        [" ", element("span", isolated(about), class_="message")] if about else None,
    )
