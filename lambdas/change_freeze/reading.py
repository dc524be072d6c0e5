"""Reads what a request freezes, strictly."""

import re
from datetime import datetime, timedelta

from release_core.api import ApiRequest
from release_core.clock import ZONED_TIME, from_iso, from_zoned_iso, to_iso
from release_core.domain.holds import Freeze
from release_core.errors import RequestRefused

# As a pattern in `pipeline_name_patterns`.
_SCOPE = re.compile(r"[A-Za-z0-9.@_*-]{1,100}")
# A held task looks once an hour, and AWS limits the history of its workflow execution.
LONGEST = timedelta(days=90)


def read_freeze(request: ApiRequest, now: datetime) -> Freeze:
    """The freeze in the body of a request, which begins now. Raises RequestRefused."""
    scope = request.text("scope")
    if scope is None or not _SCOPE.fullmatch(scope):
        raise RequestRefused(
            400,
            "`scope` must be *, the name of a pipeline or a pattern such as shop-*: 1 to 100 "
            "letters, digits and the characters . @ - _ *",
        )
    return Freeze(
        scope=scope,
        until=_read_until(request, now),
        reason=read_reason(request),
        by=request.caller,
        at=now,
    )


def read_reason(request: ApiRequest) -> str:
    """The reason in the body of a request. Raises RequestRefused."""
    reason = request.text("reason")
    if reason is None:
        raise RequestRefused(400, "a `reason` is needed: it is shown to everybody who is held")
    return reason


def _read_until(request: ApiRequest, now: datetime) -> datetime:
    text = request.text("until")
    if text is None:
        raise RequestRefused(400, f"`until` is needed: {ZONED_TIME}")
    try:
        until = from_zoned_iso(text)
    except ValueError as error:
        raise RequestRefused(400, f"`until` {error}") from error
    if until <= now:
        raise RequestRefused(400, f"`until` has passed: it is {to_iso(now)} now. Name a later time")
    if until > now + LONGEST:
        days = LONGEST.days
        raise RequestRefused(400, f"`until` is more than {days} days from now; freeze for less")
    return from_iso(to_iso(until))  # to the millisecond, as it is read back
