"""Median and spread of repeated measurements."""

import pytest

from tests.bench.samples import Sample, ratio


def test_one_slow_run_moves_the_mean_only() -> None:
    """The median and the quartiles describe the ordinary runs."""
    sample = Sample.of([3, 1, 2, 100, 4])
    assert sample.median == 3
    assert sample.quartiles == (2, 4)
    assert sample.mean == 22


def test_the_quartiles_of_an_even_count_lie_between_values() -> None:
    """The quartiles are those of the values themselves, not of a larger population."""
    assert Sample.of([1, 2, 3, 4]).quartiles == (1.75, 3.25)


def test_one_value_has_no_spread() -> None:
    """A single run can be shown."""
    assert Sample.of([7]).quartiles == (7, 7)


def test_no_value_is_an_error() -> None:
    """A benchmark that measured nothing does not print a table."""
    with pytest.raises(ValueError, match="at least one"):
        Sample.of([])


def test_seconds_are_shown_as_milliseconds() -> None:
    """Every number is scaled and rounded."""
    assert Sample.of([0.25, 0.5, 1.75]).show(scale=1000) == "500 (375 to 1,125)"


def test_a_ratio_compares_medians() -> None:
    """The slow run of one sample does not change the ratio."""
    assert ratio(Sample.of([4, 4, 400]), Sample.of([2, 2, 2])) == 2
