"""The fake writes many items like DynamoDB; each case also runs on DynamoDB Local."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place, code_of, without_key

N1, N2 = {"N": "1"}, {"N": "2"}


def put(place: Place, item: str, **parts: Any) -> dict[str, Any]:
    attributes = parts.pop("attributes", {})
    return {"Put": {"TableName": TABLE, "Item": {**place.beside(item).key, **attributes}, **parts}}


def on(kind: str, place: Place, item: str, **parts: Any) -> dict[str, Any]:
    return {kind: {"TableName": TABLE, "Key": place.beside(item).key, **parts}}


def write(place: Place, *actions: dict[str, Any], **request: Any) -> Any:
    return place.client.transact_write_items(TransactItems=list(actions), **request)


def test_does_all_actions_of_a_transaction(place: Place) -> None:
    """Put, update, delete and check are done together if every condition is true."""
    place.beside("gone").put()
    place.beside("checked").put({"n": N1})
    write(
        place,
        put(place, "new", attributes={"n": N1}, ConditionExpression="attribute_not_exists(n)"),
        on(
            "Update",
            place,
            "made",
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": N2},
        ),
        on("Delete", place, "gone", ConditionExpression="attribute_exists(release_id)"),
        on("ConditionCheck", place, "checked", ConditionExpression="attribute_exists(n)"),
    )
    assert place.beside("new").get() == {"n": N1}
    assert place.beside("made").get() == {"n": N2}
    assert place.beside("gone").get() is None
    assert place.beside("checked").get() == {"n": N1}


def test_does_nothing_when_one_condition_fails(place: Place) -> None:
    """A cancelled transaction has a reason for each action, with the item if asked for."""
    place.beside("here").put({"n": N1})
    shown = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    free = "attribute_not_exists(release_id)"
    with pytest.raises(ClientError) as caught:
        write(
            place,
            put(place, "new"),
            put(place, "here", ConditionExpression=free, **shown),
            on("ConditionCheck", place, "none", ConditionExpression="attribute_exists(n)", **shown),
        )
    assert code_of(caught.value) == "TransactionCanceledException"
    assert caught.value.response["Error"]["Message"].endswith(
        "[None, ConditionalCheckFailed, ConditionalCheckFailed]"
    )
    response: Any = caught.value.response
    first, second, third = response["CancellationReasons"]
    assert first == {"Code": "None"}
    assert second["Code"] == third["Code"] == "ConditionalCheckFailed"
    assert without_key(second["Item"]) == {"n": N1}
    assert "Item" not in third
    assert place.beside("new").get() is None


def test_does_a_transaction_once_for_its_token(place: Place) -> None:
    """The same request with the same token succeeds again without being done again."""
    token = str(uuid4())
    action = put(place, "new", ConditionExpression="attribute_not_exists(release_id)")
    write(place, action, ClientRequestToken=token)
    write(place, action, ClientRequestToken=token)
    with pytest.raises(ClientError) as caught:
        write(place, put(place, "other"), ClientRequestToken=token)
    assert code_of(caught.value) == "IdempotentParameterMismatchException"
    with pytest.raises(ClientError) as caught:
        write(place, action, ClientRequestToken=str(uuid4()))
    assert code_of(caught.value) == "TransactionCanceledException"


def test_forgets_the_token_of_a_cancelled_transaction(place: Place) -> None:
    """A cancelled transaction can be sent again with its token, and is then done."""
    token = str(uuid4())
    action = put(place, "new", ConditionExpression="attribute_not_exists(release_id)")
    place.beside("new").put()
    with pytest.raises(ClientError):
        write(place, action, ClientRequestToken=token)
    place.client.delete_item(TableName=TABLE, Key=place.beside("new").key)
    write(place, action, ClientRequestToken=token)
    assert place.beside("new").get() == {}


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_rejects_two_actions_on_one_item(place: Place, kind: str) -> None:
    """A transaction can have each item only once."""
    parts = {"UpdateExpression": "REMOVE x"} if kind == "Update" else {}
    with pytest.raises(ClientError, match="cannot include multiple operations on one item"):
        write(place, put(place, "one"), on(kind, place, "one", **parts))


@pytest.mark.parametrize(
    "count_and_size", [(101, 1), (11, 399_000)], ids=["101 actions", "more than 4 MB"]
)
def test_rejects_a_transaction_that_is_too_large(
    place: Place, count_and_size: tuple[int, int]
) -> None:
    """A transaction has at most 100 actions and 4 MB."""
    count, size = count_and_size
    text = {"x": {"S": "a" * size}}
    with pytest.raises(ClientError) as caught:
        write(place, *(put(place, f"i{number}", attributes=text) for number in range(count)))
    assert code_of(caught.value) == "ValidationException"
    assert place.beside("i0").get() is None


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"Put": {"TableName": TABLE, "Item": {"release_id": {"S": "a"}}}},
        {"Delete": {"TableName": TABLE, "Key": {"release_id": {"S": "a"}}}},
    ],
    ids=str,
)
def test_rejects_an_invalid_action(place: Place, action: dict[str, Any]) -> None:
    """An invalid action is rejected before any condition is checked."""
    with pytest.raises(ClientError) as caught:
        write(place, put(place, "new"), action)
    assert code_of(caught.value) == "ValidationException"
    assert place.beside("new").get() is None


def test_rejects_an_invalid_expression_in_a_transaction(place: Place) -> None:
    """An invalid expression raises ValidationException and does not cancel the transaction."""
    with pytest.raises(ClientError, match="reserved keyword: status") as caught:
        write(place, on("Update", place, "a", UpdateExpression="REMOVE status"))
    assert code_of(caught.value) == "ValidationException"


def test_reads_a_batch(place: Place) -> None:
    """A batch read returns the existing items, reduced by its projection."""
    place.beside("a").put({"n": N1, "m": N2})
    keys = [place.beside(name).key for name in ("a", "b")]
    reply = place.client.batch_get_item(
        RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "n"}}
    )
    assert reply["Responses"] == {TABLE: [{"n": N1}]}
    assert reply["UnprocessedKeys"] == {}


def test_writes_a_batch(place: Place) -> None:
    """A batch write puts and deletes items independently."""
    place.beside("gone").put()
    reply = place.client.batch_write_item(
        RequestItems={
            TABLE: [
                {"PutRequest": {"Item": {**place.beside("new").key, "n": N1}}},
                {"DeleteRequest": {"Key": place.beside("gone").key}},
            ]
        }
    )
    assert reply["UnprocessedItems"] == {}
    assert (place.beside("new").get(), place.beside("gone").get()) == ({"n": N1}, None)


def test_rejects_a_batch_that_is_too_large_or_has_an_item_twice(place: Place) -> None:
    """A batch reads at most 100 items, writes at most 25, and has each item once."""
    keys = [place.beside(f"i{number}").key for number in range(101)]
    puts = [{"PutRequest": {"Item": key}} for key in keys]
    for call, request in (
        (place.client.batch_get_item, {"Keys": keys}),
        (place.client.batch_get_item, {"Keys": [keys[0], keys[0]]}),
        (place.client.batch_write_item, puts[:26]),
        (place.client.batch_write_item, [puts[0], {"DeleteRequest": {"Key": keys[0]}}]),
        (place.client.batch_write_item, [puts[0], {"PutRequest": {"Item": {"item": N1}}}]),
        (place.client.batch_write_item, [{}]),
    ):
        with pytest.raises(ClientError) as caught:
            call(RequestItems={TABLE: request})
        assert code_of(caught.value) == "ValidationException"
    assert place.beside("i0").get() is None


def test_rejects_empty_batches_and_transactions(place: Place) -> None:
    """Batches and transactions must not be empty."""
    with pytest.raises(ParamValidationError):
        write(place)
    with pytest.raises(ParamValidationError):
        place.client.batch_write_item(RequestItems={TABLE: []})
    with pytest.raises(ClientError, match="BatchGetItem must have some requests set"):
        place.client.batch_get_item(RequestItems={})


def test_rejects_a_batch_for_an_unknown_table(place: Place) -> None:
    """A batch with an unknown table raises ResourceNotFoundException."""
    requests = {"no-such-table": [{"DeleteRequest": {"Key": place.key}}]}
    with pytest.raises(place.client.exceptions.ResourceNotFoundException):
        place.client.batch_write_item(RequestItems=requests)
