"""Durations in the report."""

from datetime import timedelta

import pytest

from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.report.durations import brief, in_brief, ran, spelled
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.made_release import moment
from tools.operator.tests.samples.report_reading import read, with_release


@pytest.mark.parametrize(
    ("seconds", "written", "in_words"),
    [
        (-1, "<1s", "less than 1 s"),
        (0.9, "<1s", "less than 1 s"),
        (7.9, "7s", "7 s"),
        (60, "1m 00s", "1 min"),
        (212, "3m 32s", "3 min 32 s"),
        (3605, "1h 00m", "1 h 5 s"),
        (3912, "1h 05m", "1 h 5 min 12 s"),
        (360_000, "100h 00m", "100 h"),
    ],
)
def test_no_duration_looks_like_a_time_of_day(seconds: float, written: str, in_words: str) -> None:
    """A duration has units: the two largest in brief, all of them in a sentence."""
    assert in_brief(timedelta(seconds=seconds)).replace("\xa0", " ") == written
    assert brief(moment(0), moment(seconds)).replace("\xa0", " ") == written
    assert spelled(moment(0), moment(seconds)) == in_words


def test_unknown_begin_or_end() -> None:
    """Without a begin or an end there is no duration."""
    for write in (brief, spelled):
        assert write(None, moment(0)) == write(moment(0), None) == ""


def test_the_duration_of_a_running_pipeline() -> None:
    """It lasts until the look; an ended pipeline without an end time has none."""
    running = Pipeline(name="a", position=0, status=PipelineStatus.RUNNING, started_at=moment(1))
    ended = Pipeline(name="a", position=0, status=PipelineStatus.STOPPED, started_at=moment(1))
    assert ran(running, moment(9)) == (moment(1), moment(9))
    assert ran(ended, moment(9)) == (moment(1), None)


def test_every_section_uses_these_formats() -> None:
    """Chart, graph, steps, table, critical path and deadline have the same format."""
    text = read(samples.good()).text
    assert text.count(" 4m 49s ") == 5
    assert "after 12 min 43 s " in text
    running = read(samples.running()).text
    assert running.count(" 7m 49s ") == 4
    assert "1h 52m left" in running


def test_only_times_of_day_have_colons() -> None:
    """Only times of day have colons; durations do not."""
    text = with_release(samples.twelve(), audit=()).text
    assert " 9:29" not in text
    assert " 11:58" not in text
