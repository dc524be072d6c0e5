"""The order in which a release's pipelines run: what waits for nothing comes first."""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter

from release_machine.release.model import Pipeline


def in_order(pipelines: Iterable[Pipeline]) -> tuple[Pipeline, ...]:
    """Each pipeline behind all that it depends on, equals as in the manifest."""
    found = tuple(pipelines)
    depth = depths(found)
    return tuple(sorted(found, key=lambda each: (depth[each.name], each.position, each.name)))


def depths(pipelines: Sequence[Pipeline]) -> Mapping[str, int]:
    """How many pipelines have to run one after the other before each of these can start."""
    # A release is read while it is being opened, too: then some of it may not be there yet.
    known = {pipeline.name: pipeline.depends_on for pipeline in pipelines}
    before = {name: [each for each in wanted if each in known] for name, wanted in known.items()}
    depth: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        depth[name] = max((depth[each] + 1 for each in before[name]), default=0)
    return depth
