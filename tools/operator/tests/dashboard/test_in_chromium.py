"""Every page of the dashboard in a browser: phone and desk, both colour schemes, the policy."""

import pytest

from tools.operator.tests.samples import dashboard_pages
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.page_checks import DESK, FAINT, PHONE, TABLET, WIDTH
from tools.operator.tests.samples.page_server import PageServer

PATHS = list(dashboard_pages.documents())
SMALL, WIDE, HEIGHT = 360, 1440, 844
# The rows in which the boxes of the contents of two cells have more than a pixel in common.
OVERLAPS = """
(() => {
  const box = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  };
  const common = (one, other) => one.width && other.width
    && Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1;
  const rows = [...document.querySelectorAll('tbody tr:not([hidden])')];
  const found = rows.filter((row) => {
    const boxes = [...row.children].map(box);
    return boxes.some((one, at) => boxes.slice(at + 1).some((other) => common(one, other)));
  });
  return {rows: rows.length, found: found.map((row) => row.innerText)};
})()
"""
# The texts that stand in a column of a few letters, as beside something too wide.
SQUEEZED = """
(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim();
    if (text.length < 6 || !node.parentElement.checkVisibility()) continue;
    if (node.parentElement.closest('caption, .unseen')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
    if (lines.size > 2 && text.length / lines.size < 4) found.push(text);
  }
  return found;
})()
"""
every_page = pytest.mark.parametrize("path", PATHS)


@every_page
@pytest.mark.parametrize("width", [SMALL, PHONE, TABLET, WIDE])
def test_no_page_scrolls_sideways(
    chromium: Chromium, served: PageServer, path: str, width: int
) -> None:
    """At any width the page fits the screen, with everything unfolded; the policy holds."""
    chromium.visit(f"{served.address}{path}", width=width, height=HEIGHT)
    chromium.evaluate("document.querySelectorAll('details').forEach((each) => {each.open = true})")
    wide, screen = chromium.evaluate(WIDTH)
    assert wide == screen <= width
    assert chromium.complaints == []
    assert {each.partition("/static")[0] for each in chromium.requests} <= {
        served.address,
        f"{served.address}{path}",
    }


@every_page
@pytest.mark.parametrize("width", [SMALL, PHONE, TABLET, DESK, WIDE])
def test_no_text_is_squeezed(chromium: Chromium, served: PageServer, path: str, width: int) -> None:
    """No text stands in a column of single letters beside buttons or other wide things."""
    chromium.visit(f"{served.address}{path}", width=width, height=HEIGHT)
    assert chromium.evaluate(SQUEEZED) == []


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_text_has_enough_contrast(
    chromium: Chromium, served: PageServer, path: str, width: int, scheme: str
) -> None:
    """In both colour schemes each text has the contrast of WCAG (level AA)."""
    chromium.visit(f"{served.address}{path}", width=width, height=HEIGHT, scheme=scheme)
    answer = chromium.evaluate(FAINT)
    assert answer["seen"] > 10
    assert answer["found"] == []


@pytest.mark.parametrize("width", [SMALL, PHONE, TABLET, DESK])
@pytest.mark.parametrize("path", ["/estate", "/history", "/metrics", "/rollback"])
def test_no_cells_of_a_row_overlap(
    chromium: Chromium, served: PageServer, path: str, width: int
) -> None:
    """The text of a cell never lies on that of its neighbour."""
    chromium.visit(f"{served.address}{path}", width=width, height=HEIGHT)
    answer = chromium.evaluate(OVERLAPS)
    assert answer["rows"] > 1
    assert answer["found"] == []


def test_injected_styles_and_scripts_do_nothing(chromium: Chromium, served: PageServer) -> None:
    """The policy of the server refuses whatever is inline."""
    smuggled = "<style>body{display:none}</style><script>document.title='run'</script>"
    served.pages["/smuggled"] = served.pages["/quiet"].replace("</main>", f"{smuggled}</main>")
    chromium.visit(f"{served.address}/smuggled", width=DESK, height=HEIGHT)
    assert chromium.evaluate("getComputedStyle(document.body).display") == "block"
    assert chromium.evaluate("document.title") == "Estate · release-machine"
    assert len(chromium.complaints) == 2


def test_the_first_screen_of_a_phone_names_what_failed(
    chromium: Chromium, served: PageServer
) -> None:
    """Without scrolling a phone shows the failed pipeline, its place and its reason."""
    chromium.visit(f"{served.address}/estate", width=PHONE, height=HEIGHT)
    bottom = chromium.evaluate(
        "document.querySelector('.attention li').getBoundingClientRect().bottom"
    )
    assert bottom < HEIGHT


def test_nothing_moves_by_itself(chromium: Chromium, served: PageServer) -> None:
    """No part of a page is animated, so prefers-reduced-motion has nothing to reduce."""
    for path in PATHS:
        chromium.visit(f"{served.address}{path}", width=DESK, height=HEIGHT)
        assert chromium.evaluate("document.getAnimations().length") == 0


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    chromium: Chromium, served: PageServer
) -> None:
    """Tab goes through the page in its order: the skip link first, each with a visible outline."""
    chromium.visit(f"{served.address}/quiet", width=DESK, height=HEIGHT)
    seen = []
    for _ in range(9):
        chromium.press("Tab", code=9)
        text, style, width = chromium.evaluate(
            """(() => {
              const here = document.activeElement, style = getComputedStyle(here);
              const words = here.innerText || here.value || here.id;
              return [words, style.outlineStyle, parseFloat(style.outlineWidth)];
            })()"""
        )
        seen.append(text)
        assert style != "none", text
        assert width >= 1, text
    assert seen[:6] == [
        "Skip to the content",
        "release-machine",
        "Estate",
        "Approvals",
        "History",
        "DORA",
    ]
    assert seen[6:8] == ["filter", "Filter"]


def test_the_skip_link_leads_to_the_content(chromium: Chromium, served: PageServer) -> None:
    """Tab and Enter bring the keyboard past the navigation."""
    chromium.visit(f"{served.address}/quiet", width=DESK, height=HEIGHT)
    chromium.press("Tab", code=9)
    chromium.press("Enter", code=13, text="\r")
    chromium.wait_until("document.activeElement.id === 'content'")
    chromium.press("Tab", code=9)
    assert chromium.evaluate("document.activeElement.id") == "filter"


def test_the_filter_hides_rows_while_a_person_types(chromium: Chromium, served: PageServer) -> None:
    """The script filters at once and keeps the text in the address."""
    chromium.visit(f"{served.address}/estate", width=DESK, height=HEIGHT)
    chromium.evaluate("document.getElementById('filter').focus()")
    chromium.type_text("web")
    shown = "[...document.querySelectorAll('[data-name]')].filter((row) => !row.hidden)"
    assert chromium.evaluate(f"{shown}.map((row) => row.dataset.name)") == [
        "shop-web-eu",
        "shop-web-us",
    ]
    assert chromium.evaluate("location.search") == "?name=web"
    chromium.type_text("x")
    assert chromium.evaluate(f"{shown}.length") == 0
    assert chromium.evaluate("document.querySelector('[data-none]').innerText") == (
        "No pipeline has this text in its name. Clear the filter to see all."
    )


def test_times_are_those_of_the_reader(chromium: Chromium, served: PageServer) -> None:
    """The script writes the times of the pages in the zone of the browser."""
    chromium.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    chromium.visit(f"{served.address}/history", width=DESK, height=HEIGHT)
    assert "07:36" in chromium.evaluate("document.querySelector('.history small time').innerText")
    chromium.call("Emulation.setTimezoneOverride", timezoneId="")
