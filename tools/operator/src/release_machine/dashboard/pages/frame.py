"""What every page of the dashboard has: its head, navigation, and a banner for the connection.

Who was not let in gets a bare page, which says nothing about the deployment.
"""

from __future__ import annotations

from datetime import datetime

from release_machine.dashboard.pages.times import clock
from release_machine.dashboard.state import Site
from release_machine.report.markup import Markup, element, isolated

TABS = (
    ("estate", "/", "Estate"),
    ("approvals", "/approvals", "Approvals"),
    ("history", "/history", "History"),
    ("metrics", "/metrics", "DORA"),
)


def document(
    site: Site,
    *,
    title: str,
    current: str | None,
    content: Markup,
    stream: str | None,
    notice: str | None = None,
    read_at: datetime | None = None,
) -> str:
    """The whole page.

    ``current`` is the tab of the page, ``stream`` the address of the events that replace its
    content. ``notice`` says what was just done.
    """
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        _top(site, current, _freshness(read_at) if stream else None),
        _connection(),
        element("p", isolated(notice), class_="notice good", role="status") if notice else None,
        element("main", content, id="content", tabindex="-1"),
        _foot(site),
        class_="dashboard",
        data_stream=stream,
    )
    script = element("script", src="/static/dashboard.js", defer="")
    return _whole(_head(f"{title} · {site.deployment}", script), body)


def bare_document(title: str, content: Markup) -> str:
    """The whole page for a browser that was not let in: it names no deployment and no caller."""
    body = element(
        "body",
        element("header", element("a", "Release Machine", href="/", class_="brand"), class_="top"),
        element("main", content, id="content", tabindex="-1"),
        class_="dashboard",
    )
    return _whole(_head(title), body)


def _whole(head: Markup, body: Markup) -> str:
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en').html}\n"


def _head(title: str, script: Markup | None = None) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="icon", type="image/svg+xml", href="/static/wait.svg"),
        element("link", rel="stylesheet", href="/static/report.css"),
        element("link", rel="stylesheet", href="/static/dashboard.css"),
        script,
    )


def _top(site: Site, current: str | None, freshness: Markup | None) -> Markup:
    tabs = [
        element(
            "li",
            element("a", name, href=address, aria_current="page" if tab == current else None),
        )
        for tab, address, name in TABS
    ]
    return element(
        "header",
        element("a", isolated(site.deployment), href="/", class_="brand"),
        element("nav", element("ul", tabs), aria_label="Pages"),
        freshness,
        class_="top",
    )


def _freshness(read_at: datetime | None) -> Markup:
    """When the content was read; before the first read it is hidden, and the script shows it."""
    when = clock(read_at) or element("time", class_="at clock")
    zone = element("span", "UTC", data_zone="")
    hidden = "" if read_at is None else None
    return element("p", "As of ", when, " ", zone, class_="fresh", hidden=hidden)


def _connection() -> Markup:
    """What the script fills when the connection is lost, and when it is back."""
    return element(
        "div",
        element(
            "p",
            element("b", data_connection_words=""),
            " ",
            element("span", data_connection_age=""),
            class_="connection",
            data_connection="live",
            hidden="",
        ),
        element("p", role="status", class_="unseen", data_spoken=""),
        class_="stays",
    )


def _foot(site: Site) -> Markup:
    may = "may change releases" if site.allows_actions else "only reads"
    return element(
        "footer",
        element(
            "p",
            f"{site.region}, as ",
            isolated(site.caller),
            f". This dashboard {may}.",
        ),
    )
