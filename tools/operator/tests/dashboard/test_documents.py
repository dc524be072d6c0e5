"""Every page of the dashboard is valid, accessible HTML without anything inline."""

import pytest

from release_machine.dashboard import pages
from tools.operator.tests.samples import dashboard_pages, dashboard_samples
from tools.operator.tests.samples.dashboard_pages import NOTICE, document
from tools.operator.tests.samples.page_server import static
from tools.operator.tests.samples.report_reading import Page

CONTENTS = dashboard_pages.contents()
every_page = pytest.mark.parametrize("name", CONTENTS)


def page_of(name: str) -> Page:
    """A page of the samples."""
    content, current = CONTENTS[name]
    return Page(document(content, current=current))


@every_page
def test_nothing_is_inline(name: str) -> None:
    """The policy allows no style and no script in the page, so there is none."""
    page = page_of(name)
    assert page.all("script") == [{"src": "/static/dashboard.js", "defer": ""}]
    assert not page.all("style")
    for _, attributes in page.elements:
        assert not {each for each in attributes if each.startswith("on") or each == "style"}


@every_page
def test_ids_are_unique_and_are_what_refers_to_them(name: str) -> None:
    """A label, a description and a link lead to one element of the page."""
    page = page_of(name)
    ids = page.values("id")
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)
    wanted = [*page.values("aria-labelledby"), *page.values("aria-describedby")]
    wanted += page.values("for")
    wanted += [each[1:] for each in page.values("href") if each.startswith("#")]
    assert set(wanted) <= set(ids), set(wanted) - set(ids)


@every_page
def test_there_are_landmarks_and_one_title(name: str) -> None:
    """The page has a skip link, a navigation, one main part and one title."""
    page = page_of(name)
    first = next(found for tag, found in page.elements if tag == "a")
    assert first["href"] == "#content"
    assert [each["id"] for each in page.all("main")] == ["content"]
    assert "Pages" in [each.get("aria-label") for each in page.all("nav")]
    assert len(page.all("h1")) == 1
    assert page.values("lang") == ["en"]


@every_page
def test_the_script_finds_the_title_and_the_icon(name: str) -> None:
    """The content names the title and the icon of the tab, and that icon exists."""
    (about,) = [found for _, found in page_of(name).elements if "data-title" in found]
    assert about["data-title"]
    assert static(f"{about['data-tone']}.svg").startswith(b"<svg")


@every_page
def test_every_table_has_headers(name: str) -> None:
    """A table has a caption, and headers of its columns and rows."""
    page = page_of(name)
    scopes = page.values("scope")
    tables = len(page.all("table"))
    assert len(page.all("caption")) == tables
    assert ("col" in scopes and "row" in scopes) == bool(tables)


@every_page
def test_every_field_has_a_label(name: str) -> None:
    """A field that a person fills has a label by its id, or is in one."""
    page = page_of(name)
    labels = page.values("for")
    fields = [*page.all("input"), *page.all("textarea")]
    named = [each for each in fields if each.get("id") in labels]
    within = [each for each in fields if "id" not in each and each.get("type") != "hidden"]
    hidden = [each for each in fields if each.get("type") == "hidden"]
    assert len(named) + len(within) + len(hidden) == len(fields)


def test_the_current_tab_is_marked() -> None:
    """The navigation says where the reader is."""
    (here,) = [each for each in page_of("history").all("a") if each.get("aria-current") == "page"]
    assert here["href"] == "/history"


def test_a_page_with_a_stream_names_it_and_the_time_of_the_read() -> None:
    """The script takes the stream from the page; without the script the time says how old it is."""
    content, _ = CONTENTS["quiet"]
    page = Page(document(content, stream="/events/", notice=NOTICE))
    assert page.all("body")[0]["data-stream"] == "/events/"
    assert "As of 22:42:40 UTC" in page.text
    assert NOTICE in page.text
    still = Page(document(content))
    assert "data-stream" not in still.all("body")[0]
    assert "As of" not in still.text


def test_the_foot_says_who_looks_and_what_the_dashboard_may_do() -> None:
    """A reader knows with which identity and rights the pages were read."""
    content, _ = CONTENTS["quiet"]
    read_only = Page(document(content)).text
    assert "OnCall/bob@example.com" in read_only
    assert "This dashboard only reads." in read_only
    acting = Page(document(content, site=dashboard_samples.ACTING)).text
    assert "This dashboard may change releases." in acting


def test_a_page_before_the_first_read_says_so() -> None:
    """A page that is not read yet appears by itself."""
    text = page_of("unread").text
    assert "Reading …" in text
    assert "appears by itself" in text


def test_trouble_is_said_with_its_age_and_what_to_do() -> None:
    """When reads fail, the page keeps what it knew, and does not claim that all is quiet."""
    text = page_of("trouble").text
    assert "Not up to date since 22 Nov, 22:42" in text
    assert "Sign in again: aws sso login." in text
    assert "All is quiet" not in text
    assert "catalog" in text


def test_a_bare_page_is_whole_without_the_deployment() -> None:
    """It has a title and leads on, without navigation, foot and script."""
    page = Page(pages.bare_document("Gone", pages.message("Gone", "It is not there.", None)))
    assert [each["id"] for each in page.all("main")] == ["content"]
    assert len(page.all("h1")) == len(page.all("title")) == 1
    assert not [*page.all("nav"), *page.all("footer"), *page.all("script")]


def test_a_message_has_a_way_on() -> None:
    """An error page says what is wrong, what to do, and leads back."""
    page = Page(document(pages.message("Gone", "It is not there.", None)))
    assert "It is not there." in page.text
    assert "Go to the estate" in page.text
