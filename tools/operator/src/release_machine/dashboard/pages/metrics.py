"""The page of DORA's metrics: five numbers with their trend by week, and each pipeline's."""

from __future__ import annotations

from collections.abc import Iterator

from release_machine.dashboard.pages.charts import Bar, bars
from release_machine.dashboard.pages.figure_tiles import lasted, percent, tiles
from release_machine.dashboard.pages.pieces import (
    content,
    empty_state,
    page_head,
    plural,
    trouble,
    unread,
)
from release_machine.dashboard.state import DAYS, Metrics, Seen, Site
from release_machine.dora.deployments import CommitSource
from release_machine.dora.figures import Dora, Figures, Rate
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import Column, table

TITLE = "DORA"
_SOURCES = {
    CommitSource.COMMIT: "the time of the commit",
    CommitSource.S3: "the time of the object in S3",
}
COLUMNS = (
    Column("Pipeline", "name"),
    Column("Deployments", "number"),
    Column("By week", "trend"),
    Column("Lead time", "number"),
    Column("Change fail rate", "number"),
    Column("Recovery", "number"),
    Column("Rework", "number"),
)


def metrics(_: Site, days: int, seen: Seen[Metrics]) -> Markup:
    """The metrics of the deployment over the last ``days`` days, and of each pipeline."""
    windows = _windows(days)
    if seen.value is None:
        return unread(TITLE, seen)
    dora: Dora = seen.value.dora
    return content(
        TITLE,
        page_head("Delivery metrics", windows),
        trouble(seen.trouble),
        [tiles(dora.all), _coverage(dora.all), _pipelines(dora)]
        if dora.pipelines
        else empty_state(
            "Nothing was deployed in this time",
            "Choose a longer time above, or come back after the next release.",
        ),
    )


def _windows(days: int) -> Markup:
    choices = [
        element(
            "li",
            element(
                "a",
                f"{each} days",
                href=f"/metrics?days={each}",
                aria_current="true" if each == days else None,
            ),
        )
        for each in DAYS
    ]
    return element("nav", element("ul", choices), class_="windows", aria_label="Time")


def _coverage(found: Figures) -> Markup:
    """What the numbers are made from, and what is not in them."""
    return element(
        "section",
        element("h2", "What the numbers cover", id="coverage-title"),
        element("ul", [element("li", each) for each in _notes(found)]),
        id="coverage",
        class_="coverage",
        aria_labelledby="coverage-title",
    )


def _notes(found: Figures) -> Iterator[str]:
    counted, releases = found.change_fail_rate.of, plural(found.releases, "release")
    of_all = f"{found.live} of {plural(counted, 'deployment')} succeeded, in {releases}"
    yield f"{of_all}; each run of a pipeline counts once."
    lead = found.lead_time
    sources = ", ".join(f"{count} by {_SOURCES[each]}" for each, count in lead.by_source.items())
    yield (
        f"Lead time is known for {lead.known.count} of {lead.known.of} deployments with a change"
        + (f" ({sources})." if sources else ".")
    )
    if found.rollbacks:
        yield f"{plural(found.rollbacks, 'rollback')} not counted as deployments."
    if found.harmless:
        yield f"{plural(found.harmless, 'run')} failed before anything was changed: not counted."
    if found.unknown:
        yield f"Of {plural(found.unknown, 'run')} it is not known whether they changed anything."


def _pipelines(dora: Dora) -> Markup:
    rows = [_row(each) for each in dora.pipelines]
    return element(
        "section",
        element("h2", "By pipeline", id="by-pipeline-title"),
        table("The metrics of each pipeline", COLUMNS, rows, kind="figures"),
        id="by-pipeline",
        aria_labelledby="by-pipeline-title",
    )


def _row(found: Figures) -> list[Content]:
    lead, recovery = found.lead_time.spread, found.recovery.spread
    waiting = f"{found.recovery.open} open" if found.recovery.open else None
    return [
        isolated(found.pipeline),
        str(found.live),
        _trend(found),
        lasted(lead.median) if lead else "unknown" if found.lead_time.known.of else None,
        _share(found.change_fail_rate),
        [lasted(recovery.median) if recovery else None, " " if recovery else None, waiting],
        _share(found.rework_rate),
    ]


def _share(rate: Rate) -> str | None:
    """The share; None of nothing, which is not unknown."""
    return percent(rate.share) if rate.of else None


def _trend(found: Figures) -> Markup:
    weekly = [
        Bar(
            value=week.deployments,
            bad=week.failed,
            words=f"week of {week.window.since:%Y-%m-%d}: {plural(week.deployments, 'deployment')}",
        )
        for week in found.weeks
    ]
    return bars(weekly, about=f"Deployments of {found.pipeline} by week", height=20)
