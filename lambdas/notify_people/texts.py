"""Makes texts of an event safe to show: each is foreign, because it may quote anybody's input.

Every function takes any value, because an event holds what its sender put into it.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from release_core.immutable import Immutable

CUT = "..."
MAX_NAME = 100  # characters, as in manifests
MAX_REASON = 300
MAX_LINK = 1000
MAX_COMMAND = 500

# What a URL may consist of. Square brackets would begin a link of Markdown with another text.
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]+")
_CONSOLES = ("console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com")


class Quoted(Immutable, kw_only=False):
    """A foreign text: one visible line, but not yet escaped for e-mail, chat or SMS."""

    text: str


# A line of a message: our own words and foreign texts.
type Line = tuple[str | Quoted, ...]


def one_line(value: object, limit: int = MAX_NAME) -> str:
    """Return a text in one visible line of at most ``limit`` characters; empty for no text."""
    if not isinstance(value, str):
        return ""
    # Cut first: what is escaped becomes longer, and a text may have any length.
    start = " ".join(value[: limit + 1].split())
    line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in start)
    was_cut = len(value) > limit or len(line) > limit
    return line[: limit - len(CUT)] + CUT if was_cut else line


def whole(value: object) -> int | None:
    """Return a whole number that is not negative, or None. An event may spell 3 as 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def members(value: object) -> Mapping[str, Any]:
    """Return an object, empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def elements(value: object) -> list[Any]:
    """Return a list, empty for anything else."""
    return value if isinstance(value, list) else []


def link(value: object) -> str | None:
    """Return a URL that shows where it leads, or None."""
    if not isinstance(value, str) or len(value) > MAX_LINK or not _URL.fullmatch(value):
        return None
    return None if "@" in urlsplit(value).netloc else value


def console_link(value: object) -> str | None:
    """Return a URL of the AWS console, or None for a link to another site."""
    url = link(value)
    host = urlsplit(url).netloc if url else ""
    is_console = any(host == each or host.endswith(f".{each}") for each in _CONSOLES)
    return url if is_console else None


def command(value: object) -> str | None:
    """Return a command line of release-machine that a shell takes as just that, or None.

    A person copies it: nothing in it may end the command and begin another.
    """
    if not isinstance(value, str) or len(value) > MAX_COMMAND or not value.isprintable():
        return None
    try:
        words = shlex.split(value)
    except ValueError:
        return None
    return value if words[:1] == ["release-machine"] and shlex.join(words) == value else None
