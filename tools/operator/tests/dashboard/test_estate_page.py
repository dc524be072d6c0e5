"""The page of the estate: trouble first, what moves, and what is live."""

from dataclasses import replace

import pytest

from release_core.domain.release import Failure, PipelineStatus
from release_machine.dashboard import pages
from release_machine.dashboard.pages.standing import places
from release_machine.dashboard.state import Overview
from release_machine.release.estate import EstatePipeline, LastFailure
from tools.operator.tests.samples import dashboard_samples as samples
from tools.operator.tests.samples.dashboard_pages import document, seen
from tools.operator.tests.samples.report_reading import Page


def page_of(overview: Overview, *, name: str = "") -> Page:
    """The page of an estate."""
    return Page(document(pages.estate(samples.SITE, seen(overview), name=name)))


def test_trouble_comes_first() -> None:
    """Failed pipelines are on top, then what cannot be read, what runs, is held and waits."""
    found = places(samples.forty().estate)
    states = list(dict.fromkeys(each.state for each in found))
    assert states == ["failed", "unread", "running", "held", "waiting", "unknown", "quiet"]
    assert len(found) == 40
    for state in states:
        names = [each.pipeline.name for each in found if each.state == state]
        assert names == sorted(names)


def test_what_needs_a_person_is_named_with_place_and_reason() -> None:
    """The first part of the page names failures and questions, in this order."""
    text = page_of(samples.forty()).text
    start = text.index("Needs a person")
    failure = text.index("shop-loyalty-eu failed in 2026.11.22-5 : Deploy → UpdateService", start)
    question = text.index("Go live with the new basket in both regions?", start)
    assert failure < question < text.index("Releases under way") < text.index("Live revision")
    assert "3 of 4 tasks did not become healthy" in text[failure:question]
    assert "expires in 1\N{NO-BREAK SPACE}h" in text.replace("  ", " ") or "expires" in text


def test_many_failures_are_counted() -> None:
    """Of many failures the first five are named, and the rest is counted."""
    failure = LastFailure(
        status=PipelineStatus.FAILED, at=samples.NOW, failure=Failure(message="no")
    )
    pipelines = tuple(EstatePipeline(name=f"p{number}", failure=failure) for number in range(9))
    quiet = samples.quiet()
    page = page_of(replace(quiet, estate=replace(quiet.estate, pipelines=pipelines)))
    assert "9 pipelines failed" in page.text
    assert "and 4 more" in page.text
    assert page.text.index("p4 failed") < page.text.index("and 4 more")


def test_a_pipeline_that_runs_again_is_not_called_failed() -> None:
    """While a pipeline runs again after a failure, it runs; that it failed is said beside it."""
    node = samples.questioned().pipelines["shop-web-eu"]
    node = replace(node, status=PipelineStatus.RUNNING)
    failure = LastFailure(status=PipelineStatus.FAILED, at=samples.NOW)
    pipeline = EstatePipeline(name="web", node=node, release_id="r-1", failure=failure)
    (place,) = places(replace(samples.quiet().estate, pipelines=(pipeline,)))
    assert (place.state, place.why) == ("running", "failed before")


def test_a_stopped_pipeline_is_no_failure() -> None:
    """What a person has stopped is said in its row, and needs nobody."""
    failure = LastFailure(
        status=PipelineStatus.STOPPED, at=samples.NOW, failure=Failure(message="wrong build")
    )
    quiet = samples.quiet()
    (first, *others) = quiet.estate.pipelines
    pipelines = (replace(first, failure=failure), *others)
    text = page_of(replace(quiet, estate=replace(quiet.estate, pipelines=pipelines))).text
    assert "catalog stopped wrong build" in text
    assert "failed" not in text
    assert "Needs a person" not in text


def test_a_reason_without_a_place_is_said_once() -> None:
    """A pipeline that could not be started has a reason and no stage."""
    failure = LastFailure(
        status=PipelineStatus.FAILED, at=samples.NOW, failure=Failure(message="no such revision")
    )
    quiet = samples.quiet()
    (first, *_) = quiet.estate.pipelines
    estate = replace(quiet.estate, pipelines=(replace(first, failure=failure),))
    text = page_of(replace(quiet, estate=estate)).text
    assert "catalog failed: no such revision Pipelines" in text


def test_releases_under_way_say_what_they_do() -> None:
    """A running release says what runs, failed or is asked; a waiting release what it waits for."""
    text = page_of(samples.forty()).text
    assert "runs shop-search-eu, shop-orders-eu" in text
    assert "shop-loyalty-eu did not succeed: Deploy → UpdateService" in text
    assert "waits for 1 more approval (1 of 2 given): go-live" in text
    assert "waits, number 1 shop-orders-eu is held by 2026.11.22-3" in text
    assert "waits, number 2 held until 23 Nov, 06:22" in text


def test_a_row_says_what_is_live_since_when_and_by_whom() -> None:
    """A row has the short revision with its message, the age, the release and the person."""
    page = page_of(samples.quiet())
    assert "652f550162 Retry the stock call once" in page.text
    assert "12\N{NO-BREAK SPACE}h ago 2026.11.20-1 alice@example.com" in page.text.replace(
        "12 h", "12\N{NO-BREAK SPACE}h"
    )
    whole = [each for each in page.values("title") if len(each) == 40]
    assert len(whole) == 6


def test_what_shipped_outside_a_release_is_said() -> None:
    """A revision that no release shipped has its execution and the person who started it."""
    assert "outside any release, 3c20bcb3 bob@example.com" in page_of(samples.forty()).text


