"""The graph of dependencies, from left to right."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from rich.cells import cell_len

from release_core.domain.release import Pipeline
from release_machine.release.model import Snapshot
from release_machine.release.phrases import pipelines_and_approvals
from release_machine.release.spans import Schedule
from release_machine.report.charts.layers import Layout, Spot, lay_out, needed_edges
from release_machine.report.durations import brief, ran, spelled
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import anchor, unseen
from release_machine.report.statuses import icon, tone
from release_machine.report.steps import steps
from release_machine.text.fitting import fitted
from release_machine.text.printable import visible

LONGEST_NAME = 28
# Pixels. A character of the fixed-width font is a little wider than 0.6 of its size.
SIGN, HEIGHT, ROW, GAP, MARGIN = 7.4, 28.0, 38.0, 44.0, 8.0
_ICON = 26.0
# A character of a time, which is smaller, and the gap before it.
_TIME_SIGN, _TIME_GAP = 6.7, 12.0


def graph(snapshot: Snapshot, schedule: Schedule) -> Content:
    """Draw the dependencies, or say that there are none."""
    pipelines = snapshot.release.pipelines.values()
    awaited = {name for each in pipelines for name in each.depends_on}
    tied = [each for each in pipelines if each.depends_on or each.name in awaited]
    if not tied:
        return element("p", "No pipeline depends on another pipeline.")
    critical = {span.pipeline for span in schedule.spans if span.critical}
    drops = len(needed_edges(tied)) < sum(len(set(each.depends_on)) for each in tied)
    loose = [each for each in pipelines if each not in tied]
    implied = " Dependencies implied by others are not drawn." * drops
    # A narrow screen shows the steps; other screens and paper show the graph.
    return [
        element(
            "div",
            element("p", "From left to right.", implied),
            _scrolling(_Drawing(tied, critical=critical, at=snapshot.at).draw()),
            class_="drawn",
        ),
        steps(tied, critical=critical, at=snapshot.at),
        _loose(loose) if loose else None,
    ]


def _scrolling(picture: Markup) -> Markup:
    return element(
        "div",
        picture,
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="Graph of dependencies",
    )


def _loose(pipelines: Sequence[Pipeline]) -> Content:
    chips = [
        element(
            "li",
            icon(each.status),
            " ",
            element("a", isolated(each.name), href=f"#{anchor(each)}"),
            unseen(f" {each.status.replace('_', ' ')}"),
        )
        for each in pipelines
    ]
    return [
        element("p", "These have no dependencies and no dependents:"),
        element("ul", chips, class_="chips"),
    ]


class _Drawing:
    """The drawing of a layout, in pixels."""

    def __init__(self, pipelines: Sequence[Pipeline], *, critical: set[str], at: datetime) -> None:
        self._pipelines = {each.name: each for each in pipelines}
        self._times = {each.name: brief(*ran(each, at)) for each in pipelines}
        self._at = at
        self._critical = critical
        self._layout: Layout = lay_out(pipelines)
        self._widths = [
            max(self._needed(spot) for spot in column) for column in self._layout.columns
        ]
        self._lefts = [MARGIN]
        for width in self._widths:
            self._lefts.append(self._lefts[-1] + width + GAP)

    def draw(self) -> Markup:
        width = self._lefts[-1] - GAP + MARGIN
        height = max(self._layout.heights.values()) * ROW + HEIGHT + 2 * MARGIN
        asks = sum(each.approval is not None for each in self._pipelines.values())
        description = (
            f"{pipelines_and_approvals(len(self._pipelines) - asks, asks)} in "
            f"{len(self._layout.columns)} steps: each is to the right of its dependencies"
        )
        return element(
            "svg",
            element("title", description),
            element("desc", "; ".join(self._words())),
            [self._edge(way) for way in self._layout.edges],
            [self._node(self._pipelines[spot.name], spot) for spot in self._spots()],
            class_="graph",
            width=f"{width:.0f}",
            height=f"{height:.0f}",
            viewBox=f"0 0 {width:.0f} {height:.0f}",
            role="group",
        )

    def _spots(self) -> Iterator[Spot]:
        for column in self._layout.columns:
            yield from (spot for spot in column if not spot.passes_to)

    def _words(self) -> Iterator[str]:
        for spot in self._spots():
            after = self._pipelines[spot.name].depends_on
            yield f"{spot.name} after {', '.join(after)}" if after else f"{spot.name} first"

    def _needed(self, spot: Spot) -> float:
        if spot.passes_to:
            return 0.0
        time = self._times[spot.name]
        name = SIGN * cell_len(_label(spot.name))
        return _ICON + name + (_TIME_GAP + _TIME_SIGN * len(time) if time else 0.0) + 8

    def _middle(self, spot: Spot) -> float:
        return MARGIN + self._layout.heights[spot] * ROW + HEIGHT / 2

    def _edge(self, way: Sequence[Spot]) -> Markup:
        begin = way[0]
        x = self._lefts[begin.column] + self._widths[begin.column]
        path = [f"M{x:.1f} {self._middle(begin):.1f}"]
        for one, other in pairwise(way):
            begin_x = self._lefts[one.column] + self._widths[one.column]
            end_x = self._lefts[other.column]
            half = (begin_x + end_x) / 2
            y, end_y = self._middle(one), self._middle(other)
            path.append(f"C{half:.1f} {y:.1f} {half:.1f} {end_y:.1f} {end_x:.1f} {end_y:.1f}")
            if other.passes_to:
                path.append(f"H{end_x + self._widths[other.column]:.1f}")
        both = {way[0].name, way[-1].name} <= self._critical
        return element("path", d="".join(path), class_="edge path" if both else "edge")

    def _node(self, pipeline: Pipeline, spot: Spot) -> Markup:
        x, width = self._lefts[spot.column], self._widths[spot.column]
        middle = self._middle(spot)
        top = middle - HEIGHT / 2
        time = spelled(*ran(pipeline, self._at))
        after = f", after {', '.join(pipeline.depends_on)}" if pipeline.depends_on else ""
        kind = "node path" if pipeline.name in self._critical else "node"
        box: dict[str, str | float] = {
            "x": f"{x:.1f}",
            "y": f"{top:.1f}",
            "width": f"{width:.1f}",
            "height": HEIGHT,
        }
        return element(
            "a",
            element("title", f"{pipeline.name}: {pipeline.status} {time}".rstrip() + after),
            element("rect", rx=6, **box),
            icon(pipeline.status, x=round(x + 7, 1), y=round(middle - 8, 1)),
            element(
                "text",
                _label(pipeline.name),
                x=f"{x + _ICON + 2:.1f}",
                y=f"{middle + 4:.1f}",
            ),
            element(
                "text",
                self._times[pipeline.name],
                x=f"{x + width - 8:.1f}",
                y=f"{middle + 4:.1f}",
                text_anchor="end",
                class_="aside",
            ),
            href=f"#{anchor(pipeline)}",
            class_=f"{kind} {tone(pipeline.status)}",
        )


def _label(name: str) -> str:
    # Unprintable characters are longer as text.
    return fitted(visible(name), LONGEST_NAME)
