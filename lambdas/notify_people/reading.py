"""Reads an event of the release machine.

Anybody who may put events on the bus could have sent it, and it quotes manifests and CodePipeline.
So nothing in it is trusted: each text becomes one visible line of limited length, a link must show
where it leads, and a command must be one of release-machine. What is missing is left out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from notify_people.message import Event, Failure
from notify_people.texts import (
    MAX_REASON,
    Line,
    Quoted,
    command,
    console_link,
    elements,
    link,
    members,
    one_line,
    whole,
)
from release_core.aws.event_bus import SOURCE
from release_core.domain.announcement import MAX_LISTED


def read_event(event: object) -> Event | str:
    """Return the event, or in words why it is none of the release machine."""
    envelope = members(event)
    detail_type, detail = envelope.get("detail-type"), envelope.get("detail")
    if envelope.get("source") != SOURCE or not isinstance(detail_type, str):
        return f"not an event of {SOURCE}"
    if not isinstance(detail, Mapping):
        return "an event without a detail"
    began_at, at = moment(detail.get("beganAt")), moment(detail.get("at"))
    return Event(
        type=one_line(detail_type),
        event_id=one_line(detail.get("eventId")),
        at=clock_time(detail.get("at")),
        account=one_line(envelope.get("account")),
        region=one_line(envelope.get("region")),
        deployment=one_line(detail.get("deployment")),
        release_id=one_line(detail.get("releaseId")),
        attempt=whole(detail.get("attempt")),
        status=one_line(detail.get("status")),
        execution_arn=one_line(detail.get("executionArn"), MAX_REASON),
        requester=person(detail.get("requester")),
        seconds=int((at - began_at).total_seconds()) if at and began_at else None,
        counts=_counts(detail.get("counts")),
        failures=tuple(_failures(detail.get("failures"))),
        next_command=command(detail.get("nextCommand")),
        console=console_link(detail.get("consoleUrl")),
        detail=detail,
        raw=envelope,
    )


def moment(value: object) -> datetime | None:
    """Return a time with its zone, or None."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return read if read and read.tzinfo else None


def clock_time(value: object) -> str:
    """Return a time in UTC, to the second; empty for no time."""
    read = moment(value)
    return read.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if read else ""


def person(value: object) -> str:
    """Return who signed a request: of an ARN the part that names a user or a role."""
    arn = one_line(value, MAX_REASON)
    resource = arn.split(":", 5)[5:] if arn.startswith("arn:") else []
    return resource[0] if resource else arn


def _counts(value: object) -> dict[str, int]:
    read = ((name, whole(each)) for name, each in members(value).items())
    return {name: count for name, count in read if count is not None}


def _failures(value: object) -> list[Failure]:
    return [_failure(members(each)) for each in elements(value)[:MAX_LISTED]]


def _failure(said: Mapping[str, Any]) -> Failure:
    stage, action = one_line(said.get("stage")), one_line(said.get("action"))
    in_stage: Line = ("stage ", Quoted(stage)) if stage else ()
    in_action: Line = (", " if stage else "", "action ", Quoted(action)) if action else ()
    return Failure(
        pipeline=one_line(said.get("pipeline")) or "a pipeline",
        place=in_stage + in_action,
        reason=one_line(said.get("reason"), MAX_REASON) or "no reason was given",
        link=link(said.get("link")),
    )