def test_a_build_that_was_rolled_back_is_mentioned() -> None:
    """The row says that a newer revision was taken back."""
    assert "a newer revision was rolled back" in page_of(samples.forty()).text


def test_codepipeline_went_back_in_one_stage() -> None:
    """The row names the execution, and does not say that the whole pipeline went back."""
    overview = samples.forty()
    (web, *others) = overview.estate.pipelines
    assert web.live
    restored = replace(web, live=replace(web.live, restored_by="9f8e7d6c-0009"))
    estate = replace(overview.estate, pipelines=(restored, *others))
    text = page_of(replace(overview, estate=estate)).text
    assert "CodePipeline went back in one stage only, execution 9f8e7d6c" in text


def test_a_freeze_is_above_what_it_holds() -> None:
    """A freeze says what it covers, why, until when, and by whom."""
    text = page_of(samples.forty()).text
    assert "Frozen: shop-invoices-* , month end (ends" in text
    assert "23 Nov, 00:32 , by carol@example.com )" in text


def about(page: Page) -> dict[str, str]:
    """What the script takes from the content of a page."""
    (found,) = [each for _, each in page.elements if "data-title" in each]
    return found


@pytest.mark.parametrize(
    ("pipelines", "unread", "asked", "says"),
    [
        (6, (), None, "6 pipelines not readable"),
        (1, ("ListPipelines was refused.",), None, "1 pipeline not readable"),
        (0, ("ListPipelines was refused.",), None, "not everything could be read"),
        (0, (), "web could not be read.", "not everything could be read"),
    ],
    ids=("every pipeline", "one pipeline", "their list", "what waits for people"),
)
def test_what_could_not_be_read_is_not_called_quiet(
    pipelines: int, unread: tuple[str, ...], asked: str | None, says: str
) -> None:
    """The page counts it, also in the icon of the tab and for a screen reader."""
    quiet = samples.quiet()
    found = [replace(each, live=None, unread="refused") for each in quiet.estate.pipelines]
    known = (*found[:pipelines], *quiet.estate.pipelines[pipelines:])
    page = page_of(
        Overview(
            estate=replace(quiet.estate, pipelines=known, unread=unread),
            approvals=replace(quiet.approvals, unread=asked),
        )
    )
    assert says in page.text
    assert "quiet" not in page.text
    assert (about(page)["data-tone"], about(page)["data-says"]) == ("stop", says)


def test_an_estate_is_not_called_quiet_while_older_releases_are_searched() -> None:
    """One of these may ask people."""
    quiet = samples.quiet()
    page = page_of(replace(quiet, approvals=replace(quiet.approvals, searching=True)))
    assert "quiet" not in page.text
    says = "older releases are still being searched"
    assert (about(page)["data-tone"], about(page)["data-says"]) == ("wait", says)


def test_what_failed_comes_before_what_could_not_be_read() -> None:
    """Both are counted."""
    failure = LastFailure(status=PipelineStatus.FAILED, at=samples.NOW)
    quiet = samples.quiet()
    (first, second, *others) = quiet.estate.pipelines
    known = (replace(first, failure=failure), replace(second, unread="refused"), *others)
    page = page_of(replace(quiet, estate=replace(quiet.estate, pipelines=known)))
    assert about(page)["data-tone"] == "bad"
    assert about(page)["data-says"] == "1 pipeline failed; 1 pipeline not readable"


def test_a_list_that_could_not_be_read_is_not_called_empty() -> None:
    """Without the list nobody knows that there is no pipeline."""
    quiet = samples.quiet()
    estate = replace(quiet.estate, pipelines=(), unread=("ListPipelines was refused.",))
    text = page_of(replace(quiet, estate=estate)).text
    assert "ListPipelines was refused." in text
    assert "No pipeline is known yet" not in text


def test_the_filter_hides_rows_without_script() -> None:
    """With a text in the address only the pipelines are shown whose names contain it."""
    page = page_of(samples.forty(), name="Web")
    shown = [
        found["data-name"]
        for _, found in page.elements
        if "data-name" in found and "hidden" not in found
    ]
    assert shown == ["shop-web-eu", "shop-web-us"]
    (field,) = [each for each in page.all("input") if each["name"] == "name"]
    assert field["value"] == "Web"
    (none,) = [found for _, found in page.elements if "data-none" in found]
    assert "hidden" in none


def test_a_filter_without_a_match_says_so() -> None:
    """An empty table says that the filter is the reason."""
    page = page_of(samples.quiet(), name="nothing-like-this")
    (none,) = [found for _, found in page.elements if "data-none" in found]
    assert "hidden" not in none


def test_an_estate_without_pipelines_says_what_to_do() -> None:
    """A new deployment shows the command that starts."""
    quiet = samples.quiet()
    page = page_of(replace(quiet, estate=replace(quiet.estate, pipelines=())))
    assert "No pipeline is known yet" in page.text
    assert "release-machine submit manifest.json" in page.text


def test_the_title_counts_failures_and_the_changes_are_read_aloud() -> None:
    """A reader of another tab sees how many pipelines failed; a screen reader is told."""
    found = about(page_of(samples.forty()))
    assert found["data-title"] == "(2) Estate"
    assert found["data-tone"] == "bad"
    assert found["data-says"] == (
        "2 pipelines failed; 1 pipeline not readable; 2 approvals asked for; 3 releases running; "
        "2 releases waiting"
    )
