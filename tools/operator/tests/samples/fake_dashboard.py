"""The dashboard over a deployment in memory, and a browser that was let in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.running import parts_of
from release_machine.dashboard.server import Dashboard
from release_machine.dashboard.serving import ADDRESS
from release_machine.dora.deployments import Window
from release_machine.dora.figures import Dora, figures
from release_machine.release.estate import Estate, EstatePipeline
from tools.operator.tests.conftest import at

PORT = 4814


class FakeEstate:
    """Reads which pipelines there are, and counts how often."""

    def __init__(self) -> None:
        self.reads = 0
        self.found = Estate(at=at(0), pipelines=(EstatePipeline(name="catalog"),))

    def pipelines(self) -> Estate:
        """Read once."""
        self.reads += 1
        return self.found


class FakeDora:
    """Reads the figures of no deployments, and remembers the windows."""

    def __init__(self) -> None:
        self.windows: list[Window] = []

    def read(self, window: Window, *, at: datetime) -> Dora:
        """Read once."""
        assert window.until == at
        self.windows.append(window)
        return figures([], window)


BASE = f"http://{ADDRESS}:{PORT}"
ORIGIN = {"Origin": BASE}


@dataclass
class Served:
    """A dashboard, its door, and what it has reported."""

    browser: TestClient
    door: Door
    loop: ReadLoop
    links: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def post(self, path: str, **fields: str) -> Any:
        """Send a form of a page, with the token of the page."""
        page = Form(self.browser.get(path).text)
        return self.browser.post(
            path,
            data={**page.fields, **fields},
            headers={**ORIGIN, "Sec-Fetch-Site": "same-origin"},
            follow_redirects=False,
        )


class Form(HTMLParser):
    """The fields of the form in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an input."""
        known = dict(attrs)
        if tag == "input" and known.get("name"):
            self.fields[known["name"] or ""] = known.get("value") or ""


def words(page: str) -> str:
    """The text of a page, as a person reads it."""
    return " ".join(unescape(re.sub("<[^>]*>", "", page)).split())


@contextmanager
def served(
    open_session: Callable[[], Any], *, allows_actions: bool = False, enters: bool = True
) -> Iterator[Served]:
    """A dashboard that serves, and a browser, which has entered by the link unless told not to."""
    links: list[str] = []
    faults: list[Exception] = []
    with (
        parts_of(
            open_session,
            port=PORT,
            allows_actions=allows_actions,
            entered=links.append,
            report=faults.append,
        ) as parts,
        TestClient(Dashboard(parts).app(), base_url=BASE, raise_server_exceptions=False) as browser,
    ):
        if enters:
            assert browser.get(parts.door.link).status_code == 200
        yield Served(browser=browser, door=parts.door, loop=parts.loop, links=links, faults=faults)
