"""Reads the releases table; the only module that knows the shape of its items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from operator_cli.model import AuditEntry, Failure, PastAttempt, Pipeline, Release
from operator_cli.order import in_order

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

type Item = Mapping[str, Any]

# Task tokens stay in the ledger: whoever holds one can settle a pipeline.
_PIPELINE_ATTRIBUTES = (
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
    "audit",
)


class LedgerReader:
    """Reads releases as they stand.

    Lookups by id are consistent; the list of the latest comes from an index that may lag a second.
    """

    def __init__(self, *, dynamodb: DynamoDBClient, releases_table: str) -> None:
        self._dynamodb = dynamodb
        self._table = releases_table
        self._plain = TypeDeserializer()

    def release(self, release_id: str) -> Release | None:
        """Read a release with its pipelines, or None; an execution's ARN finds what it rejected."""
        # The header comes first: once it says closed, no pipeline read after it can still change.
        header = self._item(release_id, "release")
        if header is None:
            return None
        return _release(release_id, header, pipelines=self._pipelines(release_id))

    def release_opened_by(self, execution_arn: str) -> str | None:
        """Name the release that this execution opens, as soon as it has claimed the id."""
        pointer = self._item(execution_arn, "execution")
        opens = pointer.get("opens") if pointer else None
        return str(opens) if opens else None

    def manifest(self, release_id: str) -> str | None:
        """The manifest of a release as JSON text; None for what never became a release."""
        return _text(self._item(release_id, "manifest") or {}, "manifest")

    def latest(self, limit: int) -> list[Release]:
        """List the headers of the latest releases, the newest first."""
        answer = self._dynamodb.query(
            TableName=self._table,
            IndexName="by_time",
            KeyConditionExpression="listing = :listing",
            ExpressionAttributeValues={":listing": {"S": "release"}},
            ScanIndexForward=False,
            Limit=limit,
        )
        headers = [self._simple(item) for item in answer["Items"]]
        return [_release(str(header["release_id"]), header, pipelines=()) for header in headers]

    def _item(self, release_id: str, item: str) -> Item | None:
        answer = self._dynamodb.get_item(
            TableName=self._table,
            Key={"release_id": {"S": release_id}, "item": {"S": item}},
            ConsistentRead=True,
        )
        return self._simple(answer["Item"]) if "Item" in answer else None

    def _pipelines(self, release_id: str) -> tuple[Pipeline, ...]:
        names = {f"#{name}": name for name in _PIPELINE_ATTRIBUTES}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="release_id = :id AND begins_with(#item, :pipeline)",
            ExpressionAttributeValues={":id": {"S": release_id}, ":pipeline": {"S": "pipeline#"}},
            ExpressionAttributeNames={**names, "#item": "item"},
            ProjectionExpression=", ".join(names),
            ConsistentRead=True,
        )
        found = [_pipeline(self._simple(item)) for page in pages for item in page["Items"]]
        return in_order(found)

    def _simple(self, item: Mapping[str, Any]) -> Item:
        return {name: self._plain.deserialize(value) for name, value in item.items()}


def _release(release_id: str, header: Item, *, pipelines: tuple[Pipeline, ...]) -> Release:
    return Release(
        release_id=release_id,
        status=str(header["status"]),
        execution_arn=_text(header, "execution_arn"),
        opened_at=_time(header, "opened_at"),
        closed_at=_time(header, "closed_at"),
        channel=_text(header, "channel"),
        requester=_text(header, "requester"),
        why=_text(header, "why"),
        pipeline_count=int(header.get("pipeline_count", len(pipelines))),
        attempt=int(header.get("attempt", 1)),
        resumed_at=_time(header, "resumed_at"),
        attempts=tuple(
            _past(each, execution=_text(each, "execution_arn"), why=_text(each, "why"))
            for each in header.get("attempts") or ()
        ),
        on_failure=str(header.get("on_failure", "halt")),
        halted_by=_text(header, "halted_by"),
        deadline=_time(header, "deadline"),
        max_concurrency=_number(header, "max_concurrency"),
        in_flight=frozenset(header.get("in_flight") or ()),
        abandons=bool(header.get("abandons")),
        audit=_audit(header),
        pipelines=pipelines,
    )


def _pipeline(item: Item) -> Pipeline:
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
        stop_reason=_text(item, "stop_reason") if stop_requested_at else None,
        attempts=tuple(_past_of_pipeline(each) for each in item.get("attempts") or ()),
        execution_id=_text(item, "execution_id"),
        started_at=_time(item, "started_at"),
        ended_at=_time(item, "ended_at"),
        failure=_failure(item),
        audit=_audit(item),
    )


def _failure(item: Item) -> Failure | None:
    told = item.get("failure")
    if not told:
        return None
    return Failure(
        stage=_text(told, "stage"),
        action=_text(told, "action"),
        code=_text(told, "code"),
        summary=_text(told, "summary"),
        link=_text(told, "link"),
        message=_text(told, "message"),
    )


def _past_of_pipeline(item: Item) -> PastAttempt:
    failure = _failure(item)
    why = ": ".join(part for part in (failure.place, failure.reason) if part) if failure else None
    return _past(item, execution=_text(item, "execution_id"), why=why)


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
            before=_text(entry, "before"),
            after=_text(entry, "after"),
        )
        for entry in item.get("audit") or ()
    )


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return None if value is None or value == "" else str(value)


def _number(item: Item, name: str) -> int | None:
    value = item.get(name)
    return None if value is None else int(value)


def _time(item: Item, name: str) -> datetime | None:
    text = _text(item, name)
    return datetime.fromisoformat(text) if text else None
