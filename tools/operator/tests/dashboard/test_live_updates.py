"""The script of the dashboard: it replaces what changed, and says when the connection is lost."""

from collections.abc import Iterator

import pytest

from release_machine.dashboard import pages
from release_machine.dashboard.pages import frame
from release_machine.dashboard.state import Seen
from tools.operator.tests.samples import dashboard_samples as samples
from tools.operator.tests.samples import report_samples
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.dashboard_pages import document, seen
from tools.operator.tests.samples.page_server import PageServer

WIDTH, HEIGHT = 1280, 844
BANNER = "document.querySelector('[data-connection]')"
HIDE = """(() => {
  window.shown = (hidden) => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  };
  window.shown(true);
})()"""


def estate_of(*, many: bool) -> str:
    """The content of the estate."""
    overview = samples.forty() if many else samples.quiet()
    return pages.estate(samples.SITE, seen(overview)).html


def release_of(sample: str) -> str:
    """The content of the page of a release."""
    state = samples.of_release(report_samples.SAMPLES[sample]())
    return pages.release(samples.ACTING, "2026.11.22-2", seen(state)).html


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Pages with a stream."""
    quiet = pages.estate(samples.SITE, seen(samples.quiet()))
    failed = samples.of_release(report_samples.failed())
    release = pages.release(samples.ACTING, "2026.11.22-2", seen(failed))
    documents = {
        "/": document(quiet, current="estate", stream="/events/"),
        "/release": document(release, stream="/events/release"),
    }
    with PageServer(documents) as server:
        yield server


def visit(chromium: Chromium, server: PageServer, path: str = "/") -> None:
    """Load a page and wait until it follows."""
    before = server.streams
    chromium.visit(f"{server.address}{path}", width=WIDTH, height=HEIGHT)
    server.wait_for_streams(before + 1)


def test_a_state_replaces_the_content(chromium: Chromium, server: PageServer) -> None:
    """The page, its title and its icon change; a screen reader is told; nothing is loaded anew."""
    visit(chromium, server)
    chromium.evaluate("window.same = true")
    server.send("state", estate_of(many=True))
    chromium.wait_until("document.querySelectorAll('[data-name]').length === 40")
    assert chromium.evaluate("document.title") == "(2) Estate · release-machine"
    assert chromium.evaluate("document.querySelector('link[rel=icon]').href").endswith("bad.svg")
    said = chromium.evaluate("document.querySelector('[data-spoken]').textContent")
    assert said.startswith("2 pipelines failed")
    assert chromium.evaluate("window.same") is True
    assert chromium.complaints == []


def test_the_focus_and_what_was_typed_stay(chromium: Chromium, server: PageServer) -> None:
    """A person who types is not disturbed, and the new rows are filtered, too."""
    visit(chromium, server)
    chromium.evaluate("document.getElementById('filter').focus()")
    chromium.type_text("web")
    server.send("state", estate_of(many=True))
    chromium.wait_until("document.querySelectorAll('[data-name]').length === 40")
    assert chromium.evaluate("document.activeElement.id") == "filter"
    assert chromium.evaluate("document.activeElement.value") == "web"
    assert chromium.evaluate("document.querySelectorAll('[data-name]:not([hidden])').length") == 2


def test_a_focused_row_that_moves_keeps_the_focus(chromium: Chromium, server: PageServer) -> None:
    """A row that gets another place is the same row for the keyboard."""
    server.pages["/many"] = document(
        pages.estate(samples.SITE, seen(samples.forty())), stream="/events/"
    )
    visit(chromium, server, "/many")
    chromium.evaluate("document.querySelector('#in-shop-web-us a').focus()")
    rows = estate_of(many=True)
    first, last = rows.index('<tr role="row" class="is-failed"'), rows.index("</tbody></table>")
    parts = rows[first:last].split("</tr>")[:-1]
    turned = "".join(f"{part}</tr>" for part in reversed(parts))
    server.send("state", rows[:first] + turned + rows[last:])
    chromium.wait_until("document.querySelector('[data-name]').className === 'is-quiet'")
    assert chromium.evaluate("document.activeElement.closest('tr').id") == "in-shop-web-us"


def test_the_focus_of_what_is_gone_goes_to_the_content(
    chromium: Chromium, server: PageServer
) -> None:
    """When the focused element disappears, the keyboard does not start again at the top."""
    visit(chromium, server, "/release")
    chromium.evaluate("document.querySelector('a.button').focus()")
    server.send("state", pages.release(samples.SITE, "x", seen(samples.asked())).html)
    chromium.wait_until("!document.querySelector('a.button')")
    assert chromium.evaluate("document.activeElement.id") == "content"


def test_open_details_and_the_scroll_stay(chromium: Chromium, server: PageServer) -> None:
    """What a reader has unfolded stays unfolded, and the page does not jump."""
    visit(chromium, server, "/release")
    chromium.evaluate("document.querySelectorAll('details').forEach((each) => {each.open = true})")
    open_before = chromium.evaluate("document.querySelectorAll('details[open]').length")
    assert open_before > 1
    chromium.evaluate("document.getElementById('audit').scrollIntoView()")
    place = chromium.evaluate("document.getElementById('audit').getBoundingClientRect().top")
    changed = release_of("failed").replace(">3 of 4 tasks", ">All tasks")
    server.send("state", changed.replace("12m", "13m"))
    chromium.wait_until("document.body.innerText.includes('13m')")
    assert chromium.evaluate("document.querySelectorAll('details[open]').length") == open_before
    top = chromium.evaluate("document.getElementById('audit').getBoundingClientRect().top")
    assert abs(top - place) < 3


def test_a_page_that_is_late_says_so(chromium: Chromium, server: PageServer) -> None:
    """Until the next read has come."""
    visit(chromium, server)
    server.beat("2026-11-22T22:43:07Z", late=True)
    chromium.wait_until(f"{BANNER}.innerText.trim().startsWith('Not up to date')")
    server.send("state", estate_of(many=True))
    chromium.wait_until(f"{BANNER}.hidden")


def test_a_beat_keeps_the_time_of_the_read_fresh(chromium: Chromium, server: PageServer) -> None:
    """The page says how old it is, also when nothing changed."""
    chromium.call("Emulation.setTimezoneOverride", timezoneId="UTC")
    visit(chromium, server)
    assert "22:42:40" in chromium.evaluate("document.querySelector('.fresh').innerText")
    server.beat("2026-11-22T22:43:07Z")
    chromium.wait_until("document.querySelector('.fresh').innerText.includes('22:43:07')")


def test_a_page_that_was_loaded_before_the_first_read_gets_its_time(
    chromium: Chromium, server: PageServer
) -> None:
    """The first read may take long; then the page has nothing, and no time of it."""
    server.pages["/early"] = frame.document(
        samples.SITE,
        title="Estate",
        current="estate",
        content=pages.estate(samples.SITE, Seen()),
        stream="/events/",
    )
    visit(chromium, server, "/early")
    assert "As of" not in chromium.evaluate("document.body.innerText")
    server.send("state", estate_of(many=True))
    server.beat("2026-11-22T22:43:07Z")
    chromium.wait_until("document.querySelector('.fresh').innerText.startsWith('As of ')")


def test_a_lost_connection_is_said_and_so_is_its_return(
    chromium: Chromium, server: PageServer
) -> None:
    """The banner says that the connection is lost and since when, then that it is back."""
    visit(chromium, server, "/release")
    assert chromium.evaluate(f"{BANNER}.hidden") is True
    server.pause()
    chromium.wait_until(f"{BANNER}.dataset.connection === 'lost'")
    chromium.wait_until(f"/Connection lost. Last update [0-9]+ s ago./.test({BANNER}.innerText)")
    said = "document.querySelector('[data-spoken]').textContent"
    assert chromium.evaluate(said) == "Connection lost."
    # However far the reader has scrolled, the banner is on the screen.
    chromium.evaluate("document.querySelector('footer').scrollIntoView()")
    top, bottom = chromium.evaluate(
        f"(({{top, bottom}}) => [top, bottom])({BANNER}.getBoundingClientRect())"
    )
    assert 0 <= top < bottom <= HEIGHT
    server.resume()
    server.wait_for_streams(1)
    server.beat("2026-11-22T22:43:07Z")
    chromium.wait_until(f"{BANNER}.innerText.trim() === 'Connected again.'")
    assert chromium.evaluate(said) == "Connected again."
    chromium.wait_until(f"{BANNER}.hidden")


def test_a_hidden_tab_follows_again_when_it_is_shown(
    chromium: Chromium, server: PageServer
) -> None:
    """A hidden tab has no stream, because a browser allows only six; a shown one connects anew."""
    visit(chromium, server)
    chromium.evaluate(HIDE)
    before = server.streams
    chromium.evaluate("window.shown(false)")
    server.wait_for_streams(before + 1)
    server.send("state", estate_of(many=True))
    chromium.wait_until("document.querySelectorAll('[data-name]').length === 40")
    assert chromium.evaluate(f"{BANNER}.hidden") is True


def test_a_tab_that_was_hidden_for_hours_says_how_old_it_is(
    chromium: Chromium, server: PageServer
) -> None:
    """When the dashboard has ended meanwhile: not as old as the time since it is shown again."""
    visit(chromium, server)
    server.beat("2026-11-22T22:43:07Z")
    chromium.wait_until("document.querySelector('.fresh time').dateTime.includes('22:43:07')")
    chromium.evaluate(HIDE)
    server.pause()
    chromium.evaluate("(() => { const now = Date.now; Date.now = () => now() + 3 * 3600e3; })()")
    chromium.evaluate("window.shown(false)")
    chromium.wait_until(f"{BANNER}.innerText.includes('Last update 3 h ago.')")


def test_too_many_tabs_are_said(chromium: Chromium, server: PageServer) -> None:
    """A tab without a stream says what to do, and does not try again."""
    visit(chromium, server)
    server.send("full", "{}")
    chromium.wait_until(f"{BANNER}.innerText.trim().startsWith('Too many tabs are open')")
    assert chromium.evaluate(f"{BANNER}.dataset.connection") == "over"


def test_the_end_of_the_server_is_said(chromium: Chromium, server: PageServer) -> None:
    """When the dashboard was stopped, the page says how to start it, and does not try again."""
    visit(chromium, server)
    server.send("end", "{}")
    chromium.wait_until(f"{BANNER}.dataset.connection === 'over'")
    assert "release-machine dashboard" in chromium.evaluate(f"{BANNER}.innerText")


def test_two_tabs_both_change(chromium: Chromium, server: PageServer) -> None:
    """Each tab follows its own stream."""
    tabs = []
    for _ in range(2):
        chromium.open_tab()
        chromium.call("Emulation.setFocusEmulationEnabled", enabled=True)
        visit(chromium, server)
        tabs.append(chromium.tab)
    server.send("state", estate_of(many=True))
    for tab in tabs:
        chromium.use(tab)
        chromium.wait_until("document.querySelectorAll('[data-name]').length === 40")


def test_without_script_the_page_is_whole(chromium: Chromium, server: PageServer) -> None:
    """Without the script a reload shows the state, and the filter is a form."""
    chromium.open_tab()
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    chromium.visit(f"{server.address}/", width=WIDTH, height=HEIGHT)
    text = chromium.evaluate("document.body.innerText")
    assert "All is quiet." in text
    assert "UTC" in text
    server.pages["/"] = document(pages.estate(samples.SITE, seen(samples.forty())))
    chromium.visit(f"{server.address}/?name=web", width=WIDTH, height=HEIGHT)
    assert "2 pipelines failed" in chromium.evaluate("document.body.innerText")
