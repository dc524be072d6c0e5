"""The dependencies as numbered steps, for a screen that is too narrow for the graph."""

from collections.abc import Collection, Sequence
from datetime import datetime

from release_core.domain.order import depths
from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.report.durations import brief, ran
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import anchor, unseen
from release_machine.report.statuses import icon


def steps(pipelines: Sequence[Pipeline], *, critical: Collection[str], at: datetime) -> Markup:
    """Each step has the pipelines that depend on a pipeline of the step before it."""
    depth = depths(pipelines)
    columns: list[list[Markup]] = [[] for _ in range(max(depth.values()) + 1)]
    for each in pipelines:
        columns[depth[each.name]].append(_item(each, is_critical=each.name in critical, at=at))
    return element(
        "div",
        element("p", "In ", element("b", "bold"), ": the critical path.") if critical else None,
        element("ol", [element("li", element("ul", column)) for column in columns]),
        class_="steps",
    )


def _item(pipeline: Pipeline, *, is_critical: bool, at: datetime) -> Markup:
    time = brief(*ran(pipeline, at))
    after = ", ".join(pipeline.depends_on)
    return element(
        "li",
        icon(pipeline.status),
        element(
            "div",
            element("a", isolated(pipeline.name), href=f"#{anchor(pipeline)}"),
            " ",
            _status(pipeline.status),
            element("small", f" {time}") if time else None,
            unseen(", on the critical path") if is_critical else None,
            element("small", "after ", isolated(after), class_="after") if after else None,
        ),
        class_="critical" if is_critical else None,
    )


def _status(status: PipelineStatus) -> Content:
    words = status.replace("_", " ")
    # The symbol shows success; only screen readers need the word.
    return unseen(words) if status is PipelineStatus.SUCCEEDED else element("small", words)
