"""Finds the ways of the transitions between states that have their places, and room for the labels.

A way is made of level and upright lines. Those with the fewest corners are tried first; one that
touches a foreign state, or runs along another way, is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import inf
from operator import itemgetter

from tools.workflow_graph import BOX_HEIGHT, Edge, Graph, Label, Node, Point, Rectangle, Route

# The arrow into the first state begins so far above it.
START_ROOM = 36
MOST_CORNERS = 3
SHORTEST_LINE = 16
BOX_CLEARANCE, LINE_CLEARANCE, CROSSING_CLEARANCE, LABEL_CLEARANCE = 12, 18, 8, 3
# Lines that pass a state or a label may do so at these distances.
LANES = (20, 38)
CROSSING_COST = 150
LABEL_LINE, LABEL_DISTANCE = 14, 6
CAPITAL_WIDTH, LETTER_WIDTH = 8.2, 6.0
# Two edges between the same two states run side by side, so far from the middle of each side.
BESIDE_LEVEL, BESIDE_UPRIGHT = 10, 22
# Where a single edge may touch a state when the middle is in use, and what that is worth.
ASIDE_LEVEL, ASIDE_UPRIGHT = 14, 66
ASIDE_COST = 3


@dataclass(frozen=True)
class _Taken:
    """The room that states, ways and labels have already."""

    boxes: dict[str, Rectangle]
    lines: list[Rectangle]
    labels: list[Rectangle]


def route_edges(graph: Graph, *, most: float = inf) -> int | None:
    """Find every edge's way and its label's place.

    Returns how many corners all ways have, or None when there is no room, or when they would have
    more than the most.
    """
    graph.routes = []
    waiting, used = list(graph.edges), 0
    for corners in range(MOST_CORNERS + 1):
        if used + corners * len(waiting) > most:
            return None
        for edge in list(waiting):
            taken = _taken(graph)
            ways = _ways(graph, edge, corners=corners, taken=taken)
            costs = [(_cost(graph, way, taken), way) for way in ways if _is_free(way, taken)]
            costs.sort(key=itemgetter(0))
            route = next((way for _, way in costs if _put_label(way, taken)), None)
            if route is not None:
                graph.routes.append(route)
                waiting.remove(edge)
                used += corners
    return None if waiting else used


def text_width(line: str) -> float:
    """Estimate the width of a label's line, rather too wide than too narrow."""
    return sum(CAPITAL_WIDTH if letter.isupper() else LETTER_WIDTH for letter in line)


def _taken(graph: Graph) -> _Taken:
    start = graph.nodes[graph.start]
    into_start = Rectangle(start.x, start.y - START_ROOM, start.x, start.y)
    return _Taken(
        boxes={name: node.box for name, node in graph.nodes.items()},
        lines=[into_start, *(line for route in graph.routes for line in route.segments)],
        labels=[route.label.box for route in graph.routes if route.label],
    )


def _ways(graph: Graph, edge: Edge, *, corners: int, taken: _Taken) -> Iterator[Route]:
    boxes = [*taken.boxes.values(), *taken.labels]
    across = {x for box in boxes for lane in LANES for x in (box.left - lane, box.right + lane)}
    down = {y for box in boxes for lane in LANES for y in (box.top - lane, box.bottom + lane)}
    begins = _ports(graph, edge, graph.nodes[edge.source])
    ends = _ports(graph, edge, graph.nodes[edge.target])
    for (begin, level), (end, enters_level) in product(begins, ends):
        # Each corner turns the way, so their number says how it arrives.
        if (level == enters_level) != (corners % 2 == 0):
            continue
        if corners == 0:
            axis = 1 if level else 0
            if begin[axis] == end[axis]:
                yield Route(edge, (begin, end))
            continue
        free = [sorted(across if level == (turn % 2 == 0) else down) for turn in range(corners - 1)]
        for lanes in product(*free):
            yield Route(edge, _corners(begin, end, lanes, level=level))


def _corners(
    begin: Point, end: Point, lanes: tuple[float, ...], *, level: bool
) -> tuple[Point, ...]:
    points = [begin]
    for turn in range(len(lanes) + 1):
        x, y = points[-1]
        runs_level = level == (turn % 2 == 0)
        goal = lanes[turn] if turn < len(lanes) else end[0 if runs_level else 1]
        points.append((goal, y) if runs_level else (x, goal))
    return (*points, end)


