"""Durations in the report."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.report import html
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
        (3605, "1h 00m 05s", "1 h 5 s"),
        (3912, "1h 05m 12s", "1 h 5 min 12 s"),
        (183_912, "2d 3h 05m", "2 d 3 h 5 min"),
    ],
)
def test_no_duration_looks_like_a_time_of_day(seconds: float, written: str, in_words: str) -> None:
    """A duration has units, down to the second, from a day on down to the minute."""
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
    assert "in 12m 43s " in text
    running = read(samples.running()).text
    assert running.count(" 7m 49s ") == 4
    assert "1h 52m 09s left" in running


def test_only_times_of_day_have_colons() -> None:
    """Only times of day have colons; durations do not."""
    text = with_release(samples.twelve(), audit=()).text
    assert " 9:29" not in text
    assert " 11:58" not in text


def test_durations_agree_with_the_times_beside_them() -> None:
    """All durations are differences of whole seconds, so parts of a second do not add up."""
    assert brief(moment(0.9), moment(3.1)) == "3s"
    assert spelled(moment(0.9), moment(3.1)) == "3 s"


@pytest.mark.parametrize(
    "sample", [samples.good, samples.cancelled, samples.resumed, samples.running]
)
def test_head_and_timeline_agree(sample: samples.Sample) -> None:
    """They have the same duration, also with parts of a second, and whatever ended later."""
    seen = sample()
    opened, closed = seen.release.opened_at, seen.release.closed_at
    changed = replace(
        seen.release,
        opened_at=opened + timedelta(milliseconds=900),
        closed_at=closed and closed + timedelta(milliseconds=100),
    )
    page = html(replace(seen, release=changed))
    (took,) = re.findall('class="took">(?:in|for) ([^<,]+)', page)
    timeline = page[page.index('id="timeline"') :]
    (drawn, *_) = re.findall("<figcaption>[^<]+ UTC, ([^<;]+)", timeline)
    assert took == drawn


def test_a_pipeline_that_ends_after_the_release() -> None:
    """The caption of the timeline says so, and its duration is that of the release."""
    text = read(samples.cancelled()).text
    caption = "22:02:40 to 22:04:40 UTC, 2m 00s; the last pipeline ended at 22:05:01"
    assert caption in text
