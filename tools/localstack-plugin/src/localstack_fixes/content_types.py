"""Parses each Content-Type header once, not at each request.

Twisted, which serves LocalStack, makes an e-mail message of the header to read its type: a tenth of
the time of a request. The type is a function of the header's text.
"""

from functools import lru_cache
from typing import Any

MOST_HEADERS = 256  # few differ, but for the boundary of an upload in parts


def apply() -> None:
    """Remembers parsed headers."""
    # Imported late, so that the rule below can be tested without Twisted.
    from twisted.web import http  # noqa: PLC0415 - as above

    parse_once(http)


def parse_once(module: Any) -> None:
    """Lets the module's ``_parseContentType`` answer a header that it has parsed from memory."""
    module._parseContentType = lru_cache(MOST_HEADERS)(module._parseContentType)