def _ports(graph: Graph, edge: Edge, node: Node) -> list[tuple[Point, bool]]:
    """Give the points where an edge may touch a state, and whether it does so level."""
    pair = {edge.source, edge.target}
    parallel = [other for other in graph.edges if {other.source, other.target} == pair]
    # What is caught runs left of, or above, the other edge of a pair.
    parallel.sort(key=lambda other: other.kind != "catch")
    shift = 2 * parallel.index(edge) - len(parallel) + 1
    rows, columns = [0, -ASIDE_LEVEL, ASIDE_LEVEL], [0, -ASIDE_UPRIGHT, ASIDE_UPRIGHT]
    if len(parallel) > 1:
        rows, columns = [shift * BESIDE_LEVEL], [shift * BESIDE_UPRIGHT]
    box, half = node.box, BOX_HEIGHT / 2
    # Where there are too many for a side, top and bottom may still have room.
    fitting = [node.y + half + row for row in rows if abs(row) < half]
    level = [((x, y), True) for y in fitting for x in (box.right, box.left)]
    return level + [((node.x + by, y), False) for by in columns for y in (box.bottom, box.top)]


def _is_free(way: Route, taken: _Taken) -> bool:
    segments = way.segments
    for place, line in enumerate(segments):
        if max(line.right - line.left, line.bottom - line.top) < SHORTEST_LINE:
            return False
        for name, box in taken.boxes.items():
            leaves = place == 0 and name == way.edge.source
            enters = place == len(segments) - 1 and name == way.edge.target
            if line.meets(box, clearance=0 if leaves or enters else BOX_CLEARANCE):
                return False
        if any(_disturbs(line, other) for other in taken.lines):
            return False
        if any(line.meets(label, clearance=LABEL_CLEARANCE) for label in taken.labels):
            return False
    return True


def _disturbs(line: Rectangle, other: Rectangle) -> bool:
    """Say whether two lines could be taken for one; to cross is allowed, to touch is not."""
    if (line.left == line.right) == (other.left == other.right):
        return line.meets(other, clearance=LINE_CLEARANCE)
    return line.meets(other, clearance=CROSSING_CLEARANCE) and not line.meets(other)


def _cost(graph: Graph, way: Route, taken: _Taken) -> float:
    crossings = sum(line.meets(other) for line in way.segments for other in taken.lines)
    length = sum(line.right - line.left + line.bottom - line.top for line in way.segments)
    aside = _aside(graph.nodes[way.edge.source], way.points[0])
    aside += _aside(graph.nodes[way.edge.target], way.points[-1])
    return length + crossings * CROSSING_COST + aside * ASIDE_COST


def _aside(node: Node, port: Point) -> float:
    x, y = port
    at_a_side = x in {node.box.left, node.box.right}
    return abs(y - node.y - BOX_HEIGHT / 2) if at_a_side else abs(x - node.x)


def _put_label(route: Route, taken: _Taken) -> bool:
    if not route.edge.label:
        return True
    others = [*taken.boxes.values(), *taken.lines, *taken.labels, *route.segments]
    for label in _label_places(route):
        if not any(label.box.meets(other, clearance=LABEL_CLEARANCE) for other in others):
            route.label = label
            return True
    return False


def _label_places(route: Route) -> Iterator[Label]:
    width = max(text_width(line) for line in route.edge.label)
    height = LABEL_LINE * len(route.edge.label)
    for line in route.segments:
        for part in (0.5, 0.25, 0.75):
            x = line.left + part * (line.right - line.left)
            y = line.top + part * (line.bottom - line.top)
            if line.top == line.bottom:
                left = x - width / 2
                for top in (y - LABEL_DISTANCE - height, y + LABEL_DISTANCE):
                    yield Label(Rectangle(left, top, left + width, top + height), "middle")
            else:
                top, away = y - height / 2, LABEL_DISTANCE + width
                right, left = x + LABEL_DISTANCE, x - away
                yield Label(Rectangle(right, top, x + away, top + height), "start")
                yield Label(Rectangle(left, top, x - LABEL_DISTANCE, top + height), "end")
