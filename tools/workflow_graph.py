"""The state machine as a graph: its states, its transitions, and the place of each in a picture.

The layout is layered: the way a release normally goes runs straight down, what is caught leaves to
the left, what a choice leaves over goes to the right. Distances are pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BOX_WIDTH, BOX_HEIGHT = 200, 48
COLUMN_GAP, LAYER_GAP = 40, 44
MAP_PADDING, MAP_HEAD, MAP_WIDTH = 18, 54, 296


@dataclass(frozen=True)
class Edge:
    """A transition; kind is next, choice, default or catch."""

    source: str
    target: str
    kind: str
    label: tuple[str, ...] = ()


@dataclass
class Node:
    """A state; x is its middle and y its top, in the picture's pixels."""

    name: str
    type: str
    note: str
    inside: Graph | None = None
    layer: int = 0
    column: int = 0
    x: float = 0
    y: float = 0
    width: float = BOX_WIDTH
    height: float = BOX_HEIGHT


@dataclass
class Graph:
    """The states of the machine, or of a Map's processor."""

    start: str
    nodes: dict[str, Node]
    edges: list[Edge]
    width: float = 0
    height: float = 0
    returning: set[Edge] = field(default_factory=set)


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
        tests = {key: value for key, value in rule.items() if key not in {"Variable", "Next"}}
        yield Edge(name, rule["Next"], "choice", tuple(str(value) for value in tests.values()))
    if "Default" in state:
        yield Edge(name, state["Default"], "default", ("otherwise",))
    for catch in state.get("Catch", []):
        label = tuple(
            "any error" if error == "States.ALL" else error.removeprefix("States.")
            for error in catch["ErrorEquals"]
        )
        yield Edge(name, catch["Next"], "catch", label)


def _note(state: dict[str, Any]) -> str:
    if state["Type"] == "Task":
        function = state["Parameters"]["FunctionName"].removeprefix("${").removesuffix("_arn}")
        waits = state["Resource"].endswith(".waitForTaskToken")
        return f"{function}, waits for its token" if waits else function
    if state["Type"] == "Map":
        return "Distributed Map: one execution per pipeline"
    return str(state["Type"]).lower()


def lay_out(graph: Graph) -> None:
    """Give every state its place; the picture begins at 0, 0."""
    for node in graph.nodes.values():
        if node.inside is not None:
            lay_out(node.inside)
            node.width = max(MAP_WIDTH, node.inside.width + 2 * MAP_PADDING)
            node.height = MAP_HEAD + node.inside.height + MAP_PADDING
    order = _find_returning(graph)
    _assign_layers(graph, order)
    _assign_columns(graph, order)
    nodes = graph.nodes.values()
    left = 0.0
    for column in sorted({node.column for node in nodes}):
        members = [node for node in nodes if node.column == column]
        width = max(node.width for node in members)
        for node in members:
            node.x = left + width / 2
        left += width + COLUMN_GAP
    top = 0.0
    for layer in sorted({node.layer for node in nodes}):
        members = [node for node in nodes if node.layer == layer]
        for node in members:
            node.y = top
        top += max(node.height for node in members) + LAYER_GAP
    graph.width, graph.height = left - COLUMN_GAP, top - LAYER_GAP


def _find_returning(graph: Graph) -> list[str]:
    """Note the edges that lead back; returns the states with every state before its successors."""
    finished: list[str] = []
    open_states: set[str] = set()

    def visit(name: str) -> None:
        open_states.add(name)
        for edge in _leaving(graph, name):
            if edge.target in open_states:
                graph.returning.add(edge)
            elif edge.target not in finished:
                visit(edge.target)
        open_states.remove(name)
        finished.append(name)

    visit(graph.start)
    return finished[::-1]


def _assign_layers(graph: Graph, order: list[str]) -> None:
    for name in order:
        for edge in _leaving(graph, name):
            if edge not in graph.returning:
                target = graph.nodes[edge.target]
                target.layer = max(target.layer, graph.nodes[name].layer + 1)


def _assign_columns(graph: Graph, order: list[str]) -> None:
    taken: set[tuple[int, int]] = set()
    placed: set[str] = set()

    def put(name: str, column: int) -> None:
        node = graph.nodes[name]
        step = -1 if column < 0 else 1
        while (node.layer, column) in taken:
            column += step
        node.column = column
        taken.add((node.layer, column))
        placed.add(name)

    name: str | None = graph.start
    while name is not None and name not in placed:
        put(name, 0)
        name = next((e.target for e in _leaving(graph, name) if e.kind in {"next", "choice"}), None)
    for source in order:
        for edge in _leaving(graph, source):
            if edge.target in placed:
                continue
            column = graph.nodes[source].column
            only_back = all(after in graph.returning for after in _leaving(graph, edge.target))
            if column == 0 and not (only_back and _leaving(graph, edge.target)):
                column = -1 if edge.kind == "catch" else 1
            put(edge.target, column)


def _leaving(graph: Graph, name: str) -> list[Edge]:
    return [edge for edge in graph.edges if edge.source == name]
