"""Draws statemachine.asl.json as docs/workflow.svg; with --check, fails when the picture is old.

The same machine always gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tools.workflow_graph import STACKED, Graph, Node, Point, Route, read_graph
from tools.workflow_layout import MAP_HEAD, lay_out
from tools.workflow_routes import LABEL_LINE, START_ROOM

ROOT = Path(__file__).resolve().parent.parent
MACHINE = ROOT / "statemachine.asl.json"
PICTURE = ROOT / "docs" / "workflow.svg"

MARGIN, CORNER, CHOICE_POINT = 28, 12, 18
# The arrow head ends so far before the state, and the words' feet so far above their line's end.
ARROW_GAP, DESCENT = 3, 4

LIGHT = {
    "card": ("#ffffff", "#d1d9e0"),
    "task": ("#e6f3ff", "#0969da"),
    "choice": ("#fff8db", "#b58407"),
    "pass": ("#f3f5f7", "#818b98"),
    "succeed": ("#e3f9e8", "#1a7f37"),
    "fail": ("#ffedeb", "#cf222e"),
    "map": ("#f9f5ff", "#8250df"),
    "text": "#1f2328",
    "muted": "#59636e",
    "edge": "#59636e",
    "catch": "#bc4c00",
}
DARK = {
    "card": ("#0d1117", "#3d444d"),
    "task": ("#10243f", "#4493f8"),
    "choice": ("#2b2410", "#d29922"),
    "pass": ("#1a2029", "#7d8590"),
    "succeed": ("#10281a", "#3fb950"),
    "fail": ("#331719", "#f85149"),
    "map": ("#171427", "#a371f7"),
    "text": "#f0f6fc",
    "muted": "#9198a1",
    "edge": "#9198a1",
    "catch": "#f0883e",
}


def draw(graph: Graph) -> str:
    """Draw a machine that is laid out as a whole SVG document."""
    bounds, start = graph.bounds, graph.nodes[graph.start]
    top = min(bounds.top, start.y - START_ROOM)
    width, height = bounds.right - bounds.left + 2 * MARGIN, bounds.bottom - top + 2 * MARGIN
    size = f'width="{width:g}" height="{height:g}"'
    dot = start.y - START_ROOM + 6
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {size}>',
            "<title>The states of one release and the transitions between them</title>",
            f"<style>{_style()}</style>",
            "<defs>",
            _arrow_head("edge"),
            _arrow_head("catch"),
            "</defs>",
            f'<rect class="card" {size} rx="12"/>',
            f'<g transform="translate({MARGIN - bounds.left:g} {MARGIN - top:g})">',
            f'<circle class="start" cx="{start.x:g}" cy="{dot:g}" r="6"/>',
            _start_arrow(start.x, dot + 6, start.y - ARROW_GAP),
            *_drawn(graph),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _start_arrow(x: float, begin: float, end: float) -> str:
    return f'<path class="edge" marker-end="url(#edge)" d="M{x:g} {begin:g}V{end:g}"/>'


def _drawn(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        yield from _drawn_state(node)
    for route in graph.routes:
        yield from _drawn_route(graph, route)


def _drawn_state(node: Node) -> Iterator[str]:
    kind = node.type.lower()
    left, text_y = node.x - node.width / 2, node.y + 21
    yield f"<g class={quoteattr(kind)} data-state={quoteattr(node.name)}>"
    if node.inside is not None:
        for behind in STACKED:
            yield _rectangle(node, dx=behind, dy=behind, radius=12)
        yield _rectangle(node, radius=12)
    elif kind == "choice":
        right, middle, bottom = left + node.width, node.y + node.height / 2, node.y + node.height
        inner_left, inner_right = left + CHOICE_POINT, right - CHOICE_POINT
        yield (
            f'<polygon class="shape" points="{left:g},{middle:g} {inner_left:g},{node.y:g} '
            f"{inner_right:g},{node.y:g} {right:g},{middle:g} {inner_right:g},{bottom:g} "
            f'{inner_left:g},{bottom:g}"/>'
        )
    else:
        yield _rectangle(node, radius=node.height / 2 if kind in {"succeed", "fail"} else 8)
    yield f'<text class="name" x="{node.x:g}" y="{text_y:g}">{escape(node.name)}</text>'
    yield f'<text class="note" x="{node.x:g}" y="{text_y + 16:g}">{escape(node.note)}</text>'
    yield "</g>"
    if node.inside is not None:
        inside = node.inside.bounds
        right, down = node.x - (inside.left + inside.right) / 2, node.y + MAP_HEAD - inside.top
        yield f'<g transform="translate({right:g} {down:g})">'
        yield from _drawn(node.inside)
        yield "</g>"


def _rectangle(node: Node, *, radius: float, dx: float = 0, dy: float = 0) -> str:
    return (
        f'<rect class="shape" x="{node.x - node.width / 2 + dx:g}" y="{node.y + dy:g}" '
        f'width="{node.width:g}" height="{node.height:g}" rx="{radius:g}"/>'
    )


def _drawn_route(graph: Graph, route: Route) -> Iterator[str]:
    edge, label = route.edge, route.label
    style = "catch" if edge.kind == "catch" else "edge"
    begin = _at_outline(graph.nodes[edge.source], route.points[0])
    end = _at_outline(graph.nodes[edge.target], route.points[-1])
    end = _towards(end, route.points[-2], ARROW_GAP)
    path = _path([begin, *route.points[1:-1], end])
    yield (
        f'<path class="{style}" data-from={quoteattr(edge.source)} data-to={quoteattr(edge.target)}'
        f' data-kind="{edge.kind}" marker-end="url(#{style})" d="{path}"/>'
    )
    if label is None:
        return
    box = label.box
    x = {"start": box.left, "middle": (box.left + box.right) / 2, "end": box.right}[label.anchor]
    for number, words in enumerate(edge.label, start=1):
        yield (
            f'<text class="label {style}-label" text-anchor="{label.anchor}" x="{x:g}" '
            f'y="{box.top + number * LABEL_LINE - DESCENT:g}">{escape(words)}</text>'
        )


def _path(points: list[Point]) -> str:
    """Write lines with rounded corners."""
    drawn = "M{:g} {:g}".format(*points[0])
    for (before, corner), (_, after) in pairwise(pairwise(points)):
        drawn += "L{:g} {:g}".format(*_towards(corner, before, CORNER))
        drawn += "Q{:g} {:g} {:g} {:g}".format(*corner, *_towards(corner, after, CORNER))
    return drawn + "L{:g} {:g}".format(*points[-1])


def _towards(point: Point, goal: Point, distance: float) -> Point:
    """Go from a point towards another, on a level or upright line, at most half of the way."""
    (x, y), (to_x, to_y) = point, goal
    part = min(0.5, distance / (abs(to_x - x) + abs(to_y - y)))
    return x + part * (to_x - x), y + part * (to_y - y)


def _at_outline(node: Node, point: Point) -> Point:
    """Move a point at the side of a choice to its slanted end."""
    x, y = point
    half = node.height / 2
    slant = CHOICE_POINT * abs(y - node.y - half) / half
    if node.type != "Choice" or not node.y < y < node.y + node.height:
        return point
    return (x - slant if x > node.x else x + slant), y


def _arrow_head(name: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path class="{name}-head" d="M0 0L10 5L0 10Z"/></marker>'
    )


def _style() -> str:
    return (
        "text{font-family:ui-sans-serif,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
        ".name,.note{text-anchor:middle}.name{font-size:14px;font-weight:600}"
        ".note{font-size:11.5px}.label{font-size:11.5px}"
        ".shape{stroke-width:1.5}.edge,.catch{fill:none;stroke-width:1.5}"
        ".catch{stroke-dasharray:5 4}"
        f"{_colours(LIGHT)}@media (prefers-color-scheme:dark){{{_colours(DARK)}}}"
    )


def _colours(palette: dict[str, Any]) -> str:
    rules = [
        f".{kind} .shape{{fill:{fill};stroke:{stroke}}}"
        for kind, (fill, stroke) in (
            (kind, colours) for kind, colours in palette.items() if isinstance(colours, tuple)
        )
        if kind != "card"
    ]
    card_fill, card_line = palette["card"]
    rules += [
        f".card{{fill:{card_fill};stroke:{card_line}}}",
        f".name{{fill:{palette['text']}}}",
        f".note,.edge-label{{fill:{palette['muted']}}}",
        f".edge{{stroke:{palette['edge']}}}.edge-head,.start{{fill:{palette['edge']}}}",
        f".catch{{stroke:{palette['catch']}}}.catch-head,.catch-label{{fill:{palette['catch']}}}",
    ]
    return "".join(rules)


def picture_of(machine: dict[str, Any]) -> str:
    """Draw a machine given as parsed ASL."""
    graph = read_graph(machine)
    lay_out(graph)
    return draw(graph)


def main(arguments: list[str] | None = None) -> int:
    """Write the picture, or with --check say whether it is current."""
    parser = argparse.ArgumentParser(description="Draw statemachine.asl.json as docs/workflow.svg.")
    parser.add_argument("--check", action="store_true", help="exit 1 when the picture is old")
    check = parser.parse_args(arguments).check
    picture = picture_of(json.loads(MACHINE.read_text(encoding="utf-8")))
    if not check:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(picture, encoding="utf-8")
        return 0
    if PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == picture:
        return 0
    sys.stderr.write("docs/workflow.svg is old: python -m tools.draw_workflow draws it again.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
