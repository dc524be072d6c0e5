"""HTML built from text: everything that is not made here is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TypeAlias
from urllib.parse import urlsplit

from release_machine.text.printable import visible

# An ARN, an address with its scheme, or a role with an e-mail address as its session.
_LONG_WORD = re.compile(
    r"(\barn:[^\s,;]+|\b[a-z][a-z0-9]{1,9}://[^\s,;]+"
    r"|\b[\w+=.-]{1,64}/[\w+=.-]{1,64}@[\w.-]{1,64})",
    re.ASCII,
)
_VOID = frozenset({"meta", "link", "input", "br", "wbr"})


@dataclass(frozen=True, slots=True)
class Markup:
    """Finished HTML."""

    html: str


Content: TypeAlias = "Markup | str | Iterable[Content] | None"


def element(tag: str, /, *content: Content, **attributes: str | float | None) -> Markup:
    """An element; ``class_`` becomes class, ``aria_label`` aria-label, and None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(visible(f"{value}"))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(content).html}</{tag}>")


def joined(content: Content) -> Markup:
    """The parts, one after the other."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escape(visible(content)))
    return Markup("".join(joined(part).html for part in content))


def empty(content: Content) -> bool:
    """Whether the content shows nothing."""
    return not joined(content).html


def isolated(text: str | None) -> Markup | None:
    """A text from AWS or a manifest, isolated from the direction of the text around it.

    Lines of ARNs and addresses in it end only where a word of theirs ends.
    """
    if not text:
        return None
    # Every other piece is an ARN or an address.
    pieces = _LONG_WORD.split(text)
    return element("bdi", [_parts(each) if at % 2 else each for at, each in enumerate(pieces)])


def breakable(text: str | None) -> Markup | None:
    """An ARN or address from AWS or a manifest; a line ends only after a / or a colon.

    A part that is longer than a line is broken anyway.
    """
    return element("bdi", _parts(text)) if text else None


def _parts(word: str) -> Content:
    # Each part ends with all the signs that separate it from the next one.
    parts = re.findall("[^/:]*[/:]+|[^/:]+", word)
    whole = [element("span", part, class_="part") for part in parts]
    return [[element("wbr") if at else None, each] for at, each in enumerate(whole)]


def link(url: str | None, label: Content) -> Markup:
    """A link to a web page; only the label when the address is not one."""
    if url is None or not is_web_address(url):
        return joined(label)
    return element("a", label, href=url, rel="noopener noreferrer")


def link_if_web(url: str | None, label: str) -> Markup | None:
    """A link to a web page; None when the address is not one."""
    return link(url, label) if url and is_web_address(url) else None


def is_web_address(url: str) -> bool:
    """Whether it is http(s) with a host, without a user name or unprintable characters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return False
    return visible(url) == url and not any(sign.isspace() for sign in url)
