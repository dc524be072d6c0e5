"""What each pipeline did, stage by stage and action by action, with reasons and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from release_core.domain.release import Pipeline, Release
from release_machine.dashboard.state import Step
from release_machine.report.markup import Content, Markup, element, isolated, link_if_web
from release_machine.report.parts import moment
from release_machine.report.statuses import icon


def stages(release: Release, steps: Mapping[str, Sequence[Step]]) -> Content:
    """A fold for each pipeline whose actions are known; those that did not succeed are open."""
    return [
        _pipeline(each, steps[each.name])
        for each in release.pipelines.values()
        if steps.get(each.name)
    ] or None


def _pipeline(pipeline: Pipeline, steps: Sequence[Step]) -> Markup:
    by_stage = [
        element("li", element("b", isolated(stage)), element("ul", [*map(_action, group)]))
        for stage, group in groupby(steps, key=lambda step: step.stage)
    ]
    return element(
        "details",
        element("summary", icon(pipeline.status), " ", isolated(pipeline.name), _last(steps[-1])),
        element("ol", by_stage),
        id=f"stages-{pipeline.position}",
        class_="stages",
        open="" if pipeline.status.broken else None,
    )


def _last(step: Step) -> Content:
    return element("span", " ", isolated(f"{step.stage} → {step.action}"), class_="aside")


def _action(step: Step) -> Markup:
    status = _status(step)
    words = "asks people" if step.asks else "cancelled" if step.cancelled else status.lower()
    return element(
        "li",
        icon(status),
        element(
            "div",
            isolated(step.action),
            element("small", f" {words}, began ", moment(step.started_at), " UTC"),
            _why(step),
        ),
    )


def _status(step: Step) -> str:
    if step.failure:
        return "FAILED"
    if step.cancelled:
        return "STOPPED"
    return "RUNNING" if step.running else "SUCCEEDED"


def _why(step: Step) -> Content:
    if step.failure is None:
        return None
    page = link_if_web(step.failure.link, "Open the failed action")
    return element("p", isolated(step.failure.reason), [" ", page] if page else None)
