"""The fake and DynamoDB Local give the same answers and end in the same state."""

from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.dynamodb_fake.dynamodb import TABLE
from tests.contract.dynamodb_fake.dynamodb_requests import ITEMS, steps
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.dynamodb.expressions.values import stored

type Step = tuple[str, list[tuple[str, dict[str, Any]]], list[str]]

_KINDS = {"put_item": "Put", "update_item": "Update", "delete_item": "Delete"}
_partitions = count()


@pytest.mark.dynamodb_local
@settings(
    max_examples=400,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sequence=st.lists(steps(), min_size=1, max_size=8))
def test_answers_as_dynamodb_local_does(
    fake: FakeDynamoDB, local: Any, sequence: list[Step]
) -> None:
    """Any sequence of writes, transactions and queries has the same results in both."""
    release_id = f"differential-{next(_partitions)}"
    for step in sequence:
        assert outcome(fake, release_id, step) == outcome(local, release_id, step), step
    for item in ITEMS:
        key = {"release_id": {"S": release_id}, "item": {"S": item}}
        where: dict[str, Any] = {"TableName": TABLE, "Key": key, "ConsistentRead": True}
        assert seen(fake.get_item(**where)) == seen(local.get_item(**where))


def outcome(client: Any, release_id: str, step: Step) -> Any:
    """Do a step; return the comparable part of its answer or error."""
    kind, calls, items = step
    try:
        if kind == "query":
            return seen(_all_pages(client, release_id, calls[0][1]))
        requests = [
            (operation, placed(operation, request, release_id, item))
            for (operation, request), item in zip(calls, items, strict=True)
        ]
        if kind == "transaction":
            actions = [{_KINDS[operation]: request} for operation, request in requests]
            return seen(client.transact_write_items(TransactItems=actions))
        operation, request = requests[0]
        return seen(getattr(client, operation)(**request))
    except ClientError as error:
        return refusal(error)


def _all_pages(client: Any, release_id: str, request: dict[str, Any]) -> Any:
    """Query all pages: whether an empty last page follows differs between them."""
    values = {**request.get("ExpressionAttributeValues", {}), ":id": {"S": release_id}}
    request = {**request, "ExpressionAttributeValues": values}
    found: list[Any] = []
    while True:
        reply = client.query(**request)
        found += reply["Items"]
        if "LastEvaluatedKey" not in reply:
            return found
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def placed(operation: str, request: dict[str, Any], release_id: str, item: str) -> dict[str, Any]:
    """Add the key of its item to a drawn request."""
    key = {"release_id": {"S": release_id}, "item": {"S": item}}
    if operation == "put_item":
        return {**request, "Item": {**request["Item"], **key}}
    return {**request, "Key": key}


def refusal(error: ClientError) -> Any:
    """Return an error's code and the items in it.

    AWS cancels a transaction for an impossible update, while DynamoDB Local rejects the request.
    Both count as ValidationException here.
    """
    response: Any = error.response
    reasons = response.get("CancellationReasons", [])
    code = response["Error"]["Code"]
    if any(reason["Code"] == "ValidationError" for reason in reasons):
        return "ValidationException"
    if not reasons:
        return code if code == "ValidationException" else (code, seen(response.get("Item")))
    return [(reason["Code"], seen(reason.get("Item"))) for reason in reasons]


def seen(answer: Any) -> Any:
    """Return an answer without metadata, with canonical values."""
    if isinstance(answer, list):
        return [seen(element) for element in answer]
    if not isinstance(answer, dict):
        return answer
    if len(answer) == 1 and next(iter(answer)) in {"N", "NS", "SS", "BS", "L", "M"}:
        return stored(answer)
    ignored = {"ResponseMetadata", "ConsumedCapacity"}
    return {name: seen(member) for name, member in answer.items() if name not in ignored}
