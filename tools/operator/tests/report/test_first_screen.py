"""The first screen of the report in a browser: what failed first, where, why, and the way there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from release_machine.report import html
from release_machine.report.causes import broken
from release_machine.report.markup import is_web_address
from release_machine.text.console_links import pipeline_execution
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.asking_release import asking_snapshot
from tools.operator.tests.samples.bucket_release import from_buckets
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.failing_release import sixty
from tools.operator.tests.samples.made_release import REGION
from tools.operator.tests.samples.page_checks import DESK, SMALL, TABLET, check_arns, first_screen

PHONE_SCREEN, DESK_SCREEN = (360, 740), (1280, 800)
on_each_screen = pytest.mark.parametrize("screen", [PHONE_SCREEN, DESK_SCREEN])
FAILED = (samples.failed, samples.hotfix, sixty, from_buckets)
with_arns = pytest.mark.parametrize(
    "sample", [samples.failed, sixty, asking_snapshot, samples.running]
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all pages."""
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def page_of(sample: samples.Sample, folder: Path) -> Path:
    """The report of a sample in a file."""
    page = folder / f"{sample.__name__}.html"
    page.write_text(html(sample(), console_region=REGION), encoding="utf-8")
    return page


@on_each_screen
@pytest.mark.parametrize("sample", FAILED)
def test_the_first_cause_is_on_the_first_screen(
    chromium: Chromium, tmp_path: Path, sample: samples.Sample, screen: tuple[int, int]
) -> None:
    """Pipeline, stage, action and reason are there once, with the page that shows more."""
    width, height = screen
    text, links = first_screen(chromium, page_of(sample, tmp_path), width=width, height=height)
    first = broken(sample().release)[0]
    failure = first.failure
    assert failure is not None
    where = f"Stage {failure.stage} · action {failure.action}"
    assert f"{first.name} failed" in text
    assert text.count(where) == 1
    reason = "".join(failure.message.split())
    assert "".join(text.split()).count(reason) == 1
    page = pipeline_execution(first.name, first.execution_id, region=REGION)
    assert page in links
    if failure.link and is_web_address(failure.link):
        assert failure.link in links
    if screen == DESK_SCREEN:
        assert f"release-machine retry {sample().release.release_id}" in text


@on_each_screen
def test_further_failures_are_counted(
    chromium: Chromium, tmp_path: Path, screen: tuple[int, int]
) -> None:
    """They are named with links to their reasons, and so is what was skipped."""
    width, height = screen
    page = page_of(sixty, tmp_path)
    text, links = first_screen(chromium, page, width=width, height=height)
    assert "shop-41-service failed first" in text
    assert "2 more did not succeed : shop-07-service , shop-23-service" in text
    assert {"#failure-7", "#failure-23"} <= set(links)


@on_each_screen
def test_the_question_is_on_the_first_screen(
    chromium: Chromium, tmp_path: Path, screen: tuple[int, int]
) -> None:
    """Of a release that waits for people, it has what they are asked."""
    width, height = screen
    page = page_of(asking_snapshot, tmp_path)
    text, _ = first_screen(chromium, page, width=width, height=height)
    assert "go-live waits for 1 more approval (1 of 2 given)" in text
    assert "See the report of the load test." in text


def test_the_timeline_of_a_success_begins_on_the_first_screen(
    chromium: Chromium, tmp_path: Path
) -> None:
    """Where nothing is to be done, the picture comes first; the facts are folded."""
    page = page_of(samples.good, tmp_path)
    text, _ = first_screen(chromium, page, width=DESK, height=800)
    assert "Timeline 2026-11-22 22:02:40 to 22:15:23 UTC, 12m 43s" in text
    assert "StartExecution" not in text
    assert "arn:" not in text


@with_arns
@pytest.mark.parametrize("width", [SMALL, 360, TABLET, DESK])
def test_no_arn_breaks_in_a_word(
    chromium: Chromium, tmp_path: Path, sample: samples.Sample, width: int
) -> None:
    """A line ends after a slash or a colon, on every screen."""
    assert check_arns(chromium, page_of(sample, tmp_path), width=width) > 20


@pytest.mark.parametrize("width", [360, DESK])
def test_a_short_failure_is_visible_in_the_timeline(
    chromium: Chromium, tmp_path: Path, width: int
) -> None:
    """Two seconds in 25 minutes have a sign of their own, with the word beside it."""
    chromium.show(page_of(sixty, tmp_path), width=width, height=800, scheme="light")
    row = "document.querySelector('.gantt .bar[aria-label^=\"shop-41-service\"]')"
    sizes = chromium.evaluate(
        f"[...{row}.querySelectorAll('.end .icon, .end text')]"
        ".map((each) => each.getBoundingClientRect())"
        ".map(({width, height, left, right}) => [width, height, left, right])"
    )
    assert len(sizes) == 2
    for wide, high, left, right in sizes:
        assert wide >= 12
        assert high >= 12
        assert left >= 0
        assert right <= width
    assert chromium.evaluate(f"{row}.querySelector('.end text').textContent") == "failed"


@pytest.mark.parametrize("sample", [samples.failed, samples.cancelled, samples.twelve, sixty])
def test_durations_agree(chromium: Chromium, tmp_path: Path, sample: samples.Sample) -> None:
    """Head and caption have the same duration, and so have the bars and rows of each pipeline."""
    chromium.show(page_of(sample, tmp_path), width=DESK, height=800, scheme="light")
    took, caption = chromium.evaluate(
        "['.took', '#timeline figcaption'].map((each) => document.querySelector(each).innerText)"
    )
    assert took.removeprefix("in ") in caption
    bars = chromium.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#timeline .gantt li:not(.idle)')].map("
        "(each) => [each.querySelector('.name').innerText, each.querySelector('.time').innerText]))"
    )
    rows = chromium.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#pipelines tbody tr')].map("
        "(each) => [each.querySelector('th').innerText, each.querySelector('.number').innerText]))"
    )
    assert len(bars) > 1
    assert bars == {name: time for name, time in rows.items() if time}
