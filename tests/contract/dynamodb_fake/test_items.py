"""The fake stores and finds items like DynamoDB; each case also runs on DynamoDB Local."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place, code_of, without_key
from tests.fakes.dynamodb.expressions.syntax import KEYWORDS, reserved_words

N1 = {"N": "1"}
EMPTY_KEY = "cannot contain an empty string value"


def test_puts_gets_replaces_and_deletes(place: Place) -> None:
    """A put replaces the whole item, and ALL_OLD returns the earlier one."""
    assert "Attributes" not in place.put({"a": N1}, ReturnValues="ALL_OLD")
    old = place.put({"b": {"BOOL": False}}, ReturnValues="ALL_OLD")["Attributes"]
    assert without_key(old) == {"a": N1}
    assert place.get() == {"b": {"BOOL": False}}
    where: dict[str, Any] = {"TableName": TABLE, "Key": place.key, "ReturnValues": "ALL_OLD"}
    assert without_key(place.client.delete_item(**where)["Attributes"]) == {"b": {"BOOL": False}}
    assert "Attributes" not in place.client.delete_item(**where)
    assert place.get() is None


def test_keeps_every_type_of_value(place: Place) -> None:
    """A value of every type is read back unchanged."""
    item: dict[str, Any] = {
        "s": {"S": ""},
        "n": {"N": "-0.00000001"},
        "b": {"B": b"\xff\x00"},
        "ss": {"SS": ["a", "é"]},
        "ns": {"NS": ["-3", "2", "10"]},
        "bs": {"BS": [b"a", b"b"]},
        "l": {"L": [{"M": {}}, {"L": []}]},
        "m": {"M": {"a.b": {"M": {"c": {"NULL": True}}}}},
        "t": {"BOOL": True},
    }
    place.put(item)
    assert place.get() == {**item, "ns": {"NS": sorted(["-3", "2", "10"])}}


def test_deletes_only_when_the_condition_holds(place: Place) -> None:
    """A conditional delete that fails returns the item and keeps it."""
    place.put({"a": N1})
    with pytest.raises(ClientError) as caught:
        place.client.delete_item(
            TableName=TABLE,
            Key=place.key,
            ConditionExpression="attribute_not_exists(a)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    response: Any = caught.value.response
    assert code_of(caught.value) == "ConditionalCheckFailedException"
    assert without_key(response["Item"]) == {"a": N1}
    assert place.get() == {"a": N1}


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("a", {"a": N1}),
        ("a, doc.x", {"a": N1, "doc": {"M": {"x": N1}}}),
        ("l[2], l[0]", {"l": {"L": [{"N": "1"}, {"N": "3"}]}}),
        ("zz, doc.zz, a.x, l[9]", {}),
    ],
)
def test_a_projection_returns_only_its_paths(
    place: Place, expression: str, shown: dict[str, Any]
) -> None:
    """A projection keeps the structure of its paths and leaves out missing ones."""
    numbers = [{"N": "1"}, {"N": "2"}, {"N": "3"}]
    place.put({"a": N1, "doc": {"M": {"x": N1, "y": N1}}, "l": {"L": numbers}})
    reply = place.client.get_item(TableName=TABLE, Key=place.key, ProjectionExpression=expression)
    assert reply["Item"] == shown


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"release_id": {"S": "a"}},
        {"release_id": {"S": "a"}, "item": {"S": "b"}, "x": {"S": "c"}},
        {"release_id": {"S": ""}, "item": {"S": "b"}},
        {"release_id": {"N": "1"}, "item": {"S": "b"}},
        {"release_id": {"S": "a"}, "item": {"S": "b" * 1025}},
        {"release_id": {"S": "a" * 2049}, "item": {"S": "b"}},
    ],
)
@pytest.mark.parametrize("operation", ["get_item", "update_item", "delete_item"])
def test_rejects_an_invalid_key(place: Place, operation: str, key: dict[str, Any]) -> None:
    """A key must have exactly the key attributes, of their types, within their lengths."""
    with pytest.raises(ClientError) as caught:
        getattr(place.client, operation)(TableName=TABLE, Key=key)
    assert code_of(caught.value) == "ValidationException"


@pytest.mark.parametrize(
    "attributes",
    [
        {"release_id": {"S": ""}},
        {"release_id": {"N": "1"}},
        {"listing": {"N": "1"}},
        {"listing": {"S": ""}},
        {"": N1},
        {"x": {"M": {"": N1}}},
        {"x": {"N": "one"}},
        {"x": {"N": " 1"}},
        {"x": {"N": "1_0"}},
        {"x": {"N": "Infinity"}},
        {"x": {"S": "a" * 409_600}},
    ],
    ids=str,
)
def test_rejects_an_invalid_item(place: Place, attributes: dict[str, Any]) -> None:
    """An item must have a valid key, valid index keys and values, and at most 400 KB."""
    with pytest.raises(ClientError) as caught:
        place.put(attributes)
    assert code_of(caught.value) == "ValidationException"


def test_counts_an_items_size_to_the_byte(place: Place) -> None:
    """Names and values of an item may have 409,600 bytes together, not one more."""
    names = len("release_id" + "item" + "x") + len(place.release_id + place.item)
    place.put({"x": {"S": "a" * (409_600 - names)}})
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        place.put({"x": {"S": "a" * (409_601 - names)}})


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"B": b"abc"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "abc"}, {"BOOL": True}]}, 9),
        ({"M": {"ab": {"S": "abc"}, "c": {"L": []}}}, 14),
        ({"SS": ["a", "bcd"]}, 4),
        ({"N": "1"}, 2),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "1200"}, 2),
    ],
    ids=str,
)
def test_counts_the_size_of_every_type(place: Place, value: dict[str, Any], size: int) -> None:
    """The size of each type is counted as DynamoDB counts it."""
    names = len("release_id" + "item" + "x" + "y") + len(place.release_id + place.item)
    room = 409_600 - names - size
    place.put({"x": {"S": "a" * room}, "y": value})
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        place.put({"x": {"S": "a" * (room + 1)}, "y": value})


def test_rejects_documents_nested_too_deep(place: Place) -> None:
    """A document may have 32 levels, including its attribute."""
    value: dict[str, Any] = N1
    for _ in range(31):
        value = {"L": [value]}
    place.put({"x": value})
    with pytest.raises(ClientError, match="Nesting Levels have exceeded supported limits"):
        place.put({"x": {"L": [value]}})


def test_rejects_an_unknown_table(place: Place) -> None:
    """An unknown table raises ResourceNotFoundException of the client's own class."""
    with pytest.raises(place.client.exceptions.ResourceNotFoundException) as caught:
        place.client.get_item(TableName="no-such-table", Key=place.key)
    assert code_of(caught.value) == "ResourceNotFoundException"


