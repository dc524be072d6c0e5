"""Where the fake of DynamoDB goes beyond DynamoDB Local, or follows AWS instead of it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.service import NotFaked
from tests.worlds.ledger_world import table_definition

TABLE = "releases"
N1 = {"N": "1"}


@pytest.fixture
def client() -> FakeDynamoDB:
    client = FakeDynamoDB()
    client.create_table(**table_definition(TABLE))
    return client


def key(name: str) -> dict[str, Any]:
    return {"release_id": {"S": name}, "item": {"S": "release"}}


def put(client: FakeDynamoDB, name: str, **attributes: Any) -> None:
    client.put_item(TableName=TABLE, Item={**key(name), **attributes})


def update(
    expression: str, values: dict[str, Any] | None = None, condition: str = "", name: str = "a"
) -> dict[str, Any]:
    words = f"{expression} {condition}".replace("(", " ").replace(")", " ").replace(",", " ")
    names = {word: word[1:] for word in words.split() if word.startswith("#")}
    request = {
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return {
        "TableName": TABLE,
        "Key": key(name),
        **{parameter: value for parameter, value in request.items() if value},
    }


def test_goes_back_to_a_snapshot(client: FakeDynamoDB) -> None:
    """Branches from one snapshot are independent."""
    put(client, "a", n=N1)
    before = client.snapshot()
    for number in ("2", "3"):
        client.restore(before)
        assert client.items(TABLE) == [{**key("a"), "n": N1}]
        request = update("SET #n = :n, #doc = :doc", {":n": {"N": number}, ":doc": {"M": {}}})
        after = client.update_item(**request, ReturnValues="ALL_NEW")["Attributes"]
        assert after == {**key("a"), "n": {"N": number}, "doc": {"M": {}}}
        put(client, "b")
    client.restore(before)
    assert client.items(TABLE) == [{**key("a"), "n": N1}]


def test_stored_items_are_copies(client: FakeDynamoDB) -> None:
    """A change to a request or an answer does not change the stored item."""
    deep: Any = {"M": {"l": {"L": [dict(N1)]}, "s": {"SS": ["a"]}}}
    put(client, "a", doc=deep)
    deep["M"]["l"]["L"].append(N1)
    wanted: Any = {TABLE: {"Keys": [key("a")]}}
    for _ in range(2):
        (answer,) = client.batch_get_item(RequestItems=wanted)["Responses"][TABLE]
        assert answer["doc"] == {"M": {"l": {"L": [N1]}, "s": {"SS": ["a"]}}}
        answer["doc"]["M"]["s"]["SS"].append("b")
        answer["doc"]["M"]["l"]["L"][0]["N"] = "2"


def test_an_impossible_update_cancels_its_transaction(client: FakeDynamoDB) -> None:
    """The reason is ValidationError as on AWS; DynamoDB Local rejects the whole request."""
    put(client, "a", n={"S": "text"})
    put_b = {"Put": {"TableName": TABLE, "Item": key("b")}}
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(
            TransactItems=[put_b, {"Update": update("ADD #n :n", {":n": N1})}]
        )
    response: Any = caught.value.response
    reasons = [reason["Code"] for reason in response["CancellationReasons"]]
    assert reasons == ["None", "ValidationError"]
    assert client.stored_item(TABLE, key("b")) is None


def test_rejects_an_index_key_of_the_wrong_type_in_an_update(client: FakeDynamoDB) -> None:
    """AWS rejects it in an update too; DynamoDB Local only in a put."""
    with pytest.raises(ClientError, match="Key: listing"):
        client.update_item(**update("SET #listing = :n", {":n": N1}), ReturnValues="ALL_NEW")


def test_raises_errors_in_botocores_shape(client: FakeDynamoDB) -> None:
    """An error has the code, the message, the status and the item that a boto3 client shows."""
    put(client, "a", n=N1)
    request = update("REMOVE #n", condition="attribute_not_exists(#n)")
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    with pytest.raises(ClientError) as caught:
        client.update_item(**request, ReturnValues="ALL_NEW")
    assert str(caught.value) == (
        "An error occurred (ConditionalCheckFailedException) when calling the UpdateItem "
        "operation: The conditional request failed"
    )
    response: Any = caught.value.response
    assert response["Item"] == {**key("a"), "n": N1}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    "request_parts",
    [
        update("SET #a.#b = :v", {":v": N1}),
        update("SET #a = #b"),
        update("SET a = :v", {":v": N1}),
        update("REMOVE #a SET #b = :v", {":v": N1}),
        update("REMOVE #a", condition="#a = #b"),
        update("REMOVE #a", condition="#a"),
        update("REMOVE #a", condition="status = :v", values={":v": N1}),
        update("REMOVE #a", condition="begins_with(#a, :v)", values={":v": {"S": "a"}}),
        update("REMOVE #a", condition="attribute_exists(a_list[0])"),
        update("SET #a = :v", {":v": {"N": "1.50"}}),
        update("SET #a = :v", {":v": {"B": b"a"}}),
        update("REMOVE #a") | {"ExpressionAttributeNames": {"#a": "b"}},
        update("REMOVE #a") | {"ReturnItemCollectionMetrics": "SIZE"},
        update("REMOVE #a") | {"ReturnValues": "ALL_OLD"},
    ],
)
def test_refuses_what_the_ledger_does_not_use(
    client: FakeDynamoDB, request_parts: dict[str, Any]
) -> None:
    """Anything that the fake does not support raises NotFaked and is never ignored."""
    with pytest.raises(NotFaked):
        client.update_item(**{"ReturnValues": "ALL_NEW"} | request_parts)


def test_a_transaction_deletes_an_item_if_its_condition_holds(client: FakeDynamoDB) -> None:
    """The other items stay; a delete of what does not exist changes nothing."""
    for name in ("a", "b"):
        client.put_item(TableName=TABLE, Item=key(name))
    delete = {"Delete": {"TableName": TABLE, "Key": key("a")}}
    condition = {
        "ConditionExpression": "attribute_exists(#mark)",
        "ExpressionAttributeNames": {"#mark": "mark"},
    }
    refused = {"Delete": {**delete["Delete"], **condition}}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.transact_write_items(TransactItems=[refused])
    for _ in range(2):
        client.transact_write_items(TransactItems=[delete])
    assert client.items(TABLE) == [key("b")]


def test_checks_parameters_by_default() -> None:
    """botocore's parameter check is on by default; a simulation can turn it off."""
    request: Any = {"TableName": TABLE, "Item": {"id": "untyped"}}
    with pytest.raises(ParamValidationError):
        FakeDynamoDB().put_item(**request)
    with pytest.raises(KeyError):
        FakeDynamoDB(check_parameters=False).put_item(**request)
