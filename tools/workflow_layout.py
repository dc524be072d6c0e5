"""Gives each state and transition of the graph its place in the picture.

The way a release normally goes runs straight down the middle. What is caught stands to the left of
it, what a choice leaves over to the right, and a state that only leads back stands beside the
state it leads to. The gaps grow until every transition and every label has its own room.
"""

from __future__ import annotations

from itertools import count, product

from tools.workflow_graph import BOX_WIDTH, Graph, Node
from tools.workflow_routes import route_edges

MAP_PADDING, MAP_HEAD, MAP_WIDTH = 18, 54, 296
COLUMN_GAPS, ROW_GAPS = range(44, 164, 12), range(40, 80, 16)


class LayoutImpossibleError(Exception):
    """No gaps tried leave each transition and label its own room."""


def lay_out(graph: Graph) -> None:
    """Place a machine, and first what is inside its Maps; raises LayoutImpossibleError."""
    for node in graph.nodes.values():
        if node.inside is not None:
            lay_out(node.inside)
            inside = node.inside.bounds
            node.width = max(MAP_WIDTH, inside.right - inside.left + 2 * MAP_PADDING)
            node.height = MAP_HEAD + inside.bottom - inside.top + MAP_PADDING
    _Grid(graph).fill()
    gaps = sorted(product(COLUMN_GAPS, ROW_GAPS), key=sum)
    # The widest gaps show how few corners the ways can have; the narrowest as good are taken.
    _space(graph, *gaps[-1])
    fewest = route_edges(graph)
    if fewest is None:
        raise LayoutImpossibleError(graph.start)
    for column_gap, row_gap in gaps:
        _space(graph, column_gap, row_gap)
        if route_edges(graph, most=fewest) is not None:
            return


class _Grid:
    """The rows and the three columns (-1, 0 and 1) the states stand in."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.taken: set[tuple[int, int]] = set()
        self.placed: list[str] = []
        self.lowered: list[str] = []

    def fill(self) -> None:
        # What stood beside a Map would make the picture as much wider: the Map gives way.
        while crowded := self._place():
            self.lowered.append(crowded)

    def _place(self) -> str | None:
        """Place all states; answers a Map that others then stand beside."""
        self.taken, self.placed = set(), []
        name: str | None = self.graph.start
        row = 0
        while name is not None and name not in self.placed:
            row += self.lowered.count(name)
            self._put(name, row, (0,))
            row += 1
            usual = (e for e in self.graph.leaving(name) if e.kind in {"next", "choice"})
            name = next((edge.target for edge in usual), None)
        middle = list(self.placed)
        for source in middle:
            self._put_successors(source)
        beside = {self.graph.nodes[each].row for each in self.placed if each not in middle}
        nodes = [self.graph.nodes[each] for each in middle]
        return next((each.name for each in nodes if each.inside and each.row in beside), None)

    def _put_successors(self, source: str) -> None:
        for edge in self.graph.leaving(source):
            if edge.target not in self.placed:
                self._put_beside(self.graph.nodes[source], edge.target, edge.kind)
                self._put_successors(edge.target)

    def _put_beside(self, source: Node, name: str, kind: str) -> None:
        if source.column != 0:
            self._put(name, source.row + 1, (source.column,))
            return
        side = -1 if kind == "catch" else 1
        after = {edge.target for edge in self.graph.leaving(name)}
        rows = [self.graph.nodes[target].row for target in after if target in self.placed]
        leads_back = bool(rows) and len(rows) == len(after) and max(rows) <= source.row
        self._put(name, max(rows) if leads_back else source.row, (side, -side))

    def _put(self, name: str, row: int, columns: tuple[int, ...]) -> None:
        places = ((lower, column) for lower in count(row) for column in columns)
        place = next(place for place in places if place not in self.taken)
        node = self.graph.nodes[name]
        node.row, node.column = place
        self.taken.add(place)
        self.placed.append(name)


def _space(graph: Graph, column_gap: float, row_gap: float) -> None:
    nodes = graph.nodes.values()
    middle = {node.row: node for node in nodes if node.column == 0}
    for side in (-1, 1):
        members = [node for node in nodes if node.column == side]
        beside = [middle[node.row].width / 2 for node in members if node.row in middle]
        widest = max((node.width for node in members), default=0)
        for node in members:
            node.x = side * (max(beside, default=BOX_WIDTH / 2) + column_gap + widest / 2)
    top = 0.0
    for row in sorted({node.row for node in nodes}):
        members = [node for node in nodes if node.row == row]
        for node in members:
            node.y = top
        top = max(node.box.bottom for node in members) + row_gap
