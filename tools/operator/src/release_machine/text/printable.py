"""Texts from AWS and manifests made safe: control characters are escaped."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from release_core.problems import is_hidden, is_in_line

Value = TypeVar("Value")

_WANTED_CONTROLS = frozenset("\n\t")


def visible(text: str) -> str:
    """The text with control, hidden and direction characters escaped as \\uXXXX."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{ord(sign):04x}" if is_hidden(sign) and sign not in _WANTED_CONTROLS else sign
        for sign in text
    )


def json_text(document: object, *, indent: int | None = None) -> str:
    """A document as JSON that is safe to print: control and direction characters are escaped."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    if text.isascii() and "\x7f" not in text:
        return text
    # In JSON these characters stand only in strings, where an escape means the same. A line break
    # is never in a string.
    return "".join(
        sign if is_in_line(sign) or sign in _WANTED_CONTROLS else _json_escape(sign)
        for sign in text
    )


def _json_escape(sign: str) -> str:
    units = sign.encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def in_one_line(text: str) -> str:
    """The visible text without line breaks, so that it cannot forge a line of output."""
    return visible(" ".join(text.splitlines()))


def printable(value: Value) -> Value:
    """A release, a plan or a part of one, with every text in it made visible."""
    return cast("Value", _printable(value))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {_printable(name): _printable(each) for name, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return type(value)(map(_printable, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _printable(getattr(value, each.name)) for each in fields(value)}
        )
    return value
