"""What people do with the dashboard, in a browser, with the real server."""

from collections.abc import Iterator
from dataclasses import replace
from queue import SimpleQueue

import pytest

from release_core.domain.release import Failure, PipelineStatus, ReleaseStatus
from release_machine.dashboard.opening import Opening
from release_machine.release.model import Snapshot
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
from tools.operator.tests.samples.page_checks import PHONE
from tools.operator.tests.samples.running_dashboard import SECONDS, Running, running

RELEASE = "2026.11.22-1"
WIDTH, HEIGHT = 1280, 844
BANNER = "document.querySelector('[data-connection]')"
TEXT = "document.body.innerText"


@pytest.fixture
def shop(aws: FakeAws, running: Snapshot) -> FakeAws:
    """A deployment whose release still runs; CodePipeline tells nothing about past runs."""
    aws.releases[RELEASE] = replace(running.release, execution_arn=EXECUTION)
    aws.execution = {"status": "RUNNING"}
    return aws


@pytest.fixture
def dashboard(shop: FakeAws) -> Iterator[Running]:
    """A dashboard that only reads."""
    with running(lambda: shop) as made:
        yield made


@pytest.fixture
def acting(shop: FakeAws) -> Iterator[Running]:
    """A dashboard that may change releases."""
    with running(lambda: shop, allows_actions=True) as made:
        yield made


def enter(chromium: Chromium, dashboard: Running, path: str = "/") -> None:
    """Follow the link of the dashboard in a new tab that counts as visible, then go to a page."""
    chromium.open_tab()
    chromium.call("Emulation.setFocusEmulationEnabled", enabled=True)
    chromium.visit(dashboard.door.link, width=WIDTH, height=HEIGHT)
    if path != "/":
        chromium.visit(f"{dashboard.base}{path}", width=WIDTH, height=HEIGHT)


def test_the_file_of_the_link_lets_a_browser_in(chromium: Chromium, dashboard: Running) -> None:
    """As `--open` does it: a browser keeps a strict cookie from a redirect after another page."""
    addresses = SimpleQueue[str]()

    def launch(address: str) -> bool:
        addresses.put(address)
        return True

    opening = Opening(launch, missing=lambda: None)
    opening.open(dashboard.door.link)
    chromium.open_tab()
    chromium.visit(addresses.get(timeout=SECONDS), width=WIDTH, height=HEIGHT)
    chromium.wait_until("location.pathname === '/' && document.querySelector('nav a')")
    assert "Estate" in chromium.evaluate("document.title")
    opening.close()


def fail(shop: FakeAws) -> None:
    """Let a pipeline of the release fail."""
    release = shop.releases[RELEASE]
    payments = replace(
        release.pipelines["payments"],
        status=PipelineStatus.FAILED,
        failure=Failure(message="the disk is full", stage="Deploy", action="Copy"),
    )
    shop.releases[RELEASE] = replace(release, pipelines={**release.pipelines, "payments": payments})


def test_every_page_is_reached_and_keeps_the_policy(chromium: Chromium, dashboard: Running) -> None:
    """The navigation leads to every page; none of them has a complaint on the console."""
    enter(chromium, dashboard)
    assert chromium.complaints == []
    for name, path in (("Approvals", "/approvals"), ("History", "/history"), ("DORA", "/metrics")):
        chromium.evaluate(
            f"[...document.querySelectorAll('nav a')].find((a) => a.innerText === '{name}').click()"
        )
        chromium.wait_until(f"location.pathname === '{path}' && document.readyState === 'complete'")
        assert chromium.evaluate("document.querySelectorAll('h1').length") == 1
        assert chromium.complaints == []
    assert dashboard.faults == []


def test_a_release_changes_in_two_tabs_while_they_are_open(
    chromium: Chromium, dashboard: Running, shop: FakeAws
) -> None:
    """A failure appears by itself in each tab, with stage, action and reason."""
    tabs = []
    for _ in range(2):
        enter(chromium, dashboard, f"/releases/{RELEASE}")
        tabs.append(chromium.tab)
        assert "the disk is full" not in chromium.evaluate(TEXT)
    fail(shop)
    for tab in tabs:
        chromium.use(tab)
        chromium.wait_until(f"{TEXT}.includes('the disk is full')")
    assert dashboard.faults == []


