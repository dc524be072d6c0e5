"""What a request asks for: the topic of its address, its form, and who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from release_machine.dashboard.door import Visitor
from release_machine.dashboard.topics import (
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    Topic,
    days_of,
    filters_of,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

LONGEST_FORM = 32_000  # bytes
_MOST_FIELDS = 10


def topic_of(request: Request, path: str) -> Topic:
    """What the page at a path shows, with the filters of the address."""
    query = parse_qs(request.url.query)
    if "release_id" in request.path_params:
        return AboutRelease(request.path_params["release_id"])
    match path:
        case "/history":
            return AboutHistory(filters_of(query))
        case "/approvals":
            return AboutApprovals()
        case "/metrics":
            return AboutMetrics(days_of(query))
        case _:
            return AboutEstate()


def is_let_in(scope: Scope) -> bool:
    """Whether a request is from the dashboard itself, in a browser that was let in."""
    state = scope["state"]
    return state["refusal"] is None and state["visitor"] is not None


def visitor_of(request: Request) -> Visitor:
    """The browser, which was let in."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


async def form_of(request: Request) -> dict[str, str] | None:
    """The fields of a form; None when it is too large or no form."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    try:
        found = parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        return None
    return {name: values[0] for name, values in found.items()}