def test_rejects_return_values_that_the_call_does_not_support(place: Place) -> None:
    """PutItem and DeleteItem support only NONE and ALL_OLD."""
    with pytest.raises(ClientError, match="Return values set to invalid value"):
        place.put(ReturnValues="ALL_NEW")


@pytest.mark.parametrize(
    "request_parts",
    [
        {"Key": "text"},
        {"Key": {"release_id": {"S": 1}}},
        {"Key": {}, "Unheard": 1},
        {"Key": {}, "ExpressionAttributeValues": {":v": N1}},
        {},
    ],
)
def test_checks_parameters_as_botocore_does(place: Place, request_parts: dict[str, Any]) -> None:
    """Parameters that botocore would not send raise ParamValidationError."""
    with pytest.raises(ParamValidationError):
        place.client.get_item(TableName=TABLE, **request_parts)


def test_knows_every_reserved_word(place: Place) -> None:
    """An expression with a reserved word as a name is rejected."""
    assert len(reserved_words() | KEYWORDS) == 572
    for word in reserved_words():
        with pytest.raises(ClientError, match=f"reserved keyword: {word}$"):
            place.client.get_item(TableName=TABLE, Key=place.key, ProjectionExpression=word)
    for word in KEYWORDS:
        with pytest.raises(ClientError, match="Syntax error"):
            place.client.get_item(TableName=TABLE, Key=place.key, ProjectionExpression=word)
