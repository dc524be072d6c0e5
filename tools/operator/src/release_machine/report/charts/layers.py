"""The positions of pipelines in the graph of dependencies.

The column of a pipeline is its depth. Within a column the order avoids crossing lines, and heights
are near those of the neighbours. An edge that passes a column has a position of its own there. The
same release always gives the same layout.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from release_core.domain.order import depths
from release_core.domain.release import Pipeline

SWEEPS = 10
# Heights in rows: an edge that passes a column needs less room than a pipeline.
_ROOM, _ROOM_TO_PASS = 1.0, 0.45


@dataclass(frozen=True, slots=True)
class Spot:
    """A position in a column, of a pipeline or of an edge that passes the column."""

    column: int
    name: str
    passes_to: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The height of each spot in rows from the top, and each edge as the spots it passes."""

    columns: Sequence[Sequence[Spot]]
    heights: Mapping[Spot, float]
    edges: Sequence[Sequence[Spot]]


@dataclass(slots=True)
class _Grid:
    columns: list[list[Spot]] = field(default_factory=list)
    edges: list[list[Spot]] = field(default_factory=list)
    left: dict[Spot, list[Spot]] = field(default_factory=dict)
    right: dict[Spot, list[Spot]] = field(default_factory=dict)


def lay_out(pipelines: Sequence[Pipeline]) -> Layout:
    """Place pipelines that each have a dependency or a dependent."""
    grid = _fill(pipelines)
    _order(grid)
    heights = _heights(grid)
    top = min(heights.values(), default=0.0)
    placed = {spot: round(height - top, 3) for spot, height in heights.items()}
    return Layout(grid.columns, placed, grid.edges)


def needed_edges(pipelines: Sequence[Pipeline]) -> list[tuple[str, str]]:
    """The dependencies, without those that follow from other dependencies."""
    depth = depths(pipelines)
    by_depth = sorted(pipelines, key=lambda each: (depth[each.name], each.position, each.name))
    before: dict[str, frozenset[str]] = {}
    edges: list[tuple[str, str]] = []
    for each in by_depth:
        direct = [name for name in each.depends_on if name in depth]
        implied = frozenset().union(*(before[name] for name in direct))
        before[each.name] = implied | frozenset(direct)
        edges += [(name, each.name) for name in dict.fromkeys(direct) if name not in implied]
    return edges


def _fill(pipelines: Sequence[Pipeline]) -> _Grid:
    depth = depths(pipelines)
    grid = _Grid(columns=[[] for _ in range(max(depth.values(), default=-1) + 1)])
    spots = {each.name: Spot(depth[each.name], each.name) for each in pipelines}
    for spot in spots.values():
        grid.columns[spot.column].append(spot)
    for begin, end in needed_edges(pipelines):
        first, last = spots[begin], spots[end]
        between = [Spot(column, begin, end) for column in range(first.column + 1, last.column)]
        for spot in between:
            grid.columns[spot.column].append(spot)
        way = [first, *between, last]
        grid.edges.append(way)
        for one, other in pairwise(way):
            grid.right.setdefault(one, []).append(other)
            grid.left.setdefault(other, []).append(one)
    return grid


def _order(grid: _Grid) -> None:
    """Sort columns by the middle of the neighbours, in both directions; keep the best order."""
    best, fewest = [list(column) for column in grid.columns], _crossings(grid)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        columns = grid.columns if forward else grid.columns[::-1]
        neighbours = grid.left if forward else grid.right
        for fixed, moved in pairwise(columns):
            places = {spot: at for side in (fixed, moved) for at, spot in enumerate(side)}
            moved.sort(key=lambda spot: _mean(neighbours.get(spot, ()), places, spot))
        crossings = _crossings(grid)
        if crossings < fewest:
            best, fewest = [list(column) for column in grid.columns], crossings
    grid.columns = best


def _mean(neighbours: Sequence[Spot], places: Mapping[Spot, float], spot: Spot) -> float:
    """The mean place of the neighbours of a spot; without neighbours its own place."""
    found = [places[each] for each in neighbours or (spot,)]
    return sum(found) / len(found)


def _crossings(grid: _Grid) -> int:
    places = {spot: at for column in grid.columns for at, spot in enumerate(column)}
    count = 0
    for column in grid.columns:
        ends: list[int] = []
        for spot in column:
            arrivals = sorted(places[each] for each in grid.right.get(spot, ()))
            # Edges that start at the same spot do not cross each other.
            count += sum(len(ends) - bisect_right(ends, place) for place in arrivals)
            for place in arrivals:
                insort(ends, place)
    return count


def _heights(grid: _Grid) -> dict[Spot, float]:
    """Move each spot towards the mean height of its neighbours, as far as there is room."""
    heights: dict[Spot, float] = {}
    for column in grid.columns:
        heights |= _stacked(column, [0.0] * len(column))
    for sweep in range(SWEEPS * 2):
        columns = grid.columns if sweep % 2 == 0 else reversed(grid.columns)
        for column in columns:
            wanted = [_mean(_neighbours(grid, spot), heights, spot) for spot in column]
            heights |= _stacked(column, wanted)
    return heights


def _neighbours(grid: _Grid, spot: Spot) -> Sequence[Spot]:
    return [*grid.left.get(spot, ()), *grid.right.get(spot, ())]


def _stacked(column: Sequence[Spot], wanted: Sequence[float]) -> dict[Spot, float]:
    """The heights nearest to the wanted heights that keep the order and room of the spots."""
    offsets = [0.0]
    for one, other in pairwise(column):
        offsets.append(offsets[-1] + (_room(one) + _room(other)) / 2)
    # Spots that want the same place become one block, placed at the average of their wishes.
    blocks: list[tuple[float, int]] = []
    for height, offset in zip(wanted, offsets, strict=False):
        total, size = height - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            before = blocks.pop()
            total, size = total + before[0], size + before[1]
        blocks.append((total, size))
    bases = [total / size for total, size in blocks for _ in range(size)]
    return {spot: base + offset for spot, base, offset in zip(column, bases, offsets, strict=False)}


def _room(spot: Spot) -> float:
    return _ROOM_TO_PASS if spot.passes_to else _ROOM
