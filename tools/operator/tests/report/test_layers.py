"""The layout of the graph of dependencies."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from release_core.domain.release import Pipeline
from release_machine.report.charts.layers import Layout, lay_out, needed_edges


def waiting(after: dict[str, list[str]]) -> list[Pipeline]:
    """Pipelines by name, each with its dependencies."""
    return [
        Pipeline(name=name, position=at, depends_on=tuple(before))
        for at, (name, before) in enumerate(after.items())
    ]


@some.composite
def graphs(draw: some.DrawFn) -> list[Pipeline]:
    """A random graph of up to 24 pipelines."""
    names = [f"p{number}" for number in range(draw(some.integers(1, 24)))]
    after = {
        name: draw(some.lists(some.sampled_from(names[:at]), max_size=4)) if at else []
        for at, name in enumerate(names)
    }
    return waiting(after)


def overlaps(layout: Layout) -> list[tuple[str, str]]:
    """The pairs of neighbours in a column that are closer than one row.

    Each height is rounded to a thousandth.
    """
    return [
        (one.name, other.name)
        for column in layout.columns
        for one, other in pairwise(spot for spot in column if not spot.passes_to)
        if layout.heights[other] - layout.heights[one] < 0.998
    ]


def test_an_edge_that_follows_from_others_is_left_out() -> None:
    """With a before b before c, the edge from a to c is not drawn."""
    found = needed_edges(waiting({"a": [], "b": ["a"], "c": ["a", "b"]}))
    assert found == [("a", "b"), ("b", "c")]


def test_a_chain_is_a_straight_line() -> None:
    """The pipelines of a chain have the same height."""
    layout = lay_out(waiting({"a": [], "b": ["a"], "c": ["b"]}))
    assert [[spot.name for spot in column] for column in layout.columns] == [["a"], ["b"], ["c"]]
    assert set(layout.heights.values()) == {0.0}


def test_lines_do_not_cross() -> None:
    """Columns are reordered until the lines between them do not cross."""
    layout = lay_out(
        waiting({"a": [], "b": [], "c": [], "of-c": ["c"], "of-b": ["b"], "of-a": ["a"]})
    )
    first, second = ([spot.name for spot in column] for column in layout.columns)
    assert second == [f"of-{name}" for name in first]


def test_an_edge_goes_around_pipelines() -> None:
    """An edge over several columns has its own height in each of them."""
    layout = lay_out(waiting({"a": [], "b": ["a"], "c": ["b"], "x": [], "d": ["c", "x"]}))
    (way,) = [way for way in layout.edges if way[0].name == "x"]
    assert [spot.column for spot in way] == [0, 1, 2, 3]
    for spot in way[1:-1]:
        (other,) = [each for each in layout.columns[spot.column] if not each.passes_to]
        assert abs(layout.heights[spot] - layout.heights[other]) > 0.7


@given(graphs())
def test_no_pipelines_overlap(pipelines: list[Pipeline]) -> None:
    """Each pipeline is to the right of its dependencies, and no two pipelines overlap."""
    layout = lay_out(pipelines)
    column = {
        spot.name: spot.column for side in layout.columns for spot in side if not spot.passes_to
    }
    assert sorted(column) == sorted(each.name for each in pipelines)
    assert all(column[name] < column[each.name] for each in pipelines for name in each.depends_on)
    assert overlaps(layout) == []
    assert min(layout.heights.values()) == 0.0


@given(graphs())
def test_the_lines_show_all_dependencies(pipelines: list[Pipeline]) -> None:
    """The lines from a pipeline lead to all its direct and indirect dependents."""
    nexts: dict[str, set[str]] = {}
    for way in lay_out(pipelines).edges:
        nexts.setdefault(way[0].name, set()).add(way[-1].name)
    before = {each.name: set(each.depends_on) for each in pipelines}
    for each in pipelines:
        for name in each.depends_on:
            before[each.name] |= before[name]
    drawn: dict[str, set[str]] = {each.name: set() for each in pipelines}
    for each in reversed(pipelines):
        for name in nexts.get(each.name, ()):
            drawn[each.name] |= {name} | drawn[name]
    assert {(one, other) for one, others in drawn.items() for other in others} == {
        (one, other) for other, ones in before.items() for one in ones
    }
