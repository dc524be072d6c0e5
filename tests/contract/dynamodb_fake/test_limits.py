"""The fake has the limits of DynamoDB; each case also runs on DynamoDB Local."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place

MAX_ITEM = 400 * 1024


def rejected(request: Callable[..., Any], *arguments: Any, **parameters: Any) -> str:
    """Send a request that DynamoDB rejects as invalid; return the message."""
    with pytest.raises(ClientError) as caught:
        request(*arguments, **parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "key",
    [
        {"release_id": {"S": "a"}},
        {"release_id": {"S": "a"}, "item": {"S": "b"}, "x": {"S": "c"}},
        {"release_id": {"S": ""}, "item": {"S": "b"}},
        {"release_id": {"N": "1"}, "item": {"S": "b"}},
        {"release_id": {"S": "a"}, "item": {"S": "b" * 1025}},
        {"release_id": {"S": "a" * 2049}, "item": {"S": "b"}},
    ],
)
def test_a_key_has_two_strings(place: Place, key: dict[str, Any]) -> None:
    """A key must have exactly the key attributes, of their types, within their lengths."""
    rejected(place.client.batch_get_item, RequestItems={TABLE: {"Keys": [key]}})


@pytest.mark.parametrize(
    "item",
    [
        {"release_id": {"S": "a"}},
        {"release_id": {"S": "a"}, "item": {"S": ""}},
        {"release_id": {"S": "a"}, "item": {"S": "b"}, "listing": {"N": "1"}},
        {"release_id": {"S": "a"}, "item": {"S": "b"}, "listing": {"S": ""}},
        {"release_id": {"S": "a"}, "item": {"S": "b"}, "x": {"SS": ["c", "c"]}},
    ],
)
def test_an_item_has_valid_keys_and_values(place: Place, item: dict[str, Any]) -> None:
    """An item must have its key; its index keys are strings, and its sets have no duplicates."""
    rejected(place.client.put_item, TableName=TABLE, Item=item)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "abc"}, {"BOOL": True}]}, 9),
        ({"M": {"ab": {"S": "abc"}, "c": {"L": []}}}, 14),
        ({"SS": ["a", "bcd"]}, 4),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "1200"}, 2),
    ],
    ids=str,
)
def test_an_item_has_at_most_400_kilobytes(place: Place, value: dict[str, Any], size: int) -> None:
    """The names and values of each type are counted to the byte, in a put and in an update."""
    names = len("release_id" + "item" + "x" + "y") + len(place.release_id + place.item)
    room = MAX_ITEM - names - size
    place.put({"x": {"S": "a" * room}, "y": value})
    longer = {"S": "a" * (room + 1)}
    assert "size" in rejected(place.put, {"x": longer, "y": value})
    assert "size" in rejected(place.set_x, longer)


@pytest.mark.parametrize(
    ("items", "pages"), [(4, [4]), (5, [4, 1])], ids=["a full page", "two pages"]
)
def test_a_page_has_about_one_megabyte(place: Place, items: int, pages: list[int]) -> None:
    """A page ends with the item that takes it over 1 MB, if another one follows."""
    for number in range(items):
        place.beside(f"i{number}").put({"x": {"S": "a" * 300_000}})
    found = [place.query()]
    while "LastEvaluatedKey" in found[-1]:
        found.append(place.query(ExclusiveStartKey=found[-1]["LastEvaluatedKey"]))
    assert [len(reply["Items"]) for reply in found] == pages


def test_a_filter_applies_after_the_limit(place: Place) -> None:
    """A page may have fewer items than its limit, and the next one starts after its last item."""
    for number in range(3):
        place.beside(f"i{number}").put({"n": {"N": str(number)}})
    only: Any = {"FilterExpression": "#n = :n", "#n": "n", ":n": {"N": "1"}}
    reply = place.query(Limit=2, **only)
    assert [item["item"]["S"] for item in reply["Items"]] == ["i1"]
    assert reply["LastEvaluatedKey"] == place.beside("i1").key


@pytest.mark.parametrize(
    "parts",
    [
        {"KeyConditionExpression": "#listing = :id", "#listing": "listing"},
        {"KeyConditionExpression": "release_id = :id AND #n = :n", "#n": "n", ":n": {"S": "1"}},
        {
            "KeyConditionExpression": "release_id = :id AND #item > :n",
            "#item": "item",
            ":n": {"N": "1"},
        },
        {"IndexName": "by_time"},
        {"IndexName": "none"},
        {
            "IndexName": "by_time",
            "KeyConditionExpression": "#listing = :id",
            "#listing": "listing",
            "ConsistentRead": True,
        },
    ],
    ids=str,
)
def test_a_query_names_the_keys_that_it_reads_by(place: Place, parts: dict[str, Any]) -> None:
    """A query needs the hash key of its table or index; reads of an index are never consistent."""
    rejected(place.query, **parts)


def actions(place: Place, count: int, size: int = 1) -> list[dict[str, Any]]:
    """Puts of items of that size."""
    return [
        {"Put": {"TableName": TABLE, "Item": {**place.beside(f"i{n}").key, "x": {"S": "a" * size}}}}
        for n in range(count)
    ]


@pytest.mark.parametrize(("count", "size"), [(101, 1), (11, 399_000)])
def test_a_transaction_has_at_most_100_actions_and_4_megabytes(
    place: Place, count: int, size: int
) -> None:
    """A transaction that is too large writes nothing."""
    rejected(place.client.transact_write_items, TransactItems=actions(place, count, size))
    assert place.query()["Items"] == []


def test_a_transaction_has_each_item_once(place: Place) -> None:
    """Two actions on one item are rejected."""
    message = rejected(
        place.client.transact_write_items, TransactItems=actions(place, 1) + actions(place, 1)
    )
    assert "multiple operations on one item" in message


def test_a_batch_reads_at_most_100_items_and_each_once(place: Place) -> None:
    """A larger batch, or a batch with a key twice, is rejected."""
    keys = [place.beside(f"i{number}").key for number in range(101)]
    for wanted in (keys, [keys[0], keys[0]]):
        rejected(place.client.batch_get_item, RequestItems={TABLE: {"Keys": wanted}})


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("((attribute_exists(release_id)))", "redundant parentheses"),
        (" AND ".join(["attribute_exists(release_id)"] * 130), "maximum allowed size"),
    ],
)
def test_an_expression_has_no_redundant_parentheses_and_4_kilobytes(
    place: Place, condition: str, words: str
) -> None:
    """Conditions that are built from parts must stay valid."""
    assert words in rejected(place.set_x, {"S": ""}, ConditionExpression=condition)
