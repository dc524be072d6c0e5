"""The order in which the pipelines of a release run: dependencies come first."""

from collections.abc import Iterable, Mapping
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
    """A pipeline of a release or of a manifest."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The pipelines before it."""
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
