"""The HTML report in a browser, on phone and desktop, in both colour schemes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from release_machine.release.model import Snapshot
from release_machine.report import html
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.made_release import REGION
from tools.operator.tests.samples.page_checks import (
    DESK,
    PHONE,
    SMALL,
    TABLET,
    WIDE,
    WIDTH,
    check_contrast,
    check_fit,
)

type Sample = Callable[[], Snapshot]

# The smallest width at which a table looks like a table.
TABLES = 961
every_sample = pytest.mark.parametrize("sample", samples.SAMPLES.values())


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all pages."""
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports, one for each sample."""
    folder = tmp_path_factory.mktemp("reports")
    for name, sample in samples.SAMPLES.items():
        page = html(sample(), console_region=REGION)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@every_sample
@pytest.mark.parametrize("width", [SMALL, PHONE, TABLET, TABLES, DESK, WIDE])
def test_the_page_never_scrolls_sideways(
    chromium: Chromium, folder: Path, sample: Sample, width: int
) -> None:
    """At any width the page fits the screen, with everything unfolded."""
    check_fit(chromium, folder / f"{sample.__name__}.html", width=width)


@every_sample
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_text_has_enough_contrast(
    chromium: Chromium, folder: Path, sample: Sample, width: int, scheme: str
) -> None:
    """In both colour schemes each text has the contrast of WCAG (level AA)."""
    check_contrast(chromium, folder / f"{sample.__name__}.html", width=width, scheme=scheme)


def test_the_colour_schemes_differ(chromium: Chromium, folder: Path) -> None:
    """Dark mode has a dark page."""
    backgrounds = []
    for scheme in ("light", "dark"):
        chromium.show(folder / "good.html", width=DESK, height=844, scheme=scheme)
        backgrounds.append(chromium.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(244, 246, 248)", "rgb(17, 21, 27)"]


def test_a_wide_graph_scrolls_in_its_frame(chromium: Chromium, folder: Path) -> None:
    """On a tablet the graph of twelve pipelines scrolls in its frame, with the keyboard, too."""
    chromium.show(folder / "twelve.html", width=TABLET, height=844, scheme="light")
    inside, frame, focus = chromium.evaluate(
        "(({scrollWidth, clientWidth, tabIndex}) => [scrollWidth, clientWidth, tabIndex])"
        "(document.querySelector('.scroll'))"
    )
    assert inside > 1.2 * frame
    assert focus == 0


def test_a_wide_screen_has_room_for_the_graph(chromium: Chromium, folder: Path) -> None:
    """The graph is wider than the text where it needs to be, and only then."""
    sizes = (
        "[...document.querySelectorAll('#order .scroll, #order, #pipelines')]"
        ".map((each) => [each.scrollWidth, each.clientWidth, each.offsetWidth])"
    )
    chromium.show(folder / "twelve.html", width=WIDE, height=844, scheme="light")
    order, picture, text = chromium.evaluate(sizes)
    assert picture[0] == picture[1]
    assert text[2] < order[2] < WIDE
    chromium.show(folder / "good.html", width=WIDE, height=844, scheme="light")
    order, _, text = chromium.evaluate(sizes)
    assert order[2] == text[2]


def test_a_phone_shows_steps_in_place_of_the_graph(chromium: Chromium, folder: Path) -> None:
    """Only one of the two is visible, read aloud and reachable by keyboard."""
    shown = "[...document.querySelectorAll('.drawn, .steps')].map((each) => each.offsetHeight > 0)"
    text = "document.querySelector('#order').innerText"
    chromium.show(folder / "twelve.html", width=PHONE, height=844, scheme="light")
    assert chromium.evaluate(shown) == [False, True]
    assert "not drawn" not in chromium.evaluate(text)
    assert "critical path" in chromium.evaluate(text)
    chromium.show(folder / "twelve.html", width=TABLET, height=844, scheme="light")
    assert chromium.evaluate(shown) == [True, False]
    assert "not drawn" in chromium.evaluate(text)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_time_axis_stays_visible(chromium: Chromium, folder: Path, width: int) -> None:
    """In the middle of a long chart the axis is at the top of the screen."""
    chromium.show(folder / "two_hundred.html", width=width, height=844, scheme="light")
    chromium.evaluate("document.querySelectorAll('.gantt li')[100].scrollIntoView()")
    assert chromium.evaluate("document.querySelector('.axis').getBoundingClientRect().top") == 0


def test_a_short_name_is_not_broken(chromium: Chromium, folder: Path) -> None:
    """The column of names has enough room, whatever is in the other columns."""
    chromium.show(folder / "resumed.html", width=DESK, height=844, scheme="light")
    lines = chromium.evaluate(
        "[...document.querySelectorAll('#attempts td.of bdi, .audit td.of bdi')]"
        ".map((each) => each.getClientRects().length)"
    )
    assert len(lines) > 20
    assert set(lines) == {1}


def test_injected_styles_and_scripts_do_nothing(chromium: Chromium, folder: Path) -> None:
    """The browser refuses every script and every style but that of the page."""
    page = folder / "smuggled.html"
    text = html(samples.good())
    smuggled = "<style>body{display:none}</style><script>document.title='run'</script></body>"
    page.write_text(text.replace("</body>", smuggled), encoding="utf-8")
    chromium.show(page, width=DESK, height=844, scheme="light")
    assert chromium.evaluate("getComputedStyle(document.body).display") == "block"
    assert chromium.evaluate("document.title") == "Release 2026.11.22-1: SUCCEEDED"
    assert len(chromium.complaints) == 2


@every_sample
def test_print_unfolds_everything(chromium: Chromium, folder: Path, sample: Sample) -> None:
    """On paper everything is unfolded and fits, and no heading ends a page."""
    page = folder / f"{sample.__name__}.html"
    chromium.show(page, width=DESK, height=844, scheme="light")
    chromium.call("Emulation.setEmulatedMedia", media="print", features=[])
    chromium.call(
        "Emulation.setDeviceMetricsOverride",
        width=718,  # A4 less Chromium's margins, at 96 dots per inch
        height=1047,
        deviceScaleFactor=1,
        mobile=False,
    )
    # Paper has the whole audit, so the short one is not printed.
    heights = chromium.evaluate(
        "[...document.querySelectorAll('details > :not(summary)')]"
        ".map((each) => each.closest('.in-short') ? 1 : each.offsetHeight)"
    )
    assert len(heights) == page.read_text().count("<details ")
    assert min(heights, default=1) > 0
    kept = "[...document.querySelectorAll('h2')].map((each) => getComputedStyle(each).breakAfter)"
    assert set(chromium.evaluate(kept)) == {"avoid"}
    wide, screen = chromium.evaluate(WIDTH)
    assert wide == screen
