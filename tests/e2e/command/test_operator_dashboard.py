"""The dashboard over a deployment: a browser sees a release run, and answers what it asks."""

import json
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import in_pipe, run_command
from tests.e2e.releasing.pipelines import APPROVAL_STAGE, HIDDEN, Pipelines, unique
from tests.e2e.releasing.releases import manifest

pytestmark = pytest.mark.platform

SECONDS = 60


class Browser:
    """A browser that was let in: it keeps the cookie, and names its origin with a form."""

    def __init__(self, link: str) -> None:
        parts = urlsplit(link)
        self.read: list[str] = []
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.get(parts.path)

    def get(self, path: str) -> str:
        """The text of a page."""
        return self._open(Request(f"{self._base}{path}"))  # noqa: S310 # of this machine

    def submit(self, path: str, **fields: str) -> str:
        """Send the form of a page, with what it has and these fields; the page it leads to."""
        found = re.findall(r'name="(csrf|attempt|subject)" value="([^"]*)"', self.get(path))
        body = urlencode({**dict(found), **fields}).encode()
        headers = {"Origin": self._base}
        return self._open(Request(f"{self._base}{path}", data=body, headers=headers))  # noqa: S310

    def events(self, path: str) -> Iterator[str]:
        """The lines of the stream of a page."""
        request = Request(f"{self._base}/events{path}")  # noqa: S310 # of this machine
        with self._opener.open(request, timeout=SECONDS) as stream:
            for line in stream:
                text = line.decode()
                self.read.append(text)
                yield text

    def _open(self, request: Request) -> str:
        with self._opener.open(request, timeout=SECONDS) as answer:
            text: str = answer.read().decode()
        self.read.append(text)
        return text


def test_a_release_in_the_dashboard(pipelines: Pipelines) -> None:
    """A manual approval is answered on a page, and the open page of the release shows its end."""
    release_id, name = unique("dashboard"), pipelines.make(approval=True, variables={"SECRET": "?"})
    pipeline = {"name": name, "variables": {"SECRET": HIDDEN}}
    document = json.dumps(manifest(release_id, pipeline))
    submitted = run_command("submit", "-", "--detach", stdin=document)
    assert submitted.returncode == 0, submitted.stderr
    with in_pipe("dashboard", "--allow-actions") as dashboard:
        dashboard.wait_for("/start/")
        browser = Browser(re.findall(r"http://\S+", dashboard.text)[0])
        wait_until("it is asked", lambda: release_id in browser.get("/approvals"))
        assert name in browser.get("/")
        page = browser.get(f"/releases/{release_id}")
        assert APPROVAL_STAGE in page
        (address,) = set(re.findall(rf'"(/actions/approve/{release_id}\?name=[^"]*)"', page))
        done = browser.submit(address, words="looked at it")
        assert f"Approved {name}/" in re.sub("<[^>]*>", "", done)
        events = browser.events(f"/releases/{release_id}")
        assert any("SUCCEEDED" in each and "data-title" in each for each in events)
        assert release_id in browser.get(f"/history?pipeline={name}&since=1h")
        assert name in browser.get("/metrics?days=7")
    shown = json.loads(run_command("show", release_id, "--json").stdout)
    assert shown["status"] == "SUCCEEDED"
    (answer,) = shown["pipelines"][0]["approvals"]
    assert answer["comment"] == "looked at it"
    assert HIDDEN not in "".join(browser.read)
