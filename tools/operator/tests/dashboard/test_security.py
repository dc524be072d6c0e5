"""Only the dashboard's own pages, in a browser that was let in, get an answer."""

from urllib.parse import urlsplit

import pytest

from release_machine.dashboard.door import Door
from release_machine.dashboard.security import POLICY, refusal

OWN = {"host": "127.0.0.1:4814"}
ORIGIN = {"origin": "http://127.0.0.1:4814"}


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        {"host": "localhost:4814"},
        {**OWN, "sec-fetch-site": "same-origin"},
        {**OWN, "sec-fetch-site": "none"},
        {
            **OWN,
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
    ],
    ids=("by address", "by name", "own page", "typed", "a link on another page"),
)
def test_reads_that_pass(headers: dict[str, str]) -> None:
    """A read passes that a person or a page of the dashboard asked for."""
    assert refusal("GET", headers, port=4814) is None


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"host": "evil.example:4814"}),
        ("GET", {"host": "evil.example"}),
        ("GET", {"host": "127.0.0.1:80"}),
        ("GET", {"host": "127.0.0.1"}),
        ("GET", {"host": "127.0.0.1:4814.evil.example"}),
        ("GET", {}),
        ("GET", {**OWN, "origin": "https://evil.example"}),
        ("GET", {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}),
        ("GET", {**OWN, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}),
        (
            "GET",
            {
                **OWN,
                "sec-fetch-site": "cross-site",
                "sec-fetch-mode": "navigate",
                "sec-fetch-dest": "iframe",
            },
        ),
        ("POST", OWN),
        ("POST", {**OWN, "origin": "null"}),
        ("POST", {**OWN, "origin": "http://127.0.0.1:8080"}),
        ("POST", {**OWN, "origin": "http://localhost:4814"}),
        ("POST", {**OWN, **ORIGIN, "sec-fetch-site": "cross-site"}),
        ("DELETE", OWN),
    ],
)
def test_requests_that_are_refused(method: str, headers: dict[str, str]) -> None:
    """Another name (DNS rebinding), another origin or another port of this machine is refused."""
    assert refusal(method, headers, port=4814) is not None


def test_a_form_of_the_dashboard_passes() -> None:
    """A form names its own origin."""
    assert refusal("POST", {**OWN, **ORIGIN}, port=4814) is None
    assert refusal("POST", {**OWN, **ORIGIN, "sec-fetch-site": "same-origin"}, port=4814) is None


def test_the_usual_port_may_be_left_out() -> None:
    """At port 80 browsers leave the port out."""
    assert refusal("GET", {"host": "localhost"}, port=80) is None


def test_the_policy_allows_nothing_inline() -> None:
    """Scripts and styles come from files, forms go to the dashboard, and nobody frames it."""
    assert POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in POLICY
    assert "form-action 'self'" in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_a_link_works_once() -> None:
    """It lets one browser in; then another link is told."""
    told: list[str] = []
    door = Door("http://127.0.0.1:1", let_in=told.append)
    first = door.link
    assert urlsplit(first).path.startswith("/start/")
    secret = first.rpartition("/")[2]
    visitor = door.enter(secret)
    assert visitor is not None
    assert door.enter(secret) is None
    assert told == [door.link]
    assert door.link != first
    other = door.enter(door.link.rpartition("/")[2])
    assert other is not None
    assert (other.cookie, other.csrf) != (visitor.cookie, visitor.csrf)


@pytest.mark.parametrize("wrong", ["", "x", "\udc80", "é"])
def test_a_wrong_secret_lets_nobody_in(wrong: str) -> None:
    """Neither as a link, nor as a cookie, nor as the token of a form."""
    door = Door("http://127.0.0.1:1", let_in=lambda _: None)
    visitor = door.enter(door.link.rpartition("/")[2])
    assert visitor is not None
    assert door.enter(wrong) is None
    assert door.find(wrong) is None
    assert door.find(None) is None
    assert not visitor.proves(wrong)
    assert door.find(visitor.cookie) is visitor
    assert visitor.proves(visitor.csrf)
    assert visitor.cookie not in repr(visitor)


def test_a_notice_is_shown_once() -> None:
    """What was done is told on the next page only."""
    door = Door("http://127.0.0.1:1", let_in=lambda _: None)
    visitor = door.enter(door.link.rpartition("/")[2])
    assert visitor is not None
    visitor.notices.append("done")
    assert visitor.take_notice() == "done"
    assert visitor.take_notice() is None
