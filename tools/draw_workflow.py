"""Draws statemachine.asl.json as docs/workflow.svg; with --check, fails when the picture is old.

The same machine always gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tools.workflow_graph import MAP_HEAD, Edge, Graph, Node, lay_out, read_graph

ROOT = Path(__file__).resolve().parent.parent
MACHINE = ROOT / "statemachine.asl.json"
PICTURE = ROOT / "docs" / "workflow.svg"

MARGIN, START_ROOM = 28, 36
# Two edges between the same two states run side by side, so far from the middle.
PARALLEL = 22
CORNER = 12
# A Map is many executions: its outlines, drawn behind one another.
STACKED = (8, 4)
LABEL_LINE = 14

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
    width, height = graph.width + 2 * MARGIN, graph.height + 2 * MARGIN + START_ROOM
    size = f'width="{width:g}" height="{height:g}"'
    start = graph.nodes[graph.start]
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
            f'<g transform="translate({MARGIN} {MARGIN + START_ROOM})">',
            f'<circle class="start" cx="{start.x:g}" cy="{5 - START_ROOM}" r="6"/>',
            f'<path class="edge" marker-end="url(#edge)" d="M{start.x:g} {11 - START_ROOM}V-3"/>',
            *_drawn(graph),
            "</g>",
            "</svg>",
            "",
        ]
    )


def _drawn(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        yield from _drawn_state(node)
    for edge in graph.edges:
        yield from _drawn_edge(graph, edge)


def _drawn_state(node: Node) -> Iterator[str]:
    kind = node.type.lower()
    left, text_y = node.x - node.width / 2, node.y + 21
    yield f"<g class={quoteattr(kind)} data-state={quoteattr(node.name)}>"
    if node.inside is not None:
        for behind in STACKED:
            yield _rectangle(node, dx=behind, dy=behind, radius=12)
        yield _rectangle(node, radius=12)
    elif kind == "choice":
        point, right = 18, left + node.width
        yield (
            f'<path class="shape" d="M{left + point:g} {node.y:g}H{right - point:g}'
            f"L{right:g} {node.y + node.height / 2:g}L{right - point:g} {node.y + node.height:g}"
            f'H{left + point:g}L{left:g} {node.y + node.height / 2:g}Z"/>'
        )
    else:
        yield _rectangle(node, radius=node.height / 2 if kind in {"succeed", "fail"} else 8)
    yield f'<text class="name" x="{node.x:g}" y="{text_y:g}">{escape(node.name)}</text>'
    yield f'<text class="note" x="{node.x:g}" y="{text_y + 16:g}">{escape(node.note)}</text>'
    yield "</g>"
    if node.inside is not None:
        inner_left = node.x - node.inside.width / 2
        yield f'<g transform="translate({inner_left:g} {node.y + MAP_HEAD:g})">'
        yield from _drawn(node.inside)
        yield "</g>"


def _rectangle(node: Node, *, radius: float, dx: float = 0, dy: float = 0) -> str:
    return (
        f'<rect class="shape" x="{node.x - node.width / 2 + dx:g}" y="{node.y + dy:g}" '
        f'width="{node.width:g}" height="{node.height:g}" rx="{radius:g}"/>'
    )


def _drawn_edge(graph: Graph, edge: Edge) -> Iterator[str]:
    source, target = graph.nodes[edge.source], graph.nodes[edge.target]
    style = "catch" if edge.kind == "catch" else "edge"
    end = target.y - 3
    if source.column == target.column:
        beside = PARALLEL * _side(graph, edge)
        begin, x = source.y + source.height, source.x + beside
        if source.inside is not None:
            begin += max(STACKED)
        if edge in graph.returning:
            begin, end = source.y, target.y + target.height + 3
        path = f"M{x:g} {begin:g}V{end:g}"
        label_x, anchor = (x - 8, "end") if beside < 0 else (x + 8, "start")
        label_y = (begin + end) / 2 - (len(edge.label) - 1) * LABEL_LINE / 2 + 2
    else:
        turn = 1 if target.x > source.x else -1
        begin, middle = source.x + turn * source.width / 2, source.y + source.height / 2
        path = (
            f"M{begin:g} {middle:g}H{target.x - turn * CORNER:g}"
            f"Q{target.x:g} {middle:g} {target.x:g} {middle + CORNER:g}V{end:g}"
        )
        label_x, anchor = target.x - turn * 10, "end" if turn > 0 else "start"
        label_y = middle + 18
    yield (
        f'<path class="{style}" data-from={quoteattr(edge.source)} data-to={quoteattr(edge.target)}'
        f' data-kind="{edge.kind}" marker-end="url(#{style})" d="{path}"/>'
    )
    for number, word in enumerate(edge.label):
        yield (
            f'<text class="label {style}-label" text-anchor="{anchor}" x="{label_x:g}" '
            f'y="{label_y + number * LABEL_LINE:g}">{escape(word)}</text>'
        )


def _side(graph: Graph, edge: Edge) -> int:
    """Say where an edge runs: in the middle, or left (-1) or right (1) of it beside another."""
    pair = {edge.source, edge.target}
    if sum({other.source, other.target} == pair for other in graph.edges) == 1:
        return 0
    return -1 if edge.kind == "catch" else 1


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
