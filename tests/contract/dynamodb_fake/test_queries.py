"""The fake queries like DynamoDB; each case also runs on DynamoDB Local."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place, code_of, message_of

FIVE = ["s0", "s1", "s2", "s3", "s4"]


@pytest.fixture
def five(place: Place) -> Place:
    """A partition of five items, which are also in the index; two have the same time."""
    for number, name in enumerate(FIVE):
        place.beside(name).put(
            {
                "n": {"N": str(number)},
                "listing": {"S": place.release_id},
                "opened_at": {"S": f"t{number - number % 2}-{number}"},
            }
        )
    place.beside("unlisted").client.put_item(
        TableName=TABLE,
        Item={"release_id": {"S": f"{place.release_id}-other"}, "item": {"S": "s0"}},
    )
    return place


def ask(place: Place, condition: str, values: dict[str, str], **request: Any) -> Any:
    typed: dict[str, Any] = {name: {"S": value} for name, value in values.items()}
    request.setdefault("ExpressionAttributeValues", {})
    return place.client.query(
        TableName=TABLE,
        KeyConditionExpression=condition.replace("item", "#item"),
        **({"ExpressionAttributeNames": {"#item": "item"}} if "item" in condition else {}),
        **{
            **request,
            "ExpressionAttributeValues": {
                ":id": {"S": place.release_id},
                **typed,
                **request["ExpressionAttributeValues"],
            },
        },
    )


def names(reply: Any) -> list[str]:
    return [item["item"]["S"] for item in reply["Items"]]


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("release_id = :id", {}, FIVE),
        ("release_id = :id AND item = :a", {":a": "s1"}, ["s1"]),
        ("release_id = :id AND item = :a", {":a": "s9"}, []),
        ("release_id = :id AND item > :a", {":a": "s2"}, ["s3", "s4"]),
        ("item >= :a AND release_id = :id", {":a": "s3"}, ["s3", "s4"]),
        ("(release_id = :id) AND (item < :a)", {":a": "s2"}, ["s0", "s1"]),
        (":id = release_id AND item <= :a", {":a": "s1"}, ["s0", "s1"]),
        ("release_id = :id AND begins_with(item, :a)", {":a": "s"}, FIVE),
        ("release_id = :id AND begins_with(item, :a)", {":a": "s2"}, ["s2"]),
        ("release_id = :id AND item BETWEEN :a AND :b", {":a": "s1", ":b": "s3"}, FIVE[1:4]),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_returns_the_items_that_match_the_key_condition(
    five: Place, condition: str, values: dict[str, str], found: list[str], forward: bool
) -> None:
    """A query returns matching items of one partition in ascending or descending order."""
    reply = ask(five, condition, values, ScanIndexForward=forward, ConsistentRead=True)
    assert names(reply) == (found if forward else found[::-1])
    assert reply["Count"] == reply["ScannedCount"] == len(found)
    assert "LastEvaluatedKey" not in reply


@pytest.mark.parametrize("index", [None, "by_time"])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_returns_page_after_page(five: Place, index: str | None, forward: bool, limit: int) -> None:
    """Pages follow each other without a gap; a page that ends at its limit has a last key."""
    condition = "listing = :id" if index else "release_id = :id"
    request: dict[str, Any] = {"IndexName": index} if index else {}
    request |= {"Limit": limit, "ScanIndexForward": forward}
    seen: list[str] = []
    while True:
        reply = ask(five, condition, {}, **request)
        seen += names(reply)
        if "LastEvaluatedKey" not in reply:
            assert len(reply["Items"]) < limit
            break
        assert len(reply["Items"]) == limit
        assert len(reply["LastEvaluatedKey"]) == (4 if index else 2)
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
    assert seen == (FIVE if forward else FIVE[::-1])


def test_ends_a_page_at_one_megabyte(place: Place) -> None:
    """A page ends with the item that takes it over 1 MB, if another one follows."""
    for name in FIVE:
        place.beside(name).put({"x": {"S": "a" * 300_000}})
    reply = ask(place, "release_id = :id", {})
    assert names(reply) == FIVE[:4]
    start = reply["LastEvaluatedKey"]
    assert names(ask(place, "release_id = :id", {}, ExclusiveStartKey=start)) == ["s4"]


def test_a_full_last_page_has_no_last_key(place: Place) -> None:
    """A page that exceeds 1 MB with the very last item has no last key."""
    for name in FIVE[:4]:
        place.beside(name).put({"x": {"S": "a" * 300_000}})
    assert "LastEvaluatedKey" not in ask(place, "release_id = :id", {})


@pytest.mark.parametrize("forward", [True, False])
def test_pages_contain_all_items_with_equal_index_keys(place: Place, forward: bool) -> None:
    """Items with equal index keys come in any order, and all of them come."""
    for name in FIVE:
        place.beside(name).put({"listing": {"S": place.release_id}, "opened_at": {"S": "t"}})
    request: dict[str, Any] = {"IndexName": "by_time", "Limit": 2, "ScanIndexForward": forward}
    seen: list[str] = []
    while True:
        reply = ask(place, "listing = :id", {}, **request)
        seen += names(reply)
        if "LastEvaluatedKey" not in reply:
            break
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
    assert sorted(seen) == FIVE


def test_starts_after_a_key_that_does_not_exist(five: Place) -> None:
    """The start key need not exist: it is a position in the order."""
    start = {"release_id": {"S": five.release_id}, "item": {"S": "s2a"}}
    assert names(ask(five, "release_id = :id", {}, ExclusiveStartKey=start)) == ["s3", "s4"]


def test_filters_after_the_limit(five: Place) -> None:
    """A filter is applied to a page after the limit has cut it."""
    reply = ask(
        five,
        "release_id = :id",
        {},
        FilterExpression="n > :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
        Limit=4,
    )
    assert (names(reply), reply["Count"], reply["ScannedCount"]) == (["s3"], 1, 4)
    assert reply["LastEvaluatedKey"]["item"] == {"S": "s3"}


def test_counts_without_returning_items(five: Place) -> None:
    """COUNT returns numbers and no items."""
    reply = ask(five, "release_id = :id", {}, Select="COUNT")
    assert (reply["Count"], "Items" in reply) == (5, False)


def test_a_projection_returns_only_its_paths(five: Place) -> None:
    """A projection reduces each item; the last key stays complete."""
    reply = ask(five, "release_id = :id", {}, ProjectionExpression="n", Limit=1)
    assert reply["Items"] == [{"n": {"N": "0"}}]
    assert reply["LastEvaluatedKey"] == five.beside("s0").key


def test_an_index_has_only_items_with_its_keys(five: Place) -> None:
    """An item without an index's key attributes is not in the index, and leaves it with them."""
    assert names(ask(five, "listing = :id", {}, IndexName="by_time")) == FIVE
    five.beside("s2").update("REMOVE opened_at")
    assert names(ask(five, "listing = :id", {}, IndexName="by_time")) == ["s0", "s1", "s3", "s4"]
    later = ask(five, "listing = :id AND opened_at > :a", {":a": "t2"}, IndexName="by_time")
    assert names(later) == ["s3", "s4"]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("release_id > :id", {}),
        ("item = :id", {}),
        ("begins_with(release_id, :id)", {}),
        ("release_id = :id AND item <> :a", {":a": "s"}),
        ("release_id = :id OR item = :a", {":a": "s"}),
        ("NOT release_id = :id", {}),
        ("release_id = :id AND n = :a", {":a": "s"}),
        ("release_id = :id AND item IN (:a)", {":a": "s"}),
        ("release_id = :id AND contains(item, :a)", {":a": "s"}),
        ("release_id = :id AND item = :a AND item > :a", {":a": "s"}),
        ("release_id = :id AND release_id = :id", {}),
        ("release_id = :id AND item BETWEEN :a AND :b", {":a": "s3", ":b": "s1"}),
        ("release_id = :id AND item > :a", {":a": ""}),
        ("release_id = :id", {":unused": "s"}),
        ("listing = :id", {}),
    ],
)
def test_rejects_an_invalid_key_condition(
    place: Place, condition: str, values: dict[str, str]
) -> None:
    """A key condition has the partition's key, and at most one condition on the sort key."""
    with pytest.raises(ClientError) as caught:
        ask(place, condition, values)
    assert code_of(caught.value) == "ValidationException"


