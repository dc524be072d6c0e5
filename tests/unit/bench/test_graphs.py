"""Graphs of pipelines, their critical path and their waves."""

from random import Random

from tests.bench.graphs import critical_path, drawn, flat, layered, waves

NAMES = [f"p{number}" for number in range(50)]
# a → b → d, a → c: c is long, so the layers of a wave are a (1), c (9), d (5).
GRAPH = {"a": [], "b": ["a"], "c": ["a"], "d": ["b"]}
SECONDS = {"a": 1.0, "b": 2.0, "c": 9.0, "d": 5.0}


def seeded(seed: int) -> Random:
    """A source of the same numbers for the same seed."""
    return Random(seed)  # noqa: S311 - no secret


def test_drawn_dependencies_come_earlier() -> None:
    """A drawn graph has no circle, nothing twice, and it has depth."""
    graph = drawn(NAMES, seeded(1))
    assert list(graph) == NAMES
    for name, needed in graph.items():
        assert set(needed) <= set(NAMES[: NAMES.index(name)])
        assert len(set(needed)) == len(needed) <= 3
    assert len(critical_path(graph, dict.fromkeys(NAMES, 1.0))) > 4


def test_the_same_seed_draws_the_same_graph() -> None:
    """Two versions of the code release the same graphs."""
    assert drawn(NAMES, seeded(7)) == drawn(NAMES, seeded(7))
    assert drawn(NAMES, seeded(7)) != drawn(NAMES, seeded(8))


def test_a_layer_depends_on_the_layer_before() -> None:
    """Each pipeline of a later layer depends on three different ones of the layer before."""
    graph = layered(NAMES, 7)
    assert [graph[name] for name in NAMES[:7]] == [[]] * 7
    for number, name in enumerate(NAMES[7:], 7):
        start = number // 7 * 7
        assert set(graph[name]) <= set(NAMES[start - 7 : start])
        assert len(set(graph[name])) == 3
    # Without turning, only three pipelines of each layer would have dependents.
    assert {each for name in NAMES[7:14] for each in graph[name]} == set(NAMES[:7])


def test_flat_pipelines_wait_for_nothing() -> None:
    """Without dependencies the longest pipeline is the critical path."""
    assert critical_path(flat(list(SECONDS)), SECONDS) == ["c"]
    assert waves(flat(list(SECONDS)), SECONDS) == 9


def test_the_critical_path_is_the_longest_in_time() -> None:
    """Two long pipelines outweigh three short ones."""
    assert critical_path(GRAPH, SECONDS) == ["a", "c"]
    assert critical_path(GRAPH, SECONDS | {"c": 1.0}) == ["a", "b", "d"]


def test_waves_wait_for_the_slowest_of_a_layer() -> None:
    """In waves d waits for c, on which it does not depend."""
    assert waves(GRAPH, SECONDS) == 1 + 9 + 5


def test_a_layer_comes_after_all_that_it_needs() -> None:
    """A pipeline that depends on two layers is in the layer after the later one."""
    graph = {"a": [], "b": ["a"], "c": ["a", "b"]}
    assert waves(graph, dict.fromkeys(graph, 1.0)) == 3
