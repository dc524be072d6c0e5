"""What a release costs, and the formula of polling."""

import pytest

from tests.bench.usage import Loop, Usage

LOOP = Loop(wait_seconds=30, check_seconds=0, check_gb_seconds=0.5)
HALF_AN_HOUR = 1800


def test_every_kind_of_usage_has_its_list_price() -> None:
    """A million of each costs what the pricing pages say for a million."""
    million = 1_000_000
    prices = {
        "transitions": 25.0,
        "invocations": 0.20,
        "gb_seconds": 13.3334,
        "write_units": 0.625,
        "read_units": 0.125,
        "events": 1.0,
        "pipeline_reads": 0.0,
    }
    for kind, price in prices.items():
        assert Usage(**{kind: million}).dollars == pytest.approx(price), kind


def test_usages_add_up() -> None:
    """Every kind is added, not only those that cost money."""
    one = Usage(transitions=1, read_units=2.5, pipeline_reads=3)
    assert one + one == Usage(transitions=2, read_units=5, pipeline_reads=6)


def test_the_calls_are_those_of_both_services() -> None:
    """Starts and reads are calls, too."""
    assert Usage(dynamodb_calls=4, pipeline_starts=2, pipeline_reads=1, events=8).aws_calls == 7


def test_one_loop_reads_every_pipeline_in_each_round() -> None:
    """Half an hour has sixty rounds of three transitions."""
    usage = LOOP.per_release(20, HALF_AN_HOUR)
    assert (usage.transitions, usage.invocations) == (2 + 180, 61)
    assert (usage.pipeline_starts, usage.pipeline_reads) == (20, 1200)
    assert usage.gb_seconds == 30


def test_a_loop_for_each_pipeline_multiplies_the_transitions() -> None:
    """The reads of CodePipeline are the same."""
    usage = LOOP.per_pipeline(20, HALF_AN_HOUR)
    assert (usage.transitions, usage.invocations) == (1 + 20 * 182, 20 * 61)
    assert usage.pipeline_reads == 1200


def test_a_check_makes_the_round_longer() -> None:
    """With half a second for each check there are fewer rounds; one is the least."""
    loop = Loop(wait_seconds=2, check_seconds=0.5, check_gb_seconds=0)
    assert [loop.rounds(seconds) for seconds in (0, 2.5, 2.6, 10)] == [1, 1, 2, 4]


def test_polling_finds_an_end_after_half_a_wait() -> None:
    """The mean detection is half of the wait and the check."""
    loop = Loop(wait_seconds=30, check_seconds=0.5, check_gb_seconds=0)
    assert loop.detection_seconds() == 15.5