def test_a_running_release_says_as_of_when_it_is(chromium: Chromium, dashboard: Running) -> None:
    """Its page changes at each read, and the time of the read in the head with it."""
    enter(chromium, dashboard, f"/releases/{RELEASE}")
    read_at = "document.querySelector('.fresh time').dateTime"
    chromium.wait_until(f"{read_at} > ''")
    loaded = chromium.evaluate(read_at)
    chromium.wait_until(f"{read_at} > '{loaded}'")
    assert dashboard.faults == []


def test_a_release_is_cancelled_after_a_confirmation(
    chromium: Chromium, acting: Running, shop: FakeAws
) -> None:
    """With the keyboard alone: the button, the reason, the confirmation; then the page says it."""
    enter(chromium, acting, f"/releases/{RELEASE}")
    chromium.evaluate("document.querySelector('a.button.risky').focus()")
    chromium.press("Enter", code=13, text="\r")
    chromium.wait_until("document.getElementById('words')")
    assert shop.stopped == []
    chromium.evaluate("document.getElementById('words').focus()")
    chromium.type_text("wrong build")
    chromium.press("Tab", code=9)
    assert chromium.evaluate("document.activeElement.innerText") == "Stop the release"
    chromium.press("Enter", code=13, text="\r")
    chromium.wait_until(f"location.pathname === '/releases/{RELEASE}'")
    chromium.wait_until("document.querySelector('.notice.good')")
    (stopped,) = shop.stopped
    assert "wrong build" in stopped["cause"]
    assert chromium.complaints == []
    assert acting.faults == []


def test_a_dashboard_that_only_reads_offers_no_action(
    chromium: Chromium, dashboard: Running
) -> None:
    """There is no button, and the address of an action does nothing."""
    enter(chromium, dashboard, f"/releases/{RELEASE}")
    assert chromium.evaluate("document.querySelectorAll('a.button.risky, form').length") == 0
    chromium.visit(f"{dashboard.base}/actions/cancel/{RELEASE}", width=WIDTH, height=HEIGHT)
    assert "only reads" in chromium.evaluate(TEXT)


def test_an_ended_release_shows_its_end(
    chromium: Chromium, dashboard: Running, shop: FakeAws
) -> None:
    """The title and the icon of the tab show the outcome."""
    enter(chromium, dashboard, f"/releases/{RELEASE}")
    chromium.wait_until("document.title.startsWith('2026.11.22-1 RUNNING')")
    release = shop.releases[RELEASE]
    shop.execution = {"status": "FAILED"}
    shop.releases[RELEASE] = replace(
        release, status=ReleaseStatus.FAILED, closed_at=release.opened_at
    )
    chromium.wait_until("document.title.startsWith('2026.11.22-1 FAILED')")
    assert chromium.evaluate("document.querySelector('link[rel=icon]').href").endswith("bad.svg")


def test_reads_that_fail_are_said_and_so_is_their_return(
    chromium: Chromium, dashboard: Running, shop: FakeAws
) -> None:
    """While AWS cannot be reached, the page keeps what it knew and says how old it is."""
    enter(chromium, dashboard, f"/releases/{RELEASE}")
    chromium.wait_until("document.title.includes('RUNNING')")
    shop.away = True
    chromium.wait_until(f"{TEXT}.includes('Not up to date since')")
    assert "payments" in chromium.evaluate(TEXT)
    shop.away = False
    chromium.wait_until(f"!{TEXT}.includes('Not up to date since')")


def test_the_filter_works_without_script(chromium: Chromium, dashboard: Running) -> None:
    """The form leads to an address that shows only the pipelines with that text."""
    enter(chromium, dashboard)
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    chromium.visit(f"{dashboard.base}/?name=cat", width=WIDTH, height=HEIGHT)
    rows = "document.querySelectorAll('[data-name]:not([hidden])').length"
    assert chromium.evaluate(rows) == 1
    chromium.visit(f"{dashboard.base}/?name=none", width=WIDTH, height=HEIGHT)
    assert chromium.evaluate(rows) == 0
    assert "No pipeline has this text in its name." in chromium.evaluate(TEXT)


HISTORY = "document.querySelector('#releases')"
FOCUSED = "document.activeElement.id"


