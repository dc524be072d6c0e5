"""Splits answers into pages, with a token for the next page."""

import base64
import binascii
from collections.abc import Sequence

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import InvalidNextTokenException


def page[T](items: Sequence[T], request: Json, *, most: int) -> tuple[list[T], Json]:
    """Return the items of one page, and the member `nextToken` if there are more.

    Raises InvalidNextTokenException for a token that this function did not make.
    """
    start = _read(request["nextToken"]) if request.get("nextToken") else 0
    if start > len(items):
        raise InvalidNextTokenException("The next token is not valid")
    end = start + (request.get("maxResults") or most)
    rest = {"nextToken": _write(end)} if end < len(items) else {}
    return list(items[start:end]), rest


def _write(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode()


def _read(token: str) -> int:
    try:
        word, _, position = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "from" and position.isdecimal():
            return int(position)
    except (binascii.Error, ValueError):
        pass
    raise InvalidNextTokenException("The next token is not valid")
