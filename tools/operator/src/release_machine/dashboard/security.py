"""Protects the dashboard: from other pages in the browser, and from other users of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from release_machine.dashboard.door import Door, Visitor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
START = "/start/"
_OPEN_TO_ALL = (START, "/static/")
_READING = frozenset({"GET", "HEAD"})
# What a browser says of a request from the dashboard itself, or of an address that was typed.
OWN_PAGES = frozenset({"same-origin", "none"})
_HTTP_PORT = 80

POLICY = "; ".join(
    [
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"),
        *("img-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer a browser would not name the origin of a form, which is checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def cookie_name(port: int) -> str:
    """The name of the cookie; each dashboard has its own, as cookies do not depend on the port."""
    return f"release-machine-{port}"


def allowed_hosts(port: int) -> frozenset[str]:
    """The values of the header Host for this port."""
    names = frozenset(f"{host}:{port}" for host in HOSTS)
    return names | frozenset(HOSTS) if port == _HTTP_PORT else names


def refusal(method: str, headers: Mapping[str, str], *, port: int) -> str | None:
    """Why a request does not come from a page of the dashboard, or None."""
    host = headers.get("host", "")
    if host not in allowed_hosts(port):
        # A page of another site can point its own name at this machine (DNS rebinding).
        return f"The dashboard answers only at {HOSTS[0]} and {HOSTS[1]}."
    origin = headers.get("origin")
    own = f"http://{host}"
    if origin not in {None, own} or (origin is None and method not in _READING):
        return "Another site sent this request."
    if headers.get("sec-fetch-site", "none") not in OWN_PAGES:
        # Also pages at another port of this machine, which a cookie does not tell apart.
        follows_link = method in _READING and headers.get("sec-fetch-mode") == "navigate"
        if not (follows_link and headers.get("sec-fetch-dest") == "document"):
            return "Another site sent this request."
    return None


class Guard:
    """Refuses requests that are not from a page of the dashboard in a browser that was let in.

    It adds the headers of protection to every answer. The visitor is in the state of the request.
    ``refused`` answers what is refused, with the reason; None stands for a browser without cookie.
    """

    def __init__(self, app: ASGIApp, *, door: Door, port: int, refused: ASGIApp) -> None:
        self._app = app
        self._door = door
        self._port = port
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        state = scope.setdefault("state", {})
        headers = Headers(scope=scope)
        state["refusal"] = refusal(scope["method"], headers, port=self._port)
        state["visitor"] = visitor = self._visitor(headers)
        is_open = scope["path"].startswith(_OPEN_TO_ALL)
        passes = state["refusal"] is None and (visitor is not None or is_open)
        await (self._app if passes else self._refused)(scope, receive, protected)

    def _visitor(self, headers: Headers) -> Visitor | None:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        found = cookies.get(cookie_name(self._port))
        return self._door.find(found.value if found else None)