@pytest.mark.parametrize(
    "request_parts",
    [
        {"IndexName": "no_such_index"},
        {"IndexName": "by_time"},
        {"ExclusiveStartKey": {"release_id": {"S": "a"}}},
        {"ExclusiveStartKey": {"release_id": {"S": "another"}, "item": {"S": "s"}}},
        {"FilterExpression": "release_id = :id"},
        {"FilterExpression": "n > :undefined"},
        {"ProjectionExpression": "n, n"},
        {"ExpressionAttributeValues": {":id": {"N": "1"}}},
    ],
    ids=str,
)
def test_rejects_an_invalid_query(place: Place, request_parts: dict[str, Any]) -> None:
    """Index, start key, filter, projection and value types are checked."""
    with pytest.raises(ClientError) as caught:
        ask(place, "release_id = :id", {}, **request_parts)
    assert code_of(caught.value) == "ValidationException"


def test_rejects_a_consistent_read_of_an_index(place: Place) -> None:
    """An index supports only eventually consistent reads."""
    with pytest.raises(ClientError) as caught:
        ask(place, "listing = :id", {}, IndexName="by_time", ConsistentRead=True)
    assert code_of(caught.value) == "ValidationException"
    assert message_of(caught.value).startswith("Consistent read")


def test_rejects_a_query_without_a_key_condition(place: Place) -> None:
    """A query must have a key condition."""
    with pytest.raises(ClientError, match="KeyConditionExpression parameter must be specified"):
        place.client.query(TableName=TABLE)