def test_the_history_is_filtered_with_the_keyboard_alone(
    chromium: Chromium, dashboard: Running
) -> None:
    """Without script: a wrong time is told at its field, where the page begins, and corrected."""
    enter(chromium, dashboard, "/history")
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    chromium.visit(f"{dashboard.base}/history", width=WIDTH, height=HEIGHT)
    chromium.evaluate("document.querySelector('[name=status][value=RUNNING]').focus()")
    chromium.press(" ", code=32, text=" ")
    chromium.evaluate("document.getElementById('filter-pipeline').focus()")
    chromium.type_text("cat*")
    for _ in range(2):
        chromium.press("Tab", code=9)
    assert chromium.evaluate(FOCUSED) == "filter-since"
    chromium.type_text("last year")
    with chromium.loading():
        chromium.press("Enter", code=13, text="\r")
    assert "Since last year is neither a time nor a duration." in chromium.evaluate(TEXT)
    assert not chromium.evaluate(f"Boolean({HISTORY})")
    # To wait needs scripts; that of the page was not loaded.
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    chromium.wait_until(f"{FOCUSED} === 'filter-since'")
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    chromium.evaluate("document.activeElement.select()")
    chromium.type_text("9999d")
    with chromium.loading():
        chromium.press("Enter", code=13, text="\r")
    address = "?status=RUNNING&pipeline=cat*&requester=&since=9999d&until="
    assert chromium.evaluate("decodeURIComponent(location.search)") == address
    assert RELEASE in chromium.evaluate(f"{HISTORY}.innerText")
    chromium.visit(f"{dashboard.base}/history?requester=bob", width=WIDTH, height=HEIGHT)
    assert "No release matches these filters" in chromium.evaluate(TEXT)
    assert dashboard.faults == []


def test_a_phone_unfolds_the_filters(chromium: Chromium, dashboard: Running) -> None:
    """It shows the releases first, and which filters are used; what is wrong is unfolded."""
    enter(chromium, dashboard)
    chromium.visit(f"{dashboard.base}/history?since=9999d", width=PHONE, height=HEIGHT)
    assert "Filters: since 9999d" in chromium.evaluate(TEXT)
    assert chromium.evaluate(f"{HISTORY}.getBoundingClientRect().top") < 300
    field = "document.getElementById('filter-until')"
    assert not chromium.evaluate(f"{field}.checkVisibility()")
    chromium.evaluate("document.querySelector('.fold > summary').focus()")
    chromium.press("Enter", code=13, text="\r")
    chromium.wait_until(f"{field}.checkVisibility()")
    chromium.visit(f"{dashboard.base}/history?since=soon", width=PHONE, height=HEIGHT)
    assert chromium.evaluate(f"{field}.checkVisibility()")
    chromium.wait_until(f"{FOCUSED} === 'filter-since'")


def test_what_a_person_types_stays_while_the_history_changes(
    chromium: Chromium, dashboard: Running, shop: FakeAws
) -> None:
    """An update of the page changes the releases, and neither the fields nor the focus."""
    enter(chromium, dashboard, "/history")
    chromium.evaluate("document.getElementById('filter-requester').focus()")
    chromium.type_text("al")
    shop.set_status("FAILED", closed_at=shop.releases[RELEASE].opened_at)
    chromium.wait_until(f"{HISTORY}.innerText.includes('FAILED')")
    assert chromium.evaluate(FOCUSED) == "filter-requester"
    assert chromium.evaluate("document.activeElement.value") == "al"


def test_the_end_of_the_command_is_said(
    chromium: Chromium, dashboard: Running, shop: FakeAws
) -> None:
    """When the command ends, an open page says so and keeps what it shows."""
    enter(chromium, dashboard, f"/releases/{RELEASE}")
    fail(shop)
    chromium.wait_until(f"{TEXT}.includes('the disk is full')")  # so the page gets events
    dashboard.end()
    chromium.wait_until(f"{BANNER}.dataset.connection === 'over'")
    assert "payments" in chromium.evaluate(TEXT)


def test_a_browser_that_was_not_let_in_sees_nothing(chromium: Chromium, dashboard: Running) -> None:
    """Without the link of this start a page says how to get in."""
    chromium.open_tab()
    chromium.call("Network.clearBrowserCookies")
    chromium.visit(f"{dashboard.base}/", width=WIDTH, height=HEIGHT)
    text = chromium.evaluate(TEXT)
    assert "release-machine dashboard" in text
    assert RELEASE not in text
