"""The pages as a browser gets them: who is let in, the headers, and what is read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from release_core.domain.release import PipelineStatus, Release, ReleaseStatus
from release_machine.dashboard.security import HEADERS, cookie_name
from release_machine.dashboard.stream import Streams
from release_machine.release.model import Activity, Snapshot
from tools.operator.tests.samples.fake_dashboard import (
    BASE,
    ORIGIN,
    PORT,
    Served,
    served,
    words,
)
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal
from tools.operator.tests.samples.hostile_release import HOSTILE, hostile

RELEASE = "2026.11.22-1"
PAGES = ("/", f"/releases/{RELEASE}", "/history", "/approvals", "/metrics")


@pytest.fixture
def dashboard(aws: FakeAws) -> Iterator[Served]:
    """A dashboard that only reads, in a browser that was let in."""
    with served(lambda: aws) as each:
        yield each


@pytest.fixture
def outside(aws: FakeAws) -> Iterator[Served]:
    """A dashboard, and a browser that was not let in."""
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:shop-releases"
    aws.deployment = replace(aws.deployment, state_machine_arn=machine)
    with served(lambda: aws, enters=False) as each:
        yield each


def assert_bare(aws: FakeAws, page: str) -> None:
    """Nothing about the deployment, nor about who serves the page, is in it."""
    assert page.startswith("<!DOCTYPE html>")
    for known in (aws.caller, "alice", "shop-releases", "us-east-1", "only reads", "<nav", RELEASE):
        assert known not in f"{page} {words(page)}", known


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_served(dashboard: Served, path: str) -> None:
    """Each page is whole at once, without script, and names the stream of its changes."""
    answer = dashboard.browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.text.startswith("<!DOCTYPE html>")
    assert f'"/events{path}' in answer.text
    assert dashboard.faults == []


@pytest.mark.parametrize(
    "path", [*PAGES, "/static/dashboard.css", "/static/none", "/nowhere", "/releases/none"]
)
def test_every_answer_is_protected(dashboard: Served, path: str) -> None:
    """The headers of protection are on every answer, also on errors and files."""
    answer = dashboard.browser.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert not [each for each in answer.headers if each.lower().startswith("access-control")]
    assert "server" not in answer.headers


def test_refusals_are_protected_too(outside: Served) -> None:
    """What is refused has the same headers, and no cookie."""
    answer = outside.browser.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert "set-cookie" not in answer.headers


def test_the_secret_is_exchanged_for_a_cookie(aws: FakeAws, outside: Served) -> None:
    """The link sets a cookie that scripts cannot read, and leads away from the secret."""
    answer = outside.browser.get(outside.door.link, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(cookie_name(PORT))
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert answer.text == ""
    page = outside.browser.get("/")
    assert page.status_code == 200
    assert "shop-releases" in page.text
    assert aws.caller in words(page.text)


def test_the_link_works_once(aws: FakeAws, outside: Served) -> None:
    """Whoever has seen the link cannot use it after the first browser; the next one is told."""
    link = outside.door.link
    assert outside.browser.get(link).status_code == 200
    assert "shop-releases" in outside.browser.get(link).text
    outside.browser.cookies.clear()
    again = outside.browser.get(link)
    assert again.status_code == 403
    assert "was used before" in again.text
    assert_bare(aws, again.text)
    assert outside.links == [outside.door.link]
    assert outside.browser.get(outside.links[0]).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/events/", "/actions/cancel/2026.11.22-1"])
def test_nobody_else_is_let_in(
    aws: FakeAws, outside: Served, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Without the cookie there is nothing to see, and nothing is read."""
    read: list[str] = []
    monkeypatch.setattr(aws, "latest", lambda *_, **__: read.append("latest"))
    outside.browser.cookies.set(cookie_name(PORT), "guessed")
    answer = outside.browser.get(path)
    assert answer.status_code == 403
    assert_bare(aws, answer.text)
    assert "link" in answer.text
    assert read == []


