"""The order of the pipelines and approvals of a release: dependencies come first."""

from collections.abc import Container, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Protocol

from release_core.domain.release import Pipeline


def in_order(pipelines: Iterable[Pipeline]) -> dict[str, Pipeline]:
    """The pipelines by name, each after its dependencies, otherwise in the manifest's order."""
    found = tuple(pipelines)
    depth = depths(found)
    by_depth = sorted(found, key=lambda each: (depth[each.name], each.position, each.name))
    return {each.name: each for each in by_depth}


class InOrder(Protocol):
    """A pipeline or approval of a release or of a manifest."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The pipelines and approvals before it."""
        ...


def depths(pipelines: Iterable[InOrder]) -> Mapping[str, int]:
    """The length of the longest chain of dependencies before each pipeline."""
    # While a release is being opened, some of its pipelines are not recorded yet.
    known = {pipeline.name: pipeline.depends_on for pipeline in pipelines}
    before = {name: [each for each in wanted if each in known] for name, wanted in known.items()}
    depth: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        depth[name] = max((depth[each] + 1 for each in before[name]), default=0)
    return depth


def behind(name: str, nodes: Iterable[InOrder]) -> list[str]:
    """The nodes that depend on this one, directly or through others, in their order."""
    found = tuple(nodes)
    dependents: dict[str, list[str]] = {}
    for each in found:
        for before in each.depends_on:
            dependents.setdefault(before, []).append(each.name)
    reached = _reached([name], dependents)
    return [each.name for each in found if each.name in reached and each.name != name]


def before(names: Iterable[str], nodes: Iterable[InOrder]) -> frozenset[str]:
    """These nodes, and all that they depend on, directly or through others."""
    return frozenset(_reached(names, {each.name: each.depends_on for each in nodes}))


def without(left_out: Container[str], nodes: Iterable[InOrder]) -> dict[str, tuple[str, ...]]:
    """The dependencies of each node, by name, without some nodes.

    What depends on a node that is left out depends on what that node depends on.
    """
    before = {each.name: each.depends_on for each in nodes}
    passed = {name: wanted for name, wanted in before.items() if name in left_out}
    return {
        name: tuple(each for each in _reached(wanted, passed) if each not in left_out)
        for name, wanted in before.items()
        if name not in left_out
    }


def _reached(names: Iterable[str], following: Mapping[str, Iterable[str]]) -> dict[str, None]:
    """These names, and all that follow from them, each once; a cycle ends, too."""
    reached: dict[str, None] = {}
    ahead = [*names]
    while ahead:
        name = ahead.pop(0)
        if name not in reached:
            reached[name] = None
            ahead += following.get(name, ())
    return reached
