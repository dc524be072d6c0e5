"""Reads the ledger: releases with their pipelines, and the state changes of their executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import batched, islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from release_machine.release.ledger_items import (
    PIPELINE_ATTRIBUTES,
    Item,
    read_changes,
    read_pipeline,
    read_release,
    text_of,
)
from release_machine.release.model import Pipeline, Release, StateChange
from release_machine.release.order import in_order

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEYS_OF_ONE_READ = 100  # as BatchGetItem takes them
_LOOKED_AT_ONCE = 100


class LedgerReader:
    """Reads releases as they stand.

    Lookups by id are consistent; the list of the latest comes from an index that may lag a second.
    """

    def __init__(
        self, *, dynamodb: DynamoDBClient, releases_table: str, executions_table: str
    ) -> None:
        self._dynamodb = dynamodb
        self._table = releases_table
        self._executions = executions_table
        self._plain = TypeDeserializer()

    def release(self, release_id: str) -> Release | None:
        """Read a release with its pipelines, or None; an execution's ARN finds what it rejected."""
        # The header comes first: once it says closed, no pipeline read after it can still change.
        header = self._item(release_id, "release")
        if header is None:
            return None
        return read_release(release_id, header, pipelines=self._pipelines(release_id))

    def release_opened_by(self, execution_arn: str) -> str | None:
        """Name the release that this execution opens, as soon as it has claimed the id."""
        pointer = self._item(execution_arn, "execution")
        opens = pointer.get("opens") if pointer else None
        return str(opens) if opens else None

    def manifest(self, release_id: str) -> str | None:
        """The manifest of a release as JSON text; None for what never became a release."""
        return text_of(self._item(release_id, "manifest") or {}, "manifest")

    def latest(self, limit: int, *, statuses: Sequence[str] = ()) -> list[Release]:
        """List the headers of the latest releases, of any status or of some, the newest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_time",
            KeyConditionExpression="listing = :listing",
            ExpressionAttributeValues={":listing": {"S": "release"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": _LOOKED_AT_ONCE if statuses else limit},
        )
        found = (self._simple(item) for page in pages for item in page["Items"])
        fitting = (header for header in found if not statuses or header["status"] in statuses)
        # Pages are read no further than to the last one that is wanted.
        headers = list(islice(fitting, limit))
        return [read_release(str(header["release_id"]), header, pipelines=()) for header in headers]

    def with_changes(self, release: Release) -> Release:
        """The release with the state changes of each pipeline's execution, as far as kept."""
        ids = [each.execution_id for each in release.pipelines if each.execution_id]
        changes: dict[str, tuple[StateChange, ...]] = {}
        for some in batched(ids, _KEYS_OF_ONE_READ, strict=False):
            changes |= self._changes(some)
        pipelines = tuple(
            replace(each, changes=changes.get(each.execution_id or "", ()))
            for each in release.pipelines
        )
        return replace(release, pipelines=pipelines)

    def _changes(self, execution_ids: Sequence[str]) -> Mapping[str, tuple[StateChange, ...]]:
        wanted: Mapping[str, Any] = {
            self._executions: {
                "Keys": [{"execution_id": {"S": each}} for each in execution_ids],
                "ProjectionExpression": "execution_id, changes",
            }
        }
        found: dict[str, tuple[StateChange, ...]] = {}
        while wanted:
            answer = self._dynamodb.batch_get_item(RequestItems=wanted)
            for stored in answer["Responses"].get(self._executions, []):
                item = self._simple(stored)
                found[str(item["execution_id"])] = read_changes(item)
            wanted = answer.get("UnprocessedKeys") or {}
        return found

    def _item(self, release_id: str, item: str) -> Item | None:
        answer = self._dynamodb.get_item(
            TableName=self._table,
            Key={"release_id": {"S": release_id}, "item": {"S": item}},
            ConsistentRead=True,
        )
        return self._simple(answer["Item"]) if "Item" in answer else None

    def _pipelines(self, release_id: str) -> tuple[Pipeline, ...]:
        names = {f"#{name}": name for name in PIPELINE_ATTRIBUTES}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="release_id = :id AND begins_with(#item, :pipeline)",
            ExpressionAttributeValues={":id": {"S": release_id}, ":pipeline": {"S": "pipeline#"}},
            ExpressionAttributeNames={**names, "#item": "item"},
            ProjectionExpression=", ".join(names),
            ConsistentRead=True,
        )
        found = [read_pipeline(self._simple(item)) for page in pages for item in page["Items"]]
        return in_order(found)

    def _simple(self, item: Mapping[str, Any]) -> Item:
        return {name: self._plain.deserialize(value) for name, value in item.items()}
