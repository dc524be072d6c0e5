"""The fake and DynamoDB Local give the same answers and end in the same state."""

import json
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.dynamodb_fake.dynamodb import TABLE, comparable
from tests.contract.dynamodb_fake.dynamodb_requests import PARTITION, Step, puts, steps
from tests.fakes.dynamodb import FakeDynamoDB

_partitions = count()
_WHOLE_PARTITION: Step = (
    "query",
    {
        "TableName": TABLE,
        "KeyConditionExpression": "release_id = :id",
        "ExpressionAttributeValues": {":id": {"S": PARTITION}},
    },
)


@pytest.mark.dynamodb_local
@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    stored=st.lists(puts(), min_size=2, max_size=3),
    sequence=st.lists(steps(), min_size=3, max_size=8),
)
def test_answers_as_dynamodb_local_does(
    fake: FakeDynamoDB, local: Any, stored: list[Step], sequence: list[Step]
) -> None:
    """Any sequence of the ledger's writes and reads has the same results in both."""
    partition = f"differential-{next(_partitions)}"
    for step in (*stored, *sequence, _WHOLE_PARTITION):
        method, request = json.loads(json.dumps(step).replace(PARTITION, partition))
        assert outcome(fake, method, request) == outcome(local, method, request), step


def outcome(client: Any, method: str, request: dict[str, Any]) -> Any:
    """Send a request; return the comparable part of its answer or error."""
    try:
        if method == "query":
            return _all_pages(client, request)
        answer = comparable(getattr(client, method)(**request))
    except ClientError as error:
        return refusal(error)
    if method == "batch_get_item":
        return sorted(answer["Responses"][TABLE], key=str), answer["UnprocessedKeys"]
    return answer.get("Attributes")


def _all_pages(client: Any, request: dict[str, Any]) -> Any:
    """Query all pages: whether an empty last page follows differs between them.

    Items with equal index keys come in any order.
    """
    found: list[Any] = []
    while True:
        reply = comparable(client.query(**request))
        found += reply["Items"]
        if "LastEvaluatedKey" not in reply:
            break
        request = {**request, "ExclusiveStartKey": reply["LastEvaluatedKey"]}
    if "IndexName" in request:
        return [item["opened_at"] for item in found], sorted(found, key=str)
    return found


def refusal(error: ClientError) -> Any:
    """Return an error's code and the items in it.

    AWS cancels a transaction for an impossible update, while DynamoDB Local rejects the request.
    Both count as ValidationException here.
    """
    response: Any = comparable(error.response)
    reasons = response.get("CancellationReasons", [])
    if any(reason["Code"] == "ValidationError" for reason in reasons):
        return "ValidationException", None
    if not reasons:
        return response["Error"]["Code"], response.get("Item")
    return [(reason["Code"], reason.get("Item")) for reason in reasons]


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("members", [["b", "a"], ["a", "b"], ["a"], ["a", "b", "c"]])
def test_sets_are_equal_in_any_order(fake: FakeDynamoDB, local: Any, members: list[str]) -> None:
    """A condition compares all members of a set, whatever their order."""
    key = {"release_id": {"S": f"sets-{next(_partitions)}"}, "item": {"S": "x"}}
    request = {
        "TableName": TABLE,
        "Key": key,
        "UpdateExpression": "REMOVE #queue",
        "ConditionExpression": "#queue = :queue",
        "ExpressionAttributeNames": {"#queue": "queue"},
        "ExpressionAttributeValues": {":queue": {"SS": members}},
        "ReturnValues": "ALL_NEW",
    }
    applied = []
    for client in (fake, local):
        client.put_item(TableName=TABLE, Item={**key, "queue": {"SS": ["a", "b"]}})
        applied.append(isinstance(outcome(client, "update_item", request), dict))
    assert applied == [set(members) == {"a", "b"}] * 2
