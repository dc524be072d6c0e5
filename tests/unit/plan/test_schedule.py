"""What a release is expected to take."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.plan.schedule import schedule, usual


def minutes(number: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=number)


def test_usual_is_the_median_of_the_latest() -> None:
    """One slow run does not make a pipeline slow, and old runs do not count."""
    latest = [minutes(each) for each in (4, 5, 90, 6, 5)]
    assert usual(latest) == minutes(5)
    assert usual([*[minutes(2)] * 10, *[minutes(60)] * 40]) == minutes(2)
    assert usual([]) is None


def test_a_pipeline_starts_when_its_last_dependency_ends() -> None:
    """The order decides the starts, and the critical path is what the end waits for."""
    found = schedule(
        {"a": (), "b": (), "c": ("a", "b")},
        {"a": minutes(3), "b": minutes(5), "c": minutes(2)},
    )
    assert found.pipelines["c"].start == minutes(5)
    assert found.end == minutes(7)
    assert found.critical_path == ("b", "c")


def test_a_limit_makes_pipelines_wait_for_a_slot() -> None:
    """With one slot, pipelines follow each other in the order of the manifest."""
    found = schedule(
        {"a": (), "b": (), "c": ()},
        {"a": minutes(3), "b": minutes(5), "c": minutes(2)},
        max_concurrency=1,
    )
    assert [found.pipelines[name].start for name in "abc"] == [minutes(0), minutes(3), minutes(8)]
    assert found.end == minutes(10)
    assert found.critical_path == ("a", "b", "c")


def test_what_runs_has_its_slot() -> None:
    """A pipeline that is in flight does not wait for one that is not."""
    found = schedule(
        {"a": (), "b": ()},
        {"a": minutes(3), "b": minutes(5)},
        max_concurrency=1,
        in_flight={"b"},
    )
    assert found.pipelines["b"].start == minutes(0)
    assert found.pipelines["a"].start == minutes(5)


def test_an_unknown_duration_makes_unknown_what_waits_for_it() -> None:
    """Nothing is guessed: no end without every duration, but what is known is said."""
    found = schedule({"a": (), "b": ("a",), "c": ()}, {"a": None, "b": minutes(1), "c": minutes(4)})
    assert (found.end, found.critical_path) == (None, ())
    assert found.pipelines["a"].start == minutes(0)
    assert found.pipelines["a"].end is None
    assert found.pipelines["b"].start is None
    assert found.pipelines["c"].end == minutes(4)


def test_a_dependency_that_is_done_is_no_wait() -> None:
    """A pipeline whose dependency is not among those left can start at once."""
    assert schedule({"b": ("a",)}, {"b": minutes(1)}).pipelines["b"].start == minutes(0)


def test_a_cycle_is_an_error() -> None:
    """What can never start has no schedule."""
    with pytest.raises(ValueError, match="cycle"):
        schedule({"a": ("b",), "b": ("a",)}, {"a": minutes(1), "b": minutes(1)})


@given(st.data())
def test_a_schedule_keeps_order_and_limit(data: st.DataObject) -> None:
    """No pipeline starts before its dependencies end, and no more run at once than may."""
    names = [f"p{number}" for number in range(data.draw(st.integers(1, 8)))]
    depends_on = {
        name: data.draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }
    remaining = {name: minutes(data.draw(st.integers(1, 9))) for name in names}
    limit = data.draw(st.integers(1, 4))
    found = schedule(depends_on, remaining, max_concurrency=limit)
    starts = {name: each.start or timedelta() for name, each in found.pipelines.items()}
    ends = {name: each.end or timedelta() for name, each in found.pipelines.items()}
    for name, before in depends_on.items():
        assert all(starts[name] >= ends[each] for each in before)
        assert sum(starts[each] <= starts[name] < ends[each] for each in names) <= limit
    assert found.end == max(ends.values())
    assert sum((remaining[name] for name in found.critical_path), timedelta()) == found.end
