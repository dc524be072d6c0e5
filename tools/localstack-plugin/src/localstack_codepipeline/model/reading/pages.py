"""Splits answers into pages, with a token for the next page."""

from collections.abc import Sequence

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError


def page[T](items: Sequence[T], request: Json, *, most: int) -> tuple[list[T], Json]:
    """Return the items of one page, and the member `nextToken` if there are more.

    Raises InvalidNextTokenException for a token that this function did not make.
    """
    word, _, position = (request.get("nextToken") or "from:0").partition(":")
    if word != "from" or not position.isdecimal() or int(position) > len(items):
        raise ApiError("InvalidNextTokenException", "The next token is not valid")
    start = int(position)
    end = start + (request.get("maxResults") or most)
    rest = {"nextToken": f"from:{end}"} if end < len(items) else {}
    return list(items[start:end]), rest
