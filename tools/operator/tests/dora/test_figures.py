"""DORA's metrics of made-up histories; the expected figures are computed by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.release import ReleaseKind
from release_machine.dora.deployments import (
    Cause,
    CommitSource,
    CommitTime,
    Deployment,
    Judged,
    Outcome,
    Window,
    judged,
)
from release_machine.dora.figures import Figures, Rate, Recovery, Spread, figures

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
FOUR_WEEKS = Window(since=MONDAY, until=MONDAY + timedelta(days=28))


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def run(release_id: str, at: float, outcome: str = "live", **more: Any) -> Deployment:
    """A run of orders that ended so many hours after the window began.

    ``lead`` is for how many hours its commit was older.
    """
    ended_at = MONDAY + hours(at)
    lead, source = more.pop("lead", None), more.pop("source", CommitSource.COMMIT)
    commit = None if lead is None else CommitTime(at=ended_at - hours(lead), source=source)
    known = {"pipeline": "orders", "commit": commit} | more
    return Deployment(release_id=release_id, ended_at=ended_at, outcome=Outcome(outcome), **known)


def of_orders(*runs: Deployment, window: Window = FOUR_WEEKS) -> Figures:
    """The figures of the only pipeline."""
    (found,) = figures(runs, window).pipelines
    return found


def test_a_history_without_failures() -> None:
    """Four deployments in 28 days, with lead times of 1, 2, 3 and 10 hours."""
    leads = {"a": 1, "b": 2, "c": 3, "d": 10}
    runs = [run(name, 10 * at, lead=lead) for at, (name, lead) in enumerate(leads.items(), 1)]
    found = of_orders(*runs)
    assert (found.live, found.per_day, found.releases) == (4, 4 / 28, 4)
    # The median of an even number lies between; 9 of 10 are within the longest of four.
    assert found.lead_time.spread == Spread(count=4, median=hours(2.5), p90=hours(10))
    assert found.lead_time.known == Rate(count=4, of=4)
    assert found.lead_time.by_source == {CommitSource.COMMIT: 4}
    assert found.change_fail_rate == Rate(count=0, of=4)
    assert found.change_fail_rate.share == 0
    assert found.recovery == Recovery(spread=None, open=0)
    assert found.rework_rate.share == 0


def test_nine_of_ten_is_the_nearest_rank() -> None:
    """Of 1 to 11 hours, 9 of 10 are within the tenth: the first rank that reaches 90 percent."""
    found = of_orders(*(run(f"r{lead}", 24 + lead, lead=lead) for lead in range(1, 12)))
    assert found.lead_time.spread == Spread(count=11, median=hours(6), p90=hours(10))


def test_what_is_not_known_is_not_zero() -> None:
    """Without deployments there is no share, and without commits no lead time."""
    empty = figures([], FOUR_WEEKS)
    assert empty.pipelines == ()
    assert (empty.all.live, empty.all.per_day) == (0, 0)
    assert empty.all.change_fail_rate.share is None
    assert empty.all.rework_rate.share is None
    assert empty.all.lead_time.spread is None
    found = of_orders(run("a", 1), run("b", 2, lead=1, source=CommitSource.S3))
    assert found.lead_time.known == Rate(count=1, of=2)
    assert found.lead_time.by_source == {CommitSource.S3: 1}


def test_what_ships_no_change_has_no_lead_time() -> None:
    """The same revisions again are a deployment, and their old commit says nothing."""
    found = of_orders(run("a", 1, lead=1), run("b", 500, lead=500, is_change=False))
    assert found.live == 2
    assert found.lead_time.known == Rate(count=1, of=1)
    assert found.lead_time.spread == Spread(count=1, median=hours(1), p90=hours(1))


def test_a_commit_after_its_deployment_has_a_wrong_time() -> None:
    """It counts as not known, and not as a negative lead time."""
    found = of_orders(run("a", 1, lead=-1))
    assert (found.lead_time.spread, found.lead_time.known) == (None, Rate(count=0, of=1))


def test_a_failed_deployment_is_repaired_by_the_next_success() -> None:
    """It failed at 10, again at 11, and the retry at 12.5 repaired both."""
    runs = (run("a", 1), run("b", 10, "failed"), run("b", 11, "failed"), run("b", 12.5))
    found = of_orders(*runs)
    assert found.change_fail_rate == Rate(count=2, of=4)
    assert found.failed_by == {Cause.NOT_SUCCEEDED: 2}
    assert found.recovery == Recovery(
        spread=Spread(count=2, median=hours(2), p90=hours(2.5)), open=0
    )
    assert (found.live, found.releases) == (2, 2)


def test_a_rollback_makes_its_release_a_failure_and_is_no_deployment() -> None:
    """It was live at 10, and the rollback was live at 13, after one that failed at 12."""
    runs = (
        run("a", 1),
        run("b", 10),
        run("b-rollback", 12, "failed", rolls_back="b"),
        run("b-rollback-2", 13, rolls_back="b"),
    )
    found = of_orders(*runs)
    assert (found.live, found.rollbacks) == (2, 1)
    assert found.change_fail_rate == Rate(count=1, of=2)
    assert found.failed_by == {Cause.ROLLED_BACK: 1}
    assert found.recovery == Recovery(spread=Spread(count=1, median=hours(3), p90=hours(3)), open=0)
    assert found.rework_rate == Rate(count=0, of=2)


def test_a_hotfix_makes_the_deployment_before_it_a_failure() -> None:
    """It counts as rework; a rollback and a failed build between them change nothing of that."""
    runs = (
        run("a", 1),
        run("b", 10),
        run("fix", 11, "harmless", kind=ReleaseKind.HOTFIX),
        run("fix", 14, kind=ReleaseKind.HOTFIX),
        run("c", 20),
    )
    found = of_orders(*runs)
    assert found.change_fail_rate == Rate(count=1, of=4)
    assert found.failed_by == {Cause.HOTFIX: 1}
    assert found.recovery.spread == Spread(count=1, median=hours(4), p90=hours(4))
    assert found.rework_rate == Rate(count=1, of=4)
    assert found.harmless == 1


def test_a_failure_that_is_rolled_back_and_fixed_counts_once() -> None:
    """The rollback has repaired it before the hotfix."""
    runs = (
        run("b", 10, "failed"),
        run("b-rollback", 10.5, rolls_back="b"),
        run("fix", 14, kind=ReleaseKind.HOTFIX),
    )
    found = of_orders(*runs)
    assert found.change_fail_rate == Rate(count=1, of=2)
    assert found.recovery == Recovery(
        spread=Spread(count=1, median=hours(0.5), p90=hours(0.5)), open=0
    )


def test_a_failure_that_is_not_repaired_yet_is_open() -> None:
    """It has no recovery time, not even a short one."""
    found = of_orders(run("a", 1), run("b", 10, "failed"), run("c", 11, "failed"))
    assert found.recovery == Recovery(spread=None, open=2)
    assert found.change_fail_rate == Rate(count=2, of=3)


def test_what_is_not_known_to_have_changed_something_does_not_count() -> None:
    """Neither as a deployment nor as a failure; it is said."""
    found = of_orders(run("a", 1), run("b", 10, "unknown"), run("c", 11, "harmless"))
    assert (found.change_fail_rate, found.unknown, found.harmless) == (Rate(count=0, of=1), 1, 1)


def test_only_what_ended_in_the_window_counts() -> None:
    """What came later still judges it."""
    runs = (
        run("early", -1),
        run("a", 0),
        run("late", 28 * 24),
        run("a-rollback", 29 * 24, rolls_back="a"),
    )
    found = of_orders(*runs)
    assert (found.live, found.rollbacks) == (1, 0)
    assert found.failed_by == {Cause.ROLLED_BACK: 1}
    assert found.recovery.spread == Spread(count=1, median=hours(29 * 24), p90=hours(29 * 24))


def test_the_whole_deployment_pools_its_pipelines() -> None:
    """A rollback of one pipeline is no failure of another; one release may deploy several."""
    catalog = {"pipeline": "catalog"}
    runs = (
        run("a", 1, lead=2),
        run("a", 2, lead=4, **catalog),
        run("b", 5, **catalog),
        run("a-rollback", 6, rolls_back="a"),
    )
    found = figures(runs, FOUR_WEEKS)
    assert [each.pipeline for each in found.pipelines] == ["catalog", "orders"]
    assert (found.all.live, found.all.releases, found.all.rollbacks) == (3, 2, 1)
    assert found.all.change_fail_rate == Rate(count=1, of=3)
    assert found.all.lead_time.spread == Spread(count=2, median=hours(3), p90=hours(4))
    assert found.all.recovery.spread == Spread(count=1, median=hours(5), p90=hours(5))


def test_the_weeks_begin_on_monday() -> None:
    """A window from a Thursday to a Wednesday has three weeks, of which the first is a part."""
    thursday = MONDAY + timedelta(days=3, hours=7)
    window = Window(since=thursday, until=MONDAY + timedelta(days=16))
    weeks = [(each.since - MONDAY, each.until - MONDAY) for each in window.weeks()]
    assert weeks == [
        (timedelta(days=3, hours=7), timedelta(days=7)),
        (timedelta(days=7), timedelta(days=14)),
        (timedelta(days=14), timedelta(days=16)),
    ]
    day = 24
    runs = (run("a", 4 * day, lead=3), run("b", 8 * day, "failed"), run("b", 8 * day + 2))
    found = of_orders(*runs, window=window).weeks
    numbers = [(each.live, each.deployments, each.failed, each.hotfixes) for each in found]
    assert numbers == [(1, 1, 0, 0), (1, 2, 1, 0), (0, 0, 0, 0)]
    assert [each.lead_time for each in found] == [hours(3), None, None]
    assert [each.recovery_time for each in found] == [None, hours(2), None]


def test_the_weeks_are_those_of_utc() -> None:
    """Also where the window begins at a time of another zone."""
    late = MONDAY.astimezone(timezone(hours(-5))) - hours(1)
    first, second, *_ = Window(since=late, until=MONDAY + hours(48)).weeks()
    assert (first.since, first.until) == (late, MONDAY)
    assert str(first.since.date()) == "2026-11-01"
    assert str(second.since.date()) == "2026-11-02"


DEPLOYMENTS = st.lists(
    st.builds(
        run,
        st.sampled_from("abcd"),
        st.floats(-200, 900),
        st.sampled_from([*Outcome]),
        lead=st.none() | st.floats(0, 500),
        kind=st.sampled_from([*ReleaseKind]),
        rolls_back=st.none() | st.sampled_from("abcd"),
        pipeline=st.sampled_from(["orders", "catalog"]),
        is_change=st.booleans(),
    ),
    max_size=30,
)


@given(DEPLOYMENTS, st.randoms(use_true_random=False))
def test_the_figures_agree_with_each_other(runs: list[Deployment], random: Any) -> None:
    """The pipelines add up to the whole, the weeks to the window; the order does not matter."""
    found = figures(runs, FOUR_WEEKS)
    assert found.all.live == sum(each.live for each in found.pipelines)
    for each in (found.all, *found.pipelines):
        rate, recovery = each.change_fail_rate, each.recovery
        assert each.live == sum(week.live for week in each.weeks)
        assert rate.of == sum(week.deployments for week in each.weeks)
        assert rate.count == sum(each.failed_by.values()) == sum(week.failed for week in each.weeks)
        assert rate.count == recovery.open + (recovery.spread.count if recovery.spread else 0)
        assert each.rework_rate.count <= rate.of
        assert rate.of - each.live == each.failed_by.get(Cause.NOT_SUCCEEDED, 0)
        known = each.lead_time.known
        assert known.count == sum(each.lead_time.by_source.values()) <= known.of <= each.live
        for spread in filter(None, (each.lead_time.spread, recovery.spread)):
            assert timedelta() <= spread.median <= spread.p90
    times = {each.ended_at for each in runs}
    if len(times) == len(runs):
        assert figures(random.sample(runs, len(runs)), FOUR_WEEKS) == found


@given(DEPLOYMENTS)
def test_an_older_run_changes_nothing_of_a_later_one(runs: list[Deployment]) -> None:
    """So a reader needs no runs from before the window."""
    inside = [each for each in runs if each.ended_at >= MONDAY]
    assert figures(inside, FOUR_WEEKS) == figures(runs, FOUR_WEEKS)


@pytest.mark.parametrize("later", ["live", "failed", "harmless", "unknown"])
def test_another_release_does_not_make_a_deployment_fail(later: str) -> None:
    """Only a rollback of its own release, or a hotfix, does."""
    first = run("a", 1)
    others = (run("b", 2, later), run("z-rollback", 3, rolls_back="z"))
    assert judged([first, *others])[0] == Judged(deployment=first)
    assert judged([first, replace(others[1], rolls_back="a")])[0].cause is Cause.ROLLED_BACK


def test_a_long_history_is_judged_in_one_pass() -> None:
    """However many runs are later: the time grows with their number, not with its square."""

    class Watched(Deployment):
        """A run that counts how often it is looked at."""

        looks = 0

        def __getattribute__(self, name: str) -> Any:
            Watched.looks += 1
            return super().__getattribute__(name)

    count = 1000
    runs = [
        Watched(
            pipeline="orders",
            release_id=f"r{number}",
            ended_at=MONDAY + hours(number),
            outcome=Outcome.LIVE,
        )
        for number in range(count)
    ]
    assert len(judged(runs)) == count
    assert Watched.looks < 50 * count
