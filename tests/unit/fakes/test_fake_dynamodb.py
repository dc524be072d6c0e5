"""Where the fake of DynamoDB goes beyond DynamoDB Local, or follows AWS instead of it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.service import NotFaked

TABLE = "releases"
N1 = {"N": "1"}


@pytest.fixture
def client() -> FakeDynamoDB:
    client = FakeDynamoDB()
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "listing", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_listing",
                "KeySchema": [{"AttributeName": "listing", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


def key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def put(client: FakeDynamoDB, name: str, **attributes: Any) -> None:
    client.put_item(TableName=TABLE, Item={**key(name), **attributes})


def get(client: FakeDynamoDB, name: str, **request: Any) -> Any:
    return client.get_item(TableName=TABLE, Key=key(name), **request).get("Item")


def listed(client: FakeDynamoDB) -> int:
    reply = client.query(
        TableName=TABLE,
        IndexName="by_listing",
        KeyConditionExpression="listing = :l",
        ExpressionAttributeValues={":l": {"S": "l"}},
    )
    count: int = reply["Count"]
    return count


def test_goes_back_to_a_snapshot(client: FakeDynamoDB) -> None:
    """Branches from one snapshot are independent."""
    put(client, "a", n=N1)
    before = client.snapshot()
    for number in ("2", "3"):
        client.restore(before)
        assert client.items(TABLE) == [{**key("a"), "n": N1}]
        client.update_item(
            TableName=TABLE,
            Key=key("a"),
            UpdateExpression="SET n = :n, doc = :doc",
            ExpressionAttributeValues={":n": {"N": number}, ":doc": {"M": {}}},
        )
        put(client, "b")
        assert get(client, "a")["n"] == {"N": number}
    client.restore(before)
    client.delete_item(TableName=TABLE, Key=key("a"))
    client.restore(before)
    assert client.items(TABLE) == [{**key("a"), "n": N1}]


def test_a_snapshot_includes_the_tokens_of_transactions(client: FakeDynamoDB) -> None:
    """Restoring a snapshot also forgets the request tokens of later transactions."""
    before = client.snapshot()
    action = {"Put": {"TableName": TABLE, "Item": key("a")}}
    for _ in range(2):
        client.restore(before)
        client.transact_write_items(TransactItems=[action], ClientRequestToken="once")
        assert get(client, "a") is not None


def test_stored_items_are_copies(client: FakeDynamoDB) -> None:
    """A change to a request or an answer does not change the stored item."""
    deep: Any = {"M": {"l": {"L": [dict(N1)]}, "s": {"SS": ["a"]}}}
    put(client, "a", doc=deep)
    deep["M"]["l"]["L"].append(N1)
    answer = get(client, "a")
    answer["doc"]["M"]["s"]["SS"].append("b")
    answer["doc"]["M"]["l"]["L"][0]["N"] = "2"
    assert get(client, "a")["doc"] == {"M": {"l": {"L": [N1]}, "s": {"SS": ["a"]}}}


def test_lets_eventual_reads_lag(client: FakeDynamoDB) -> None:
    """While held back, indexes and eventually consistent reads see the old state."""
    put(client, "a", listing={"S": "l"})
    client.hold_back()
    put(client, "b", listing={"S": "l"})
    assert listed(client) == 1
    assert get(client, "b") is None
    assert get(client, "b", ConsistentRead=True) is not None
    client.catch_up()
    assert listed(client) == 2
    assert get(client, "b") is not None


def test_leaves_the_rest_of_a_batch_unprocessed(client: FakeDynamoDB) -> None:
    """Entries beyond batch_limit are returned as unprocessed and can be sent again."""
    client.batch_limit = 2
    names = ["a", "b", "c"]
    puts: Any = {TABLE: [{"PutRequest": {"Item": key(name)}} for name in names]}
    left = client.batch_write_item(RequestItems=puts)["UnprocessedItems"]
    assert [entry["PutRequest"]["Item"] for entry in left[TABLE]] == [key("c")]
    client.batch_write_item(RequestItems=left)
    wanted: Any = {TABLE: {"Keys": [key(name) for name in names], "ConsistentRead": True}}
    reply = client.batch_get_item(RequestItems=wanted)
    assert reply["Responses"][TABLE] == [key("a"), key("b")]
    assert reply["UnprocessedKeys"] == {TABLE: {"Keys": [key("c")], "ConsistentRead": True}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1.50", "1.5"),
        ("+01", "1"),
        ("-0.0", "0"),
        ("1E+2", "100"),
        ("1.10e-5", "0.000011"),
        ("5.", "5"),
        (".5", "0.5"),
    ],
)
def test_prints_numbers_as_aws_does(client: FakeDynamoDB, given: str, kept: str) -> None:
    """Numbers are normalised as on AWS; DynamoDB Local keeps their spelling."""
    put(client, "a", n={"N": given}, ns={"NS": [given]})
    assert get(client, "a") == {**key("a"), "n": {"N": kept}, "ns": {"NS": [kept]}}


def test_an_impossible_update_cancels_its_transaction(client: FakeDynamoDB) -> None:
    """The reason is ValidationError as on AWS; DynamoDB Local rejects the whole request."""
    update = {"TableName": TABLE, "Key": key("a"), "UpdateExpression": "SET n = absent"}
    put_b = {"Put": {"TableName": TABLE, "Item": key("b")}}
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[put_b, {"Update": update}])
    response: Any = caught.value.response
    assert [reason["Code"] for reason in response["CancellationReasons"]] == [
        "None",
        "ValidationError",
    ]
    assert get(client, "b") is None


def test_rejects_an_index_key_of_the_wrong_type_in_an_update(client: FakeDynamoDB) -> None:
    """AWS rejects it in an update too; DynamoDB Local only in a put."""
    with pytest.raises(ClientError, match="Type mismatch for Index Key listing"):
        client.update_item(
            TableName=TABLE,
            Key=key("a"),
            UpdateExpression="SET listing = :n",
            ExpressionAttributeValues={":n": N1},
        )


def test_raises_errors_in_botocores_shape(client: FakeDynamoDB) -> None:
    """An error has the client's class for its code, with message and status."""
    put(client, "a", n=N1)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(
            TableName=TABLE,
            Item=key("a"),
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert str(caught.value) == (
        "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
        "The conditional request failed"
    )
    response: Any = caught.value.response
    assert response["Item"] == {**key("a"), "n": N1}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_rejects_a_parameter_that_it_does_not_support(client: FakeDynamoDB) -> None:
    """A parameter that the fake does not support raises NotFaked."""
    with pytest.raises(NotFaked, match="AttributesToGet"):
        client.get_item(TableName=TABLE, Key=key("a"), AttributesToGet=["n"])


def test_checks_parameters_by_default() -> None:
    """botocore's parameter check is on by default; a simulation can turn it off."""
    request: Any = {"TableName": TABLE, "Key": {"id": "untyped"}}
    with pytest.raises(ParamValidationError):
        FakeDynamoDB().get_item(**request)
    unchecked = FakeDynamoDB(check_parameters=False)
    with pytest.raises(unchecked.exceptions.ResourceNotFoundException):
        unchecked.get_item(**request)