@pytest.mark.parametrize("host", ["evil.example:4814", "127.0.0.1:80", "127.0.0.1"])
@pytest.mark.parametrize("path", ["/", "/start/guessed", "/static/none"])
@pytest.mark.parametrize("has_cookie", [True, False])
def test_another_name_is_refused(
    aws: FakeAws, outside: Served, host: str, path: str, *, has_cookie: bool
) -> None:
    """A site that points its own name at this machine gets nothing, with the cookie or without.

    The browser takes the answer for one of that site, which can read it.
    """
    if has_cookie:
        assert outside.browser.get(outside.door.link).status_code == 200
    answer = outside.browser.get(path, headers={"Host": host})
    assert answer.status_code == 403
    assert_bare(aws, answer.text)


def test_files_are_served_to_all(aws: FakeAws, outside: Served) -> None:
    """They hold no data; the page of a refusal needs them."""
    for name, kind in (("dashboard.css", "text/css"), ("dashboard.js", "text/javascript")):
        answer = outside.browser.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
    assert outside.browser.get("/static/report.css").status_code == 200
    for name in ("..%2Fserver.py", "none"):
        answer = outside.browser.get(f"/static/{name}")
        assert answer.status_code == 404
        assert_bare(aws, answer.text)


@pytest.mark.parametrize("secret", ["guessed", ""])
def test_a_guessed_link_tells_nothing(aws: FakeAws, outside: Served, secret: str) -> None:
    """The answer names neither the deployment nor the caller."""
    answer = outside.browser.get(f"/start/{secret}")
    assert answer.status_code in {403, 404}
    assert_bare(aws, answer.text)


def test_a_link_on_another_page_leads_on(aws: FakeAws, outside: Served) -> None:
    """Its browser is let in; this first page says nothing yet, as it may be shown elsewhere."""
    from_elsewhere = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    answer = outside.browser.get(outside.door.link, headers=from_elsewhere)
    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/")
    assert_bare(aws, answer.text)
    assert "shop-releases" in outside.browser.get("/").text


@pytest.mark.parametrize("path", ["/", "/history", "/releases/2026.11.22-1"])
def test_nothing_can_be_posted_to_a_page(dashboard: Served, path: str) -> None:
    """Only actions are posted."""
    assert dashboard.browser.post(path, headers=ORIGIN).status_code == 405


def test_a_release_that_does_not_exist(dashboard: Served) -> None:
    """The page says so, with what to do next."""
    answer = dashboard.browser.get("/releases/none")
    assert answer.status_code == 404
    assert "There is no release none" in answer.text


def test_a_page_that_does_not_exist(dashboard: Served) -> None:
    """The page says so."""
    answer = dashboard.browser.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_an_id_may_have_any_character(aws: FakeAws, dashboard: Served) -> None:
    """It is percent-encoded in the address of its page."""
    name = "a/b c?d#e&f"
    (release,) = aws.releases.values()
    aws.releases = {name: replace(release, release_id=name)}
    answer = dashboard.browser.get("/releases/a%2Fb%20c%3Fd%23e%26f")
    assert answer.status_code == 200
    assert "/events/releases/a%2Fb%20c%3Fd%23e%26f" in answer.text


def test_aws_does_not_answer(aws: FakeAws, dashboard: Served) -> None:
    """The page says what to do, and keeps what it had; then it goes on with a new session."""
    path = "/releases/2026.11.22-1"
    aws.set_status("RUNNING", execution_arn=EXECUTION)
    assert dashboard.browser.get(path).status_code == 200
    aws.away = True
    dashboard.loop.hurry()
    answer = dashboard.browser.get(path)
    assert answer.status_code == 200
    assert "AWS does not answer" in answer.text
    assert "Check the network" in answer.text
    assert "catalog" in answer.text
    aws.away = False
    dashboard.loop.hurry()
    assert "AWS does not answer" not in dashboard.browser.get(path).text


