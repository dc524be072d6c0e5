"""Times on the pages, in UTC, and how long ago they were."""

from datetime import timedelta

import pytest

from release_machine.dashboard.pages.times import age, ago, clock, moment, until
from release_machine.report.markup import Markup
from tools.operator.tests.samples.dashboard_samples import NOW


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "under a minute"),
        (59, "under a minute"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_an_age_is_in_its_largest_unit(seconds: int, said: str) -> None:
    """It is rounded down, so the page changes at most once a minute."""
    assert age(timedelta(seconds=seconds)).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_time_has_a_machine_form_and_a_whole_form() -> None:
    """The script and a reader find the exact moment."""
    for made in (clock(NOW), moment(NOW), ago(NOW, NOW), until(NOW, NOW)):
        assert isinstance(made, Markup)
        assert 'datetime="2026-11-22T22:42:40Z"' in made.html
        assert 'title="2026-11-22 22:42:40 UTC"' in made.html
    assert ">22:42:40<" in str(clock(NOW))
    assert ">22 Nov, 22:42<" in str(moment(NOW))


def test_no_time_is_nothing() -> None:
    """What has not happened has no time."""
    assert (clock(None), moment(None), ago(None, NOW), until(None, NOW)) == (None,) * 4
