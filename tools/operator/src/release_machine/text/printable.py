"""Texts from AWS and manifests made safe: control characters are escaped."""

import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

_WANTED_CONTROLS = frozenset("\n\t\u200c\u200d")


def visible(text: str) -> str:
    """The text with control, hidden and direction characters escaped as \\uXXXX."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"\\u{ord(sign):04x}"
        if unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in _WANTED_CONTROLS
        else sign
        for sign in text
    )


def in_one_line(text: str) -> str:
    """The visible text without line breaks, so that it cannot forge a line of output."""
    return visible(" ".join(text.splitlines()))


def printable[Value](value: Value) -> Value:
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
