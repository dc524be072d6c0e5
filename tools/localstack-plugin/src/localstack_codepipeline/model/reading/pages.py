"""Answers in pages, with a token that says where the next one begins."""

import base64
import binascii
from collections.abc import Sequence

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import InvalidNextTokenException


def page[T](items: Sequence[T], request: Json, *, most: int) -> tuple[list[T], Json]:
    """Return the items the request asks for, and the `nextToken` member when there are more.

    Raises InvalidNextTokenException when the token is none that this function made.
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