def test_a_release_that_was_left_open_is_drawn(aws: FakeAws, dashboard: Served) -> None:
    """Also when it is loaded for the first time, as show draws it."""
    aws.set_status("RUNNING", execution_arn=EXECUTION)
    aws.execution = {"status": "ABORTED", "stopDate": datetime(2020, 1, 1, tzinfo=UTC)}
    answer = dashboard.browser.get("/releases/2026.11.22-1")
    assert answer.status_code == 200
    text = words(answer.text)
    assert "has ended (ABORTED), but the release is still RUNNING" in text
    assert "catalog" in text
    assert "release-machine cancel" not in text


def test_a_tab_that_is_one_too_many_is_told(
    dashboard: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an event: a browser tells a page nothing of an answer that is refused."""
    monkeypatch.setattr(Streams, "full", True)
    answer = dashboard.browser.get("/events/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("event: full\n")


def test_aws_does_not_answer_at_first(aws: FakeAws, dashboard: Served) -> None:
    """Without anything to show, the answer says so to programs, too."""
    aws.set_status("RUNNING", execution_arn=EXECUTION)
    aws.away = True
    answer = dashboard.browser.get("/releases/2026.11.22-1")
    assert answer.status_code == 503
    assert "AWS does not answer" in answer.text


def test_credentials_expire(
    aws: FakeAws, dashboard: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page keeps the last state, and says how to sign in."""
    path = "/releases/2026.11.22-1"
    assert "catalog" in dashboard.browser.get(path).text

    def refuse(_: Release) -> Release:
        raise refusal("ExpiredTokenException", "BatchGetItem")

    with monkeypatch.context() as patched:
        patched.setattr(aws, "with_executions", refuse)
        dashboard.loop.hurry()
        text = words(dashboard.browser.get(path).text)
        assert "AWS refused the credentials" in text
        assert "Sign in as you do for the AWS CLI" in text
        assert "catalog" in text
    dashboard.loop.hurry()
    assert "AWS refused" not in words(dashboard.browser.get(path).text)


def test_new_credentials_are_found(aws: FakeAws) -> None:
    """After a problem the next read opens a new session."""
    opened: list[FakeAws] = []

    def open_session() -> FakeAws:
        opened.append(aws)
        return aws

    aws.set_status("RUNNING", execution_arn=EXECUTION)
    with served(open_session) as dashboard:
        path = "/releases/2026.11.22-1"
        dashboard.browser.get(path)
        # One for what is the same on every page, one for the reads.
        assert len(opened) == 2
        aws.away = True
        dashboard.loop.hurry()
        dashboard.browser.get(path)
        aws.away = False
        dashboard.loop.hurry()
        assert "AWS does not answer" not in dashboard.browser.get(path).text
        assert len(opened) == 3


def test_tabs_share_the_reads(
    aws: FakeAws, dashboard: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many tabs of a page that was just read cost no other read."""
    read: list[str] = []
    get_release = aws.get_release

    def counted(release_id: str) -> Release | None:
        read.append(release_id)
        return get_release(release_id)

    monkeypatch.setattr(aws, "get_release", counted)
    for _ in range(10):
        assert dashboard.browser.get("/releases/2026.11.22-1").status_code == 200
    once = len(read)
    assert once <= 2
    dashboard.browser.get("/history")
    assert len(read) == once


def test_hostile_texts_stay_text(aws: FakeAws, dashboard: Served) -> None:
    """No text of AWS or a manifest becomes markup, in a page or in a stream."""
    seen: Snapshot = hostile()
    release = replace(seen.release, release_id="h", status=ReleaseStatus.FAILED)
    aws.releases = {"h": release}
    for path in (
        "/",
        "/releases/h",
        "/history",
        "/releases/" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ):
        text = dashboard.browser.get(path).text
        assert "<script>" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert "\x00" not in text
        assert 'href="javascript:' not in text
    assert HOSTILE not in text
    assert dashboard.faults == []


def test_no_token_and_no_value_is_shown(
    aws: FakeAws, dashboard: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a task token, nor the token of an approval, nor the value of a variable."""
    (release,) = aws.releases.values()
    waiting = replace(
        next(iter(release.pipelines.values())),
        status=PipelineStatus.RUNNING,
        ended_at=None,
        task_token="a-task-token",
        variables={"PASSWORD": "a-value"},
        variable_names=("PASSWORD",),
    )
    running = replace(
        release, status=ReleaseStatus.RUNNING, closed_at=None, pipelines={waiting.name: waiting}
    )
    aws.releases = {release.release_id: running}
    aws.asks = {waiting.name: ["Ask"]}
    way_out = "aws codepipeline put-approval-result --token an-approval-token"
    doing = {waiting.name: Activity(stage="Deploy", waits_for="execution x", way_out=way_out)}
    monkeypatch.setattr(aws, "get_all", lambda _: doing)
    for path in PAGES:
        text = dashboard.browser.get(path).text
        assert "-token" not in text, path
        assert "token of Ask" not in text, path
        assert "a-value" not in text, path
    assert "Ask" in dashboard.browser.get("/approvals").text
    assert dashboard.faults == []


@pytest.mark.parametrize("action", ["approve", "reject", "cancel", "retry", "rollback"])
def test_it_only_reads(aws: FakeAws, dashboard: Served, action: str) -> None:
    """Without --allow-actions nothing is done, and the page names the command."""
    aws.set_status("RUNNING", execution_arn=EXECUTION)
    for call in (dashboard.browser.get, dashboard.browser.post):
        answer = call(f"/actions/{action}/2026.11.22-1", headers=ORIGIN)
        assert answer.status_code == 403
        assert f"release-machine {action} 2026.11.22-1" in words(answer.text)
        assert "--allow-actions" in answer.text
    assert (aws.stopped, aws.started, aws.sent, aws.put) == ([], [], [], [])


def test_a_fault_is_reported(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the server is a page that says so; the terminal gets the rest."""

    def broken(*_: object, **__: object) -> str:
        raise ZeroDivisionError("a secret")

    with served(lambda: aws) as dashboard:
        monkeypatch.setattr("release_machine.dashboard.topics.AboutHistory.title", property(broken))
        answer = dashboard.browser.get("/history")
        assert answer.status_code == 500
        assert "A fault of this command" in answer.text
        assert "a secret" not in answer.text
        assert [type(each) for each in dashboard.faults] == [ZeroDivisionError]


def test_the_base(outside: Served) -> None:
    """The link is an address of this machine only."""
    assert outside.door.link.startswith(f"{BASE}/start/")


def test_wrong_filters_are_no_fault(dashboard: Served) -> None:
    """The page says at the field what is wrong; so does a script's status."""
    answer = dashboard.browser.get("/history?since=soon&until=2026-13-01&pipeline=oders")
    assert answer.status_code == 400
    text = words(answer.text)
    assert "Since soon is neither a time nor a duration." in text
    assert "Until 2026-13-01 is neither a time nor a duration." in text
    assert dashboard.browser.get("/history?pipeline=catalog+oders").status_code == 200
    assert dashboard.faults == []


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"status={number}" for number in range(200)),
        "&".join(f"pipeline=p{number}" for number in range(200)),
        "since=%00&until=%ff&requester=%ed%a0%80&pipeline=%E2%80%AE",
        "since=0001-01-01&until=9999-12-31",
        "since=9999d99999h999999m",
        "since=9999-12-31T23:59:59-23:59&requester=[",
        "outcome=&status=&requester=" + "*" * 5000,
        "a;b=c&&&=",
    ],
)
def test_no_address_of_the_history_is_a_fault(dashboard: Served, query: str) -> None:
    """Whatever was typed into it, or made of it by a link, the page has its form."""
    answer = dashboard.browser.get(f"/history?{query}")
    assert answer.status_code in {200, 400}
    assert 'id="filters"' in answer.text
    assert dashboard.faults == []
