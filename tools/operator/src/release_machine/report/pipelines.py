"""The table of pipelines, in the order in which they run."""

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import with_names
from release_machine.release.model import Snapshot
from release_machine.release.phrases import answers, edited, skips
from release_machine.release.situation import kept, stopping, succeeded_later, waits_for
from release_machine.report.causes import how_it_ended
from release_machine.report.durations import brief, ran
from release_machine.report.markup import Content, Markup, element, isolated, link_if_web
from release_machine.report.parts import (
    Column,
    anchor,
    clipped,
    failure_anchor,
    moment,
    retries,
    short_execution,
    table,
)
from release_machine.report.statuses import badge

COLUMNS = (
    Column("Pipeline"),
    Column("Status", "status"),
    Column("Started (UTC)"),
    Column("Duration", "number"),
    Column("What happened", "wide"),
    Column("Execution", "mono"),
)


def pipelines(snapshot: Snapshot, *, region: str | None) -> Markup:
    """One row for each pipeline."""
    found = snapshot.release.of_codepipeline.values()
    rows = [_cells(each, snapshot, region) for each in found]
    return table("The pipelines of the release", COLUMNS, rows, ids=map(anchor, found))


def _cells(pipeline: Pipeline, snapshot: Snapshot, region: str | None) -> list[Content]:
    return [
        isolated(pipeline.name),
        badge(pipeline.status),
        moment(pipeline.started_at),
        brief(*ran(pipeline, snapshot.at)) or None,
        _facts(pipeline, snapshot) or None,
        short_execution(pipeline.name, pipeline.execution_id, region=region),
    ]


def _facts(pipeline: Pipeline, snapshot: Snapshot) -> list[Markup]:
    release = snapshot.release
    lines: list[Content] = [
        isolated(waits_for(release, pipeline)),
        *_doing(pipeline, snapshot),
        isolated(with_names(stopping(release, pipeline) or "")),
        isolated(edited(pipeline, snapshot.activity.get(pipeline.name))),
        _why(pipeline, release),
        *map(isolated, skips(pipeline)),
        succeeded_later(pipeline),
        *map(isolated, answers(pipeline)),
        retries(pipeline) if pipeline.retried else None,
        f"ran in attempt {pipeline.attempt}" if kept(release, pipeline) else None,
        _after(pipeline, release),
    ]
    return [element("p", line) for line in lines if line]


def _doing(pipeline: Pipeline, snapshot: Snapshot) -> list[Content]:
    doing = snapshot.activity.get(pipeline.name)
    if doing is None or pipeline.status is not PipelineStatus.RUNNING:
        return []
    waiting: Content = (
        [" waits for ", element("b", isolated(doing.waits_for))] if doing.waits_for else None
    )
    return [
        [isolated(doing.place), waiting],
        isolated(doing.message),
        *map(isolated, doing.notes),
        link_if_web(doing.link, "Open"),
    ]


def _why(pipeline: Pipeline, release: Release) -> Content:
    failure = pipeline.failure
    if failure is None:
        return None
    place: Content = element("b", isolated(failure.place)) if failure.place else None
    if pipeline.status.broken and not release.renews(pipeline):
        # The reason is on the page once, with the failure.
        why = f"why it {how_it_ended(pipeline)}"
        there = element("a", why, href=f"#{failure_anchor(pipeline)}")
        return [place, ": " if place else None, there]
    return [place, ": " if place else None, isolated(clipped(failure.reason, 300))]


def _after(pipeline: Pipeline, release: Release) -> Content:
    # A waiting pipeline already names its dependencies.
    if not pipeline.depends_on or waits_for(release, pipeline):
        return None
    return element("small", "after ", isolated(", ".join(pipeline.depends_on)))
