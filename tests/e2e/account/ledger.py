"""Reads the tables without the code that writes them."""

from collections.abc import Iterator, Mapping
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

    def task_tokens(self) -> set[str]:
        """Return the task tokens of all releases, as far as they are still on record."""
        return {each["task_token"] for each in self._scan("task_token")}

    def manifests(self) -> list[str]:
        """Return the texts of the manifests of all releases."""
        return [each["manifest"] for each in self._scan("manifest")]

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

    def change_pipeline(self, release_id: str, pipeline: str, values: Mapping[str, str]) -> None:
        """Overwrite texts of one pipeline of a release, as only a test does."""
        self._change({"release_id": release_id, "item": f"pipeline#{pipeline}"}, values)

    def change_header(self, release_id: str, values: Mapping[str, str]) -> None:
        """Overwrite texts of the header of a release."""
        self._change({"release_id": release_id, "item": "release"}, values)

    def _change(self, key: Mapping[str, str], values: Mapping[str, str]) -> None:
        self._dynamodb.update_item(
            TableName=self._releases,
            Key={name: {"S": text} for name, text in key.items()},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": {"S": text} for name, text in values.items()},
        )

    def _scan(self, attribute: str) -> Iterator[Item]:
        """Yield all items of the releases table that have an attribute."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._releases,
            FilterExpression="attribute_exists(#attribute)",
            ExpressionAttributeNames={"#attribute": attribute},
        )
        return (_item(each) for page in pages for each in page["Items"])

    def _read(self, table: str, key: Mapping[str, str]) -> Item:
        answer = self._dynamodb.get_item(
            TableName=table,
            Key={name: {"S": text} for name, text in key.items()},
            ConsistentRead=True,
        )
        return _item(answer.get("Item", {}))


def _item(attributes: Mapping[str, Any]) -> Item:
    return {name: _plain(value) for name, value in attributes.items()}
