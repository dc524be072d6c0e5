"""Lets browsers in: by a link that works once, then by a cookie."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_MOST_VISITORS = 20
_MOST_NOTICES = 5
_BYTES = 32


def _secret() -> str:
    return secrets.token_urlsafe(_BYTES)


@dataclass(slots=True)
class Visitor:
    """A browser that was let in: its cookie, the token of its forms, and what it is to be told."""

    cookie: str = field(default_factory=_secret, repr=False)
    csrf: str = field(default_factory=_secret, repr=False)
    notices: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_NOTICES))

    def proves(self, csrf: str) -> bool:
        """Whether a form has the token that was given to this browser."""
        return _equal(self.csrf, csrf)

    def take_notice(self) -> str | None:
        """The next notice, which is then forgotten."""
        return self.notices.popleft() if self.notices else None


class Door:
    """The link that lets the next browser in, and the browsers that are in.

    ``let_in`` is called with the next link whenever a link was used.
    """

    def __init__(self, base: str, *, let_in: Callable[[str], None]) -> None:
        self._base = base
        self._let_in = let_in
        self._next = _secret()
        self._visitors: deque[Visitor] = deque(maxlen=_MOST_VISITORS)

    @property
    def link(self) -> str:
        """The address that lets one browser in."""
        return f"{self._base}/start/{self._next}"

    def enter(self, secret: str) -> Visitor | None:
        """Let a browser in that has the secret of the link; None for any other."""
        if not _equal(self._next, secret):
            return None
        self._next = _secret()
        visitor = Visitor()
        self._visitors.append(visitor)
        self._let_in(self.link)
        return visitor

    def find(self, cookie: str | None) -> Visitor | None:
        """The browser with this cookie, if it was let in."""
        return _found(self._visitors, cookie)


def _found(visitors: Iterable[Visitor], cookie: str | None) -> Visitor | None:
    return next((each for each in visitors if cookie and _equal(each.cookie, cookie)), None)


def _equal(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode(errors="surrogatepass"))
