"""Checks texts that are sent to AWS, by the name of the option or argument that the user typed."""

import re

import click

from release_core.api import MAX_TEXT
from release_core.problems import is_hidden, is_storable
from release_machine.errors import UsageError

# As the API reads a scope.
_SCOPE = re.compile(r"[A-Za-z0-9.@_*-]{1,100}")


def read_words(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """A reason or a comment, without white space around it; None for an optional one that is blank.

    Raises UsageError for one that is needed and blank, that is too long, or has hidden characters.
    """
    text, name = (value or "").strip(), parameter.opts[0]
    if not text:
        if parameter.required:
            raise UsageError(f"{name} is empty.", f'Write why, as in {name} "incident 4711".')
        return None
    if any(is_hidden(sign) and sign != "\n" for sign in text):
        raise UsageError(f"{name} has a hidden character, such as a tab.", "Remove it.")
    if not is_storable(text, MAX_TEXT):
        raise UsageError(f"{name} has more than {MAX_TEXT:,} bytes.", "Say it in fewer words.")
    return text


def read_any(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An optional text of any length; raises UsageError for bytes that are no text."""
    if value and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise UsageError(f"{parameter.opts[0]} is not valid UTF-8.", "Write it in UTF-8.")
    return value


def read_scope(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """What a freeze covers, if it is given; raises UsageError for what can be no scope."""
    if value is None or _SCOPE.fullmatch(value):
        return value
    name = parameter.opts[0] if parameter.param_type_name == "option" else "PATTERN"
    raise UsageError(
        f"{name} is empty." if not value else f"{name} {value} can match no pipeline.",
        "Give *, the name of a pipeline or one pattern such as 'shop-*': 1 to 100 letters, digits "
        "and the characters . @ - _ *",
    )
