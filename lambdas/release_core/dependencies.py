"""What can be wrong with the order of a release: unknown names, repetitions, cycles."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from release_core.problems import Problem


def dependency_problems(pipelines: Mapping[str, tuple[int, Sequence[str]]]) -> Iterator[Problem]:
    """The problems of a graph, given by name with each pipeline's position and dependencies."""
    for name, (position, before) in pipelines.items():
        place = ("pipelines", position, "dependsOn")
        for index, dependency in enumerate(before):
            if dependency not in pipelines:
                yield Problem((*place, index), f"{dependency!r} is no pipeline of this release")
        for dependency, count in Counter(before).items():
            if count > 1:
                yield Problem(place, f"{dependency!r} is named more than once")
        if name in before:
            yield Problem(place, f"{name!r} depends on itself")
    cycle = _cycle({name: {*before} - {name} for name, (_, before) in pipelines.items()})
    if cycle:
        circle = " -> ".join(cycle)
        yield Problem(("pipelines",), f"these depend on each other in a circle: {circle}")


def _cycle(graph: Mapping[str, set[str]]) -> Sequence[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: Sequence[str] = error.args[1]
        return cycle
    return ()
