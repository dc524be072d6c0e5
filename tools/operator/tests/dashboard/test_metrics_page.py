"""The page of DORA's metrics: numbers, trends, and what they cover."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from release_machine.dashboard import pages
from release_machine.dashboard.pages.charts import LEAST, Bar, bars, progress
from release_machine.dashboard.pages.figure_tiles import frequency, lasted, percent
from release_machine.dashboard.state import Metrics
from release_machine.dora.figures import LeadTime, Rate
from tools.operator.tests.samples import dashboard_samples as samples
from tools.operator.tests.samples.dashboard_pages import document, seen
from tools.operator.tests.samples.report_reading import Page


def page_of(found: Metrics) -> Page:
    """The page of the metrics."""
    return Page(document(pages.metrics(samples.SITE, found.days, seen(found))))


def test_the_five_metrics_are_there_with_their_trend() -> None:
    """Each metric has a number, what it is made of, and a chart that says the same in words."""
    page = page_of(samples.metrics())
    for title in (
        "Deployment frequency",
        "Change lead time",
        "Change fail rate",
        "Recovery time",
        "Rework rate",
    ):
        assert title in page.text
        assert any(
            each.startswith(f"{title} by week: week of ") for each in page.values("aria-label")
        )
    assert "1.2 a day" in page.text
    assert "107 deployments succeeded" in page.text
    assert "9 of 116 deployments: 9 did not succeed" in page.text


def test_the_coverage_is_said() -> None:
    """A reader learns for how many deployments a commit has a time, and from where."""
    text = page_of(samples.metrics()).text
    assert "107 of 116 deployments succeeded, in " in text  # of releases that shipped something
    assert "Lead time is known for 94 of 107 deployments with a change" in text
    assert "79 by the time of the commit, 15 by the time of the object in S3" in text


def test_a_pipeline_without_a_known_time_says_so() -> None:
    """What is not known is not 0."""
    text = page_of(samples.metrics()).text
    assert re.search("web 13 .* unknown 7 % 6 d 0 %", text)


def test_a_pipeline_without_a_change_has_no_lead_time() -> None:
    """Nothing is missing there, so it is not unknown."""
    dora = samples.metrics().dora
    (web,) = [each for each in dora.pipelines if each.pipeline == "web"]
    nothing = Rate(count=0, of=0)
    none = replace(
        web,
        lead_time=LeadTime(spread=None, known=nothing),
        change_fail_rate=nothing,
        rework_rate=nothing,
    )
    all_of_it = replace(dora.all, lead_time=none.lead_time)
    found = replace(dora, all=all_of_it, pipelines=(none,))
    page = page_of(replace(samples.metrics(), dora=found))
    assert "web 13" in page.text
    assert "Change lead time none no deployment has a change" in page.text
    assert "unknown" not in page.text


def test_a_window_without_deployments_says_what_to_do() -> None:
    """An empty window offers a longer one."""
    page = page_of(samples.nothing_deployed())
    assert "Nothing was deployed in this time" in page.text
    assert "/metrics?days=90" in page.values("href")
    (here,) = [each for each in page.all("a") if each.get("aria-current") == "true"]
    assert here["href"] == "/metrics?days=7"


@pytest.mark.parametrize(
    ("per_day", "said"),
    [(3.04, "3.0 a day"), (0.5, "3.5 a week"), (1 / 7, "1.0 a week"), (0.1, "3.0 a month")],
)
def test_a_frequency_has_the_unit_that_fits(per_day: float, said: str) -> None:
    """A frequency below one is said of a longer time."""
    assert frequency(per_day) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.5, "under 1 min"), (12, "12 min"), (125, "2 h 5 min"), (1440, "1 d"), (1565, "1 d 2 h")],
)
def test_a_period_has_its_two_largest_units(minutes: float, said: str) -> None:
    """Minutes are left out of days."""
    assert lasted(timedelta(minutes=minutes)) == said


def test_an_unknown_share_is_not_zero() -> None:
    """Of nothing there is no share."""
    assert (percent(None), percent(0), percent(0.125)) == ("unknown", "0 %", "12 %")


def test_bars_show_values_and_their_bad_part() -> None:
    """The largest value has the whole height; a small one is still seen; nothing is a line."""
    drawn = bars(
        [
            Bar(value=0, words="none"),
            Bar(value=1, words="one"),
            Bar(value=100, bad=50, words="many"),
        ],
        about="bars",
        height=40,
    )
    heights = [float(each["height"]) for each in Page(drawn.html).all("rect")]
    assert heights == [1, LEAST, 20, 20]
    kinds = [each["class"] for each in Page(drawn.html).all("rect")]
    assert kinds == ["none", "all", "all", "bad"]


def test_progress_has_a_part_for_each_kind() -> None:
    """What succeeded is left, what waits is right, and the label has the numbers."""
    drawn = Page(progress(["WAITING", "SUCCEEDED", "FAILED", "SUCCEEDED"]).html)
    assert [each["class"] for each in drawn.all("rect")] == [
        "share good",
        "share bad",
        "share wait",
    ]
    assert [each["width"] for each in drawn.all("rect")] == ["50%", "25%", "25%"]
    assert drawn.values("aria-label") == ["1 WAITING, 2 SUCCEEDED, 1 FAILED"]
