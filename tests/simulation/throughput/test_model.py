"""The model of throughput keeps the laws of its quotas, and names what limits it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.decide.timing import START_PACE, THROTTLED_PATIENCE
from tests.simulation.throughput import quotas as one
from tests.simulation.throughput.model import Bucket, Load, Outcome, simulate
from tests.simulation.throughput.quotas import QUOTAS, Limits, Name, Quota

SMALL = Load(pipelines=60, minutes=5)
ALL_SHARED = [name for name, quota in QUOTAS.items() if not quota.of_release]


def bucket_of(per_second: float, burst: float) -> Bucket:
    return Bucket(
        Quota(per_second=per_second, burst=burst, takes=1, source="a test", moved_by="a test")
    )


def outcome_with(waited: dict[Name, float]) -> Outcome:
    return Outcome(
        opened=0, started=0, closed=0, refused=0, not_started=0, for_function=0, waited=waited
    )


@given(
    per_second=st.floats(0.1, 50),
    burst=st.integers(1, 40),
    requests=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 20)), min_size=1, max_size=60),
)
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(
    per_second: float, burst: int, requests: list[tuple[float, int]]
) -> None:
    """Until any moment, the tokens given are at most burst + rate * time."""
    bucket, now, given_at = bucket_of(per_second, burst), 0.0, []
    for pause, tokens in requests:
        now += pause
        given_at.append((bucket.reserve(now, tokens), tokens))
    for moment, _ in given_at:
        given_by_then = sum(tokens for time, tokens in given_at if time <= moment)
        assert given_by_then <= burst + per_second * moment + 1e-6


@given(st.lists(st.floats(0, 5), min_size=1, max_size=80))
def test_a_bucket_refuses_what_it_would_have_to_borrow(pauses: list[float]) -> None:
    """A request that does not wait gets a token only when burst and rate have one."""
    bucket, now, taken = bucket_of(0.5, 3), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take_one(now)
        assert taken <= 3 + 0.5 * now + 1e-6


def test_a_bucket_keeps_no_more_than_its_burst() -> None:
    """After a long rest there are as many tokens as the burst has."""
    bucket = bucket_of(1, 3)
    assert [bucket.take_one(1_000) for _ in range(5)] == [True, True, True, False, False]


def test_a_bucket_serves_requests_in_their_order() -> None:
    """Each request waits for those that came before it."""
    bucket = bucket_of(2, 1)
    assert [bucket.reserve(0, 1) for _ in range(3)] == [0, 0.5, 1]


def test_the_bottleneck_is_what_was_waited_for_longest() -> None:
    """The name is that of the longest wait, and the share is of all waiting."""
    outcome = outcome_with({Name.EVENT: 1, Name.TOKEN: 6, Name.LOOK: 3})
    assert outcome.bottleneck == (Name.TOKEN, 0.6)


def test_without_any_wait_there_is_no_bottleneck() -> None:
    """A wait of 0 seconds names no quota."""
    assert outcome_with({Name.EVENT: 0}).bottleneck is None


@pytest.mark.parametrize("name", QUOTAS)
def test_a_quota_that_is_scarce_becomes_the_bottleneck(name: Name) -> None:
    """With one quota a thousandth of itself and starts without a limit, its name is reported."""
    limits = Limits().times(1_000, Name.START).times(1e-3 if name != Name.START else 1e-6, name)
    found = simulate(SMALL, limits).bottleneck
    assert found is not None
    assert found[0] == name


def test_twice_a_quota_that_nothing_waits_for_changes_nothing() -> None:
    """Only what is waited for makes a difference."""
    before = simulate(SMALL, Limits())
    idle = [name for name in QUOTAS if not before.waited.get(name)]
    assert Name.EVENT in idle
    for name in idle:
        assert simulate(SMALL, Limits().times(2, name)) == before


def test_twice_the_bottleneck_is_faster() -> None:
    """StartPipelineExecution limits a flat release; with twice the rate it starts sooner."""
    before, after = simulate(SMALL, Limits()), simulate(SMALL, Limits().times(2, Name.START))
    assert before.bottleneck
    assert before.bottleneck[0] == Name.START
    assert after.started < before.started * 0.7


@pytest.mark.parametrize("deployments", [1, 3, 10])
def test_deployments_share_the_starts_of_their_region(deployments: int) -> None:
    """However many deployments start pipelines, the account and Region start no faster."""
    load = replace(SMALL, deployments=deployments)
    quota = QUOTAS[Name.START]
    assert simulate(load, Limits()).started >= (60 - quota.burst) / quota.per_second


def test_each_release_has_a_partition_of_its_own() -> None:
    """Two releases write twice as fast as one, if partitions are what limits them."""
    limits = Limits().times(1_000, *ALL_SHARED).times(1e-3, Name.WRITE)
    one_release = simulate(SMALL, limits)
    two_releases = simulate(replace(SMALL, deployments=2), limits)
    assert two_releases.started < one_release.started * 0.6


def test_one_function_at_a_time_works_one_after_the_other() -> None:
    """The time is at least that of all invocations together."""
    limits = replace(Limits().times(1_000, Name.START), functions=1)
    found = simulate(SMALL, limits)
    assert found.closed >= 60 * (one.BEGIN_SECONDS + one.END_SECONDS)
    assert found.bottleneck
    assert found.bottleneck[0] == Name.FUNCTION
    assert found.for_function > 10


def test_a_limit_of_the_release_is_kept() -> None:
    """With five pipelines at a time, twelve turns take at least as long as twelve short runs."""
    found = simulate(SMALL, replace(Limits(), max_concurrency=5))
    assert found.closed >= 60 / 5 * (SMALL.minutes * 60 / 2)
    assert found.bottleneck
    assert found.bottleneck[0] == Name.SLOT


def test_a_pipeline_that_is_refused_for_too_long_is_not_started() -> None:
    """Starts that AWS refuses for longer than the code is patient are counted, and no others."""
    minutes = THROTTLED_PATIENCE.total_seconds() / 60
    quota = replace(QUOTAS[Name.START], per_second=0.1 / 60, burst=1)
    slow = Limits(quotas={**QUOTAS, Name.START: quota})
    found = simulate(Load(pipelines=100), slow)
    assert 0 < 100 - found.not_started <= 2 + 0.1 * minutes
    assert simulate(Load(pipelines=10), slow).not_started == 0


def test_throttled_starts_take_turns() -> None:
    """Once a first round was refused, a release tries no more starts than there are turns."""
    found = simulate(Load(pipelines=100), Limits())
    assert 0 < found.refused <= 100 + found.started / START_PACE.total_seconds()


def test_a_release_opens_before_it_starts_and_closes_after() -> None:
    """All pipelines of all releases end."""
    found = simulate(replace(SMALL, deployments=7), Limits())
    assert 0 < found.opened < found.started < found.closed
    assert found.not_started == 0


def test_a_seed_repeats_the_outcome() -> None:
    """The same seed gives the same numbers, another seed others."""
    assert simulate(SMALL, Limits(), seed=7) == simulate(SMALL, Limits(), seed=7)
    assert simulate(SMALL, Limits(), seed=7) != simulate(SMALL, Limits(), seed=8)


def test_the_pipelines_are_divided_among_the_deployments() -> None:
    """Each deployment has one release, and they have about the same size."""
    assert Load(pipelines=11, deployments=3).releases == [4, 4, 3]


def test_the_parts_of_a_pipelines_cost_are_the_whole() -> None:
    """What the steps of the model take is what a pipeline takes in all."""
    calls = one.BEGIN_WRITES + one.BEGIN_READS + one.END_WRITES + one.END_READS
    assert calls == one.DYNAMODB_CALLS
    assert one.OPENING_LOOKS + one.STARTS + one.END_LOOKS == one.CODEPIPELINE_CALLS
    assert min(one.BEGIN_READS, one.END_READS, one.BEGIN_WRITES, one.END_WRITES, one.END_LOOKS) > 0
