"""What can be wrong with the order of a release: unknown names, repetitions, cycles."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter


def dependency_problems(pipelines: Mapping[str, tuple[str, Sequence[str]]]) -> Iterator[str]:
    """The problems of a graph, given by name with each pipeline's path and dependencies."""
    for name, (path, before) in pipelines.items():
        for index, dependency in enumerate(before):
            if dependency not in pipelines:
                yield f"{path}.dependsOn[{index}]: {dependency!r} is no pipeline of this release"
        for dependency, count in Counter(before).items():
            if count > 1:
                yield f"{path}.dependsOn: {dependency!r} is named more than once"
        if name in before:
            yield f"{path}.dependsOn: {name!r} depends on itself"
    cycle = _cycle({name: {*before} - {name} for name, (_, before) in pipelines.items()})
    if cycle:
        yield f"pipelines: these depend on each other in a circle: {' -> '.join(cycle)}"


def _cycle(graph: Mapping[str, set[str]]) -> Sequence[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: Sequence[str] = error.args[1]
        return cycle
    return ()
