"""Graphs of pipelines: how they are drawn, and how long they take at best and in waves."""

from collections.abc import Mapping, Sequence
from random import Random

# Each pipeline with the pipelines that it depends on; these come first.
type Graph = Mapping[str, Sequence[str]]

MOST_DEPENDENCIES = 3


def drawn(names: Sequence[str], random: Random) -> Graph:
    """Draw a graph: each pipeline depends on up to three of those before it."""
    graph: dict[str, list[str]] = {}
    for name in names:
        earlier = list(graph)
        count = random.randint(0, min(MOST_DEPENDENCIES, len(earlier)))
        graph[name] = random.sample(earlier, count)
    return graph


def flat(names: Sequence[str]) -> Graph:
    """Let no pipeline depend on another."""
    return {name: [] for name in names}


def layered(names: Sequence[str], width: int) -> Graph:
    """Make layers of ``width`` pipelines; each depends on up to three of the layer before."""
    graph: dict[str, list[str]] = {}
    for number, name in enumerate(names):
        start = number // width * width
        before = names[max(0, start - width) : start]
        turned = [*before[number % width :], *before[: number % width]]
        graph[name] = turned[:MOST_DEPENDENCIES]
    return graph


def critical_path(graph: Graph, seconds: Mapping[str, float]) -> list[str]:
    """Return the pipelines that decide how long the graph takes at best, in their order."""
    ends: dict[str, float] = {}
    last: dict[str, str | None] = {}
    for name, needed in graph.items():
        last[name] = max(needed, key=lambda each: ends[each], default=None)
        before = last[name]
        ends[name] = seconds[name] + (ends[before] if before else 0)
    path: list[str] = []
    at: str | None = max(ends, key=lambda each: ends[each])
    while at:
        path.append(at)
        at = last[at]
    return path[::-1]


def waves(graph: Graph, seconds: Mapping[str, float]) -> float:
    """Return the seconds if each layer waits for the slowest pipeline of the layer before."""
    depth: dict[str, int] = {}
    slowest: dict[int, float] = {}
    for name, needed in graph.items():
        depth[name] = 1 + max((depth[each] for each in needed), default=0)
        slowest[depth[name]] = max(slowest.get(depth[name], 0), seconds[name])
    return sum(slowest.values())
