"""The state machine as a graph: its states and transitions, and their places in a picture.

Distances are pixels; x grows to the right, y downwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

BOX_WIDTH, BOX_HEIGHT = 190, 48
# A Map is many executions: its outlines, drawn behind one another.
STACKED = (8, 4)
# So many names of errors stand beside an arrow; the others are counted.
NAMED_ERRORS = 2

Point = tuple[float, float]


@dataclass(frozen=True)
class Rectangle:
    """A part of the picture; a straight line is one without width or height."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle, *, clearance: float = 0) -> bool:
        """Say whether the two overlap, or come nearer than the clearance; touching is allowed."""
        return (
            self.left - clearance < other.right
            and other.left < self.right + clearance
            and self.top - clearance < other.bottom
            and other.top < self.bottom + clearance
        )


@dataclass(frozen=True)
class Edge:
    """A transition; kind is next, choice, default or catch."""

    source: str
    target: str
    kind: str
    label: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """The place of an edge's words; anchor is SVG's text-anchor."""

    box: Rectangle
    anchor: str


@dataclass
class Route:
    """The way of an edge, by its corners, and the place of its label when it has one."""

    edge: Edge
    points: tuple[Point, ...]
    label: Label | None = None

    @property
    def segments(self) -> list[Rectangle]:
        """The straight parts, in order."""
        return [
            Rectangle(min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y))
            for (x, y), (to_x, to_y) in pairwise(self.points)
        ]


@dataclass
class Node:
    """A state; x is its middle and y its top, in the picture's pixels."""

    name: str
    type: str
    note: str
    inside: Graph | None = None
    row: int = 0
    column: int = 0
    x: float = 0
    y: float = 0
    width: float = BOX_WIDTH
    height: float = BOX_HEIGHT

    @property
    def box(self) -> Rectangle:
        """All the room the state takes."""
        behind = max(STACKED) if self.inside is not None else 0
        half = self.width / 2
        bottom = self.y + self.height + behind
        return Rectangle(self.x - half, self.y, self.x + half + behind, bottom)


@dataclass
class Graph:
    """The states of the machine, or of a Map's processor."""

    start: str
    nodes: dict[str, Node]
    edges: list[Edge]
    routes: list[Route] = field(default_factory=list)

    @property
    def bounds(self) -> Rectangle:
        """The room of everything that is placed."""
        parts = [node.box for node in self.nodes.values()]
        for route in self.routes:
            parts += route.segments + ([route.label.box] if route.label else [])
        return Rectangle(
            min(part.left for part in parts),
            min(part.top for part in parts),
            max(part.right for part in parts),
            max(part.bottom for part in parts),
        )

    def leaving(self, name: str) -> list[Edge]:
        """Give the transitions of one state, the usual one first."""
        return [edge for edge in self.edges if edge.source == name]


def read_graph(machine: dict[str, Any]) -> Graph:
    """Read a machine, or a Map's processor, as states and transitions."""
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    for name, state in machine["States"].items():
        processor = state.get("ItemProcessor")
        nodes[name] = Node(
            name=name,
            type=state["Type"],
            note=_note(state),
            inside=read_graph(processor) if processor else None,
        )
        edges += _transitions(name, state)
    return Graph(start=machine["StartAt"], nodes=nodes, edges=edges)


def _transitions(name: str, state: dict[str, Any]) -> Iterator[Edge]:
    if "Next" in state:
        yield Edge(name, state["Next"], "next")
    for rule in state.get("Choices", []):
        yield Edge(name, rule["Next"], "choice", _tests(rule))
    if "Default" in state:
        yield Edge(name, state["Default"], "default", ("otherwise",))
    for catch in state.get("Catch", []):
        yield Edge(name, catch["Next"], "catch", _shortened(catch["ErrorEquals"]))


def _tests(rule: dict[str, Any]) -> tuple[str, ...]:
    if rule.get("IsNull") is False:
        return (f"with {rule['Variable'].removeprefix('$.')}",)
    return tuple(str(value) for key, value in rule.items() if key not in {"Variable", "Next"})


def _shortened(errors: list[str]) -> tuple[str, ...]:
    names = tuple(
        "any error" if error == "States.ALL" else error.rpartition(".")[2] for error in errors
    )
    more = len(names) - NAMED_ERRORS
    # A line that would count one error can as well name it.
    return names if more <= 1 else (*names[:NAMED_ERRORS], f"+{more} more")


def _note(state: dict[str, Any]) -> str:
    if state["Type"] == "Task" and "FunctionName" not in state["Parameters"]:
        return "starts an execution of this machine"
    if state["Type"] == "Task":
        function = state["Parameters"]["FunctionName"].removeprefix("${").removesuffix("_arn}")
        waits = state["Resource"].endswith(".waitForTaskToken")
        return f"{function}, waits for its token" if waits else function
    if state["Type"] == "Map":
        return "Distributed Map: one execution per pipeline"
    return str(state["Type"]).lower()
