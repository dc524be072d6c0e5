"""Checks what a person wrote: a reason or a comment for the record, or a name of pipelines."""

import re

from release_core.api import MAX_TEXT
from release_core.problems import is_hidden, is_storable
from release_machine.errors import UsageError

# As the API reads a scope.
_SCOPE = re.compile(r"[A-Za-z0-9.@_*-]{1,100}")


def checked_words(name: str, text: str, *, needed: bool, example: str) -> str | None:
    """The text without white space around it; None for a blank one that is not needed.

    Raises UsageError for one that is needed and blank, that is too long, or has hidden characters.
    """
    words = text.strip()
    if not words:
        if needed:
            raise UsageError(f"{name} is empty.", f"Write why, as in {example}.")
        return None
    if any(is_hidden(sign) and sign != "\n" for sign in words):
        raise UsageError(f"{name} has a hidden character, such as a tab.", "Remove it.")
    if not is_storable(words, MAX_TEXT):
        raise UsageError(f"{name} has more than {MAX_TEXT:,} bytes.", "Say it in fewer words.")
    return words


def checked_scope(name: str, text: str) -> str:
    """A name or pattern of pipelines; raises UsageError for what can match none."""
    if _SCOPE.fullmatch(text):
        return text
    raise UsageError(
        f"{name} {text} can match no pipeline." if text else f"{name} is empty.",
        "Give *, the name of a pipeline or one pattern such as 'shop-*': 1 to 100 letters, digits "
        "and the characters . @ - _ *",
    )
