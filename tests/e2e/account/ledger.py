"""Reads the tables without the code that writes them."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.e2e.account.account import Account

type Item = dict[str, Any]

_plain = TypeDeserializer().deserialize


class Ledger:
    """Consistent reads of releases, executions and pipelines."""

    def __init__(self, account: Account) -> None:
        self._dynamodb = account.dynamodb
        self._releases = account.outputs["releases_table"]
        self._executions = account.outputs["executions_table"]
        self._pipelines = account.outputs["pipelines_table"]

    def items(self, release_id: str) -> list[Item]:
        """Return all items of a release, or of a workflow execution when its ARN is given."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._releases,
            KeyConditionExpression="release_id = :release_id",
            ExpressionAttributeValues={":release_id": {"S": release_id}},
            ConsistentRead=True,
        )
        return [_item(each) for page in pages for each in page["Items"]]

    def header(self, release_id: str) -> Item:
        """Return the header of a release; empty when there is none."""
        return self._read(self._releases, {"release_id": release_id, "item": "release"})

    def manifest(self, release_id: str) -> Item:
        """Return the item that holds the manifest's text; empty when there is none."""
        return self._read(self._releases, {"release_id": release_id, "item": "manifest"})

    def pipeline(self, release_id: str, pipeline: str) -> Item:
        """Return one pipeline of a release; empty when there is none."""
        return self._read(
            self._releases, {"release_id": release_id, "item": f"pipeline#{pipeline}"}
        )

    def execution(self, execution_id: str) -> Item:
        """Return the record of a pipeline's execution; empty when there is none."""
        return self._read(self._executions, {"execution_id": execution_id})

    def last_good(self, pipeline: str) -> Item:
        """Return the last success of a pipeline; empty when there is none."""
        return dict(self._read(self._pipelines, {"pipeline": pipeline}).get("last_good", {}))

    def holder(self, pipeline: str) -> str:
        """Return the workflow execution that holds a pipeline now; empty when none does."""
        return str(self._read(self._pipelines, {"pipeline": pipeline}).get("held_by", ""))

    def newest(self, count: int) -> list[Item]:
        """Return the latest headers, newest first, from the index on time."""
        answer = self._dynamodb.query(
            TableName=self._releases,
            IndexName="by_time",
            KeyConditionExpression="listing = :listing",
            ExpressionAttributeValues={":listing": {"S": "release"}},
            ScanIndexForward=False,
            Limit=count,
        )
        return [_item(each) for each in answer["Items"]]

    def everything(self) -> tuple[list[Item], list[Item], list[Item]]:
        """Return all items of releases, executions and pipelines."""
        return self._all(self._releases), self._all(self._executions), self._all(self._pipelines)

    def _all(self, table: str) -> list[Item]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [_item(each) for page in pages for each in page["Items"]]

    def _read(self, table: str, key: Mapping[str, str]) -> Item:
        answer = self._dynamodb.get_item(
            TableName=table,
            Key={name: {"S": text} for name, text in key.items()},
            ConsistentRead=True,
        )
        return _item(answer.get("Item", {}))


def _item(attributes: Mapping[str, Any]) -> Item:
    return {name: _plain(value) for name, value in attributes.items()}
