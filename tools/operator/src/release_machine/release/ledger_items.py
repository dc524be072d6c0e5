"""The items of the ledger as the operator's model; the only module that knows their shape."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from release_machine.release.model import (
    AuditEntry,
    Failure,
    Good,
    PastAttempt,
    Pin,
    Pipeline,
    Release,
    Revision,
    StateChange,
)

type Item = Mapping[str, Any]

# What is read of a pipeline. Task tokens stay in the ledger: whoever holds one can settle it.
PIPELINE_ATTRIBUTES = (
    "pipeline",
    "position",
    "status",
    "depends_on",
    "attempt",
    "attempts",
    "retries",
    "retried",
    "timeout_minutes",
    "token_registered_at",
    "stop_requested_at",
    "stop_reason",
    "execution_id",
    "started_at",
    "ended_at",
    "failure",
    "revisions",
    "variables",
    "source_revisions",
    "previous_good",
    "audit",
)


def read_release(release_id: str, header: Item, *, pipelines: tuple[Pipeline, ...]) -> Release:
    """The release that a header describes."""
    return Release(
        release_id=release_id,
        status=str(header["status"]),
        execution_arn=text_of(header, "execution_arn"),
        opened_at=_time(header, "opened_at"),
        closed_at=_time(header, "closed_at"),
        channel=text_of(header, "channel"),
        requester=text_of(header, "requester"),
        why=text_of(header, "why"),
        pipeline_count=int(header.get("pipeline_count", len(pipelines))),
        attempt=int(header.get("attempt", 1)),
        resumed_at=_time(header, "resumed_at"),
        attempts=tuple(
            _past(each, execution=text_of(each, "execution_arn"), why=text_of(each, "why"))
            for each in header.get("attempts") or ()
        ),
        on_failure=str(header.get("on_failure", "halt")),
        halted_by=text_of(header, "halted_by"),
        deadline=_time(header, "deadline"),
        max_concurrency=_number(header, "max_concurrency"),
        in_flight=frozenset(header.get("in_flight") or ()),
        abandons=bool(header.get("abandons")),
        rollback_of=text_of(header, "rollback_of"),
        rolls_back_as=text_of(header, "rolls_back_as"),
        rolled_back_by=text_of(header, "rolled_back_by"),
        audit=_audit(header),
        pipelines=pipelines,
    )


def read_pipeline(item: Item) -> Pipeline:
    """The pipeline that a node of a release describes."""
    minutes = _number(item, "timeout_minutes")
    # That of an earlier attempt stays on record when the pipeline runs again.
    stop_requested_at = _time(item, "stop_requested_at")
    return Pipeline(
        name=str(item["pipeline"]),
        position=int(item["position"]),
        status=str(item["status"]),
        depends_on=tuple(item.get("depends_on") or ()),
        attempt=int(item.get("attempt", 1)),
        retries=int(item.get("retries", 0)),
        retried=int(item.get("retried", 0)),
        time_limit=None if minutes is None else timedelta(minutes=minutes),
        has_task="token_registered_at" in item,
        stop_requested_at=stop_requested_at,
        stop_reason=text_of(item, "stop_reason") if stop_requested_at else None,
        attempts=tuple(_past_of_pipeline(each) for each in item.get("attempts") or ()),
        execution_id=text_of(item, "execution_id"),
        started_at=_time(item, "started_at"),
        ended_at=_time(item, "ended_at"),
        failure=_failure(item),
        revisions=_revisions(item),
        variables=tuple(item.get("variables") or ()),
        source_revisions=tuple(
            Pin(action=each["action"], type=each["type"], revision=each["revision"])
            for each in item.get("source_revisions") or ()
        ),
        previous_good=_good(item.get("previous_good")),
        audit=_audit(item),
    )


def read_changes(item: Item) -> tuple[StateChange, ...]:
    """The state changes in an item of the executions table, in the order in which they happened."""
    changes = (
        StateChange(
            state=str(each["state"]),
            attempt=int(each["attempt"]),
            at=datetime.fromisoformat(str(each["at"])),
            source=str(each["source"]),
            note=text_of(each, "note"),
        )
        for each in item.get("changes") or ()
    )
    return tuple(sorted(changes, key=lambda change: change.at))


def _revisions(item: Item) -> tuple[Revision, ...]:
    return tuple(
        Revision(
            artifact=str(each["artifact"]),
            revision=str(each["revision"]),
            summary=text_of(each, "summary"),
            action=text_of(each, "action"),
            type=text_of(each, "type"),
            origin=each.get("origin"),
        )
        for each in item.get("revisions") or ()
    )


def _good(item: Item | None) -> Good | None:
    if not item:
        return None
    return Good(
        release_id=str(item["release_id"]),
        execution_id=str(item["execution_id"]),
        at=_time(item, "at"),
        revisions=_revisions(item),
        variables=tuple(item.get("variables") or ()),
    )


def _failure(item: Item) -> Failure | None:
    told = item.get("failure")
    if not told:
        return None
    return Failure(
        stage=text_of(told, "stage"),
        action=text_of(told, "action"),
        code=text_of(told, "code"),
        summary=text_of(told, "summary"),
        link=text_of(told, "link"),
        message=text_of(told, "message"),
    )


def _past_of_pipeline(item: Item) -> PastAttempt:
    failure = _failure(item)
    why = ": ".join(part for part in (failure.place, failure.reason) if part) if failure else None
    return _past(item, execution=text_of(item, "execution_id"), why=why)


def _past(item: Item, *, execution: str | None, why: str | None) -> PastAttempt:
    return PastAttempt(
        number=int(item["attempt"]), status=str(item["status"]), execution=execution, why=why
    )


def _audit(item: Item) -> tuple[AuditEntry, ...]:
    return tuple(
        AuditEntry(
            at=datetime.fromisoformat(str(entry["at"])),
            who=str(entry["who"]),
            what=str(entry["what"]),
            before=text_of(entry, "before"),
            after=text_of(entry, "after"),
        )
        for entry in item.get("audit") or ()
    )


def text_of(item: Item, name: str) -> str | None:
    """The text of an attribute; None when it is absent or empty."""
    value = item.get(name)
    return None if value is None or value == "" else str(value)


def _number(item: Item, name: str) -> int | None:
    value = item.get(name)
    return None if value is None else int(value)


def _time(item: Item, name: str) -> datetime | None:
    text = text_of(item, name)
    return datetime.fromisoformat(text) if text else None
