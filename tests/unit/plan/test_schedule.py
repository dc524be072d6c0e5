"""The expected duration of a release."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.plan.schedule import schedule, usual


def minutes(number: float) -> timedelta:
    """Return this number of minutes."""
    return timedelta(minutes=number)


def test_usual_is_the_median_of_the_latest() -> None:
    """The usual duration is the median of the latest runs; older runs do not count."""
    latest = [minutes(each) for each in (4, 5, 90, 6, 5)]
    assert usual(latest) == minutes(5)
    assert usual([*[minutes(2)] * 10, *[minutes(60)] * 40]) == minutes(2)
    assert usual([]) is None


def test_a_pipeline_starts_when_its_last_dependency_ends() -> None:
    """A pipeline starts after its last dependency; the critical path leads to the end."""
    found = schedule(
        {"a": (), "b": (), "c": ("a", "b")},
        {"a": minutes(3), "b": minutes(5), "c": minutes(2)},
    )
    assert found.pipelines["c"].start == minutes(5)
    assert found.end == minutes(7)
    assert found.critical_path == ("b", "c")


def test_a_limit_makes_pipelines_wait_for_a_slot() -> None:
    """With one slot, pipelines run one after another in the order of the manifest."""
    found = schedule(
        {"a": (), "b": (), "c": ()},
        {"a": minutes(3), "b": minutes(5), "c": minutes(2)},
        max_concurrency=1,
    )
    assert [found.pipelines[name].start for name in "abc"] == [minutes(0), minutes(3), minutes(8)]
    assert found.end == minutes(10)
    assert found.critical_path == ("a", "b", "c")


def test_a_running_pipeline_has_a_slot() -> None:
    """A pipeline that is in flight does not wait for a slot."""
    found = schedule(
        {"a": (), "b": ()},
        {"a": minutes(3), "b": minutes(5)},
        max_concurrency=1,
        in_flight={"b"},
    )
    assert found.pipelines["b"].start == minutes(0)
    assert found.pipelines["a"].start == minutes(5)


def test_an_unknown_duration_makes_its_dependents_unknown() -> None:
    """Without a duration the end is unknown; what does not depend on it is still known."""
    found = schedule({"a": (), "b": ("a",), "c": ()}, {"a": None, "b": minutes(1), "c": minutes(4)})
    assert (found.end, found.critical_path) == (None, ())
    assert found.pipelines["a"].start == minutes(0)
    assert found.pipelines["a"].end is None
    assert found.pipelines["b"].start is None
    assert found.pipelines["c"].end == minutes(4)


def test_a_finished_dependency_does_not_delay() -> None:
    """A pipeline whose dependency has already ended can start at once."""
    assert schedule({"b": ("a",)}, {"b": minutes(1)}).pipelines["b"].start == minutes(0)


def test_a_cycle_is_an_error() -> None:
    """Pipelines that depend on each other in a circle raise an error."""
    with pytest.raises(ValueError, match="circle"):
        schedule({"a": ("b",), "b": ("a",)}, {"a": minutes(1), "b": minutes(1)})


@given(st.data())
def test_a_schedule_keeps_order_and_limit(data: st.DataObject) -> None:
    """No pipeline starts before its dependencies end, and the limit is never exceeded."""
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
