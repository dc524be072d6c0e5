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


def printable[Told](told: Told) -> Told:
    """A release, a plan or a part of one, with every text in it made visible."""
    return cast("Told", _printable(told))


def _printable(told: Any) -> Any:
    if isinstance(told, str):
        return visible(told)
    if isinstance(told, Mapping):
        return {_printable(name): _printable(value) for name, value in told.items()}
    if isinstance(told, tuple | list | frozenset):
        return type(told)(map(_printable, told))
    if is_dataclass(told) and not isinstance(told, type):
        return replace(
            told, **{each.name: _printable(getattr(told, each.name)) for each in fields(told)}
        )
    return told
