"""The fake updates items like DynamoDB; each case also runs on DynamoDB Local."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_fake.dynamodb import (
    TABLE,
    Place,
    code_of,
    comparable,
    message_of,
    without_key,
)

STORED: dict[str, Any] = {
    "n": {"N": "5"},
    "s": {"S": "abc"},
    "l": {"L": [{"N": "1"}, {"S": "q"}]},
    "doc": {"M": {"x": {"N": "1"}}},
    "ss": {"SS": ["a", "b"]},
}
N1, N9 = {"N": "1"}, {"N": "9"}
L9 = {"L": [N9]}

# The attributes that differ from STORED after the update; None for a removed attribute.
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SET x = :v", {":v": N1}, {"x": N1}),
    ("set x = :v remove n", {":v": N1}, {"x": N1, "n": None}),
    ("SET n = n + :v", {":v": N9}, {"n": {"N": "14"}}),
    ("SET n = n - :v", {":v": {"N": "5.5"}}, {"n": {"N": "-0.5"}}),
    ("SET n = (:v + n)", {":v": N9}, {"n": {"N": "14"}}),
    ("SET x = n, n = :v", {":v": N1}, {"x": {"N": "5"}, "n": N1}),
    ("SET x = if_not_exists(zz, :v)", {":v": N9}, {"x": N9}),
    ("SET n = if_not_exists(n, :v) + :v", {":v": N9}, {"n": {"N": "14"}}),
    ("SET x = if_not_exists(zz, if_not_exists(yy, :v))", {":v": N9}, {"x": N9}),
    ("SET l = list_append(l, :v)", {":v": L9}, {"l": {"L": [N1, {"S": "q"}, N9]}}),
    ("SET l = list_append(:v, l)", {":v": L9}, {"l": {"L": [N9, N1, {"S": "q"}]}}),
    ("SET x = list_append(if_not_exists(zz, :e), :v)", {":v": L9, ":e": {"L": []}}, {"x": L9}),
    ("SET l[0] = :v", {":v": N9}, {"l": {"L": [N9, {"S": "q"}]}}),
    ("SET l[9] = :v, l[7] = :w", {":v": N9, ":w": N1}, {"l": {"L": [N1, {"S": "q"}, N1, N9]}}),
    ("SET l[0] = :v REMOVE l[1]", {":v": N9}, {"l": L9}),
    ("SET doc.x = :v, doc.y = :v", {":v": N9}, {"doc": {"M": {"x": N9, "y": N9}}}),
    ("REMOVE zz, doc.zz, l[9]", {}, {}),
    ("REMOVE l[0], l[1]", {}, {"l": {"L": []}}),
    ("REMOVE doc.x, s", {}, {"doc": {"M": {}}, "s": None}),
    ("ADD n :v, zz :v", {":v": N9}, {"n": {"N": "14"}, "zz": N9}),
    ("ADD doc.x :v, doc.zz :v", {":v": N9}, {"doc": {"M": {"x": {"N": "10"}, "zz": N9}}}),
    ("ADD l[0] :v", {":v": N9}, {"l": {"L": [{"N": "10"}, {"S": "q"}]}}),
    (
        "ADD ss :v, zz :v",
        {":v": {"SS": ["c", "a"]}},
        {"ss": {"SS": ["a", "b", "c"]}, "zz": {"SS": ["a", "c"]}},
    ),
    ("DELETE ss :v", {":v": {"SS": ["a", "z"]}}, {"ss": {"SS": ["b"]}}),
    ("DELETE ss :v", {":v": {"SS": ["a", "b"]}}, {"ss": None}),
    ("DELETE zz :v", {":v": {"SS": ["a"]}}, {}),
    ("SET x = :v", {":v": {"SS": [""]}}, {"x": {"SS": [""]}}),
    ("SET x = release_id", {}, {"x": {"S": "the key"}}),
]

_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"
_BAD_PATH = "The document path provided in the update expression is invalid for update"
_KEY = "One or more parameter values were invalid: Cannot update attribute"
_FAULT = "Invalid UpdateExpression: "

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("SET n = zz + :v", {":v": N1}, _ABSENT),
    ("SET x = zz", {}, _ABSENT),
    ("SET x = if_not_exists(n, yy)", {}, _ABSENT),
    ("SET l = list_append(zz, :v)", {":v": L9}, _ABSENT),
    ("SET n = s + :v", {":v": N1}, _WRONG_TYPE),
    ("SET l = list_append(s, :v)", {":v": L9}, _WRONG_TYPE),
    ("ADD s :v", {":v": N1}, _WRONG_TYPE),
    ("ADD ss :v", {":v": {"NS": ["1"]}}, _WRONG_TYPE),
    ("DELETE n :v", {":v": {"SS": ["a"]}}, _WRONG_TYPE),
    ("SET zz.y = :v", {":v": N1}, _BAD_PATH),
    ("SET doc.q.y = :v", {":v": N1}, _BAD_PATH),
    ("SET doc[0] = :v", {":v": N1}, _BAD_PATH),
    ("SET l.x = :v", {":v": N1}, _BAD_PATH),
    ("SET zz[0] = :v", {":v": N1}, _BAD_PATH),
    ("REMOVE zz.y", {}, _BAD_PATH),
    ("REMOVE n[0]", {}, _BAD_PATH),
    ("ADD zz.y :v", {":v": N1}, _BAD_PATH),
    ("DELETE zz.y :v", {":v": {"SS": ["a"]}}, _BAD_PATH),
    ("SET release_id = :v", {":v": {"S": "a"}}, f"{_KEY} release_id. This attribute is part"),
    ("REMOVE #item", {}, f"{_KEY} item. This attribute is part"),
    ("", {}, f"{_FAULT}The expression can not be empty;"),
    ("SET", {}, f"{_FAULT}Syntax error"),
    ("SET x = :v,", {":v": N1}, f"{_FAULT}Syntax error"),
    ("SET x = n + n + :v", {":v": N1}, f"{_FAULT}Syntax error"),
    ("SET x = n * :v", {":v": N1}, f"{_FAULT}Syntax error"),
    ("SET :v = :v", {":v": N1}, f"{_FAULT}Syntax error"),
    ("ADD n n", {}, f"{_FAULT}Syntax error"),
    ("SET x = :v SET y = :v", {":v": N1}, f'{_FAULT}The "SET" section can only be used once'),
    ("SET x = :v, x = :v", {":v": N1}, f"{_FAULT}Two document paths overlap with each other"),
    ("SET doc.x = :v REMOVE doc", {":v": N1}, f"{_FAULT}Two document paths overlap"),
    ("SET doc.x = :v, doc[0] = :v", {":v": N1}, f"{_FAULT}Two document paths conflict"),
    ("SET status = :v", {":v": N1}, f"{_FAULT}Attribute name is a reserved keyword"),
    ("SET n = n + :v", {":v": {"S": "1"}}, f"{_FAULT}Incorrect operand type for operator"),
    ("ADD n :v", {":v": {"S": "1"}}, f"{_FAULT}Incorrect operand type for operator"),
    ("DELETE ss :v", {":v": {"S": "a"}}, f"{_FAULT}Incorrect operand type for operator"),
    ("SET l = list_append(l, :v)", {":v": N1}, f"{_FAULT}Incorrect operand type for operator"),
    ("SET x = list_append(l)", {}, f"{_FAULT}Incorrect number of operands for operator"),
    ("SET x = if_not_exists(:v, :v)", {":v": N1}, f"{_FAULT}Operator or function requires a"),
    ("SET x = size(s)", {}, f"{_FAULT}The function is not allowed in an update expression"),
    ("SET x = foo(n)", {}, f"{_FAULT}Invalid function name; function: foo"),
    ("SET x = :v", {":v": {"N": "1" * 39}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {"N": "1e126"}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {"N": "1e-131"}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {"SS": ["a", "a"]}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {"SS": []}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {"NS": ["1", "1.0"]}}, "ExpressionAttributeValues contains invalid"),
    ("SET x = :v", {":v": {"NULL": False}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v", {":v": {}}, "ExpressionAttributeValues contains invalid value"),
    ("SET x = :v + n", {":v": {"N": "1e50"}}, "DynamoDB only supports precision up to 38 digits"),
]


def update(place: Place, expression: str, values: dict[str, Any], **request: Any) -> Any:
    if values:
        request["ExpressionAttributeValues"] = values
    if "#item" in expression:
        request["ExpressionAttributeNames"] = {"#item": "item"}
    return place.update(expression, **request)


@pytest.mark.parametrize(("expression", "values", "changes"), CHANGES)
def test_changes_only_what_the_expression_names(
    place: Place, expression: str, values: dict[str, Any], changes: dict[str, Any]
) -> None:
    """An update changes only the named attributes, and ALL_NEW returns the stored item."""
    place.put(STORED)
    reply = update(place, expression, values, ReturnValues="ALL_NEW")
    expected = {name: value for name, value in {**STORED, **changes}.items() if value is not None}
    if expected.get("x") == {"S": "the key"}:
        expected["x"] = {"S": place.release_id}
    assert place.get() == expected
    assert comparable(reply["Attributes"]) == {**expected, **place.key}


@pytest.mark.parametrize(("expression", "values", "words"), REFUSED)
def test_rejects_an_invalid_update(
    place: Place, expression: str, values: dict[str, Any], words: str
) -> None:
    """An update that is invalid, or impossible for this item, changes nothing and says why."""
    place.put(STORED)
    with pytest.raises(ClientError) as caught:
        update(place, expression, values)
    assert code_of(caught.value) == "ValidationException"
    assert message_of(caught.value).startswith(words)
    assert place.get() == STORED


@pytest.mark.parametrize(
    ("expression", "values", "after"),
    [
        ("SET x = :v", {":v": N1}, {"x": N1}),
        ("ADD x :v", {":v": N1}, {"x": N1}),
        ("REMOVE x", {}, {}),
        ("DELETE x :v", {":v": {"SS": ["a"]}}, {}),
    ],
)
def test_creates_a_missing_item(
    place: Place, expression: str, values: dict[str, Any], after: dict[str, Any]
) -> None:
    """An update of a missing item creates it from its key and the set attributes."""
    reply = update(place, expression, values, ReturnValues="ALL_OLD")
    assert "Attributes" not in reply
    assert place.get() == after


def test_creates_an_item_with_only_its_key(place: Place) -> None:
    """An update without an expression creates the item with only its key."""
    reply = place.client.update_item(TableName=TABLE, Key=place.key, ReturnValues="ALL_NEW")
    assert reply["Attributes"] == place.key


@pytest.mark.parametrize(
    ("wanted", "expression", "values", "returned"),
    [
        ("NONE", "SET n = :v", {":v": N1}, None),
        ("ALL_OLD", "SET n = :v", {":v": N1}, STORED),
        ("UPDATED_OLD", "SET n = :v, x = :v", {":v": N1}, {"n": {"N": "5"}}),
        ("UPDATED_OLD", "SET doc.y = :v REMOVE s", {":v": N1}, {"s": {"S": "abc"}}),
        ("UPDATED_OLD", "REMOVE zz", {}, None),
        ("UPDATED_NEW", "SET n = :v REMOVE s", {":v": N1}, {"n": N1}),
        ("UPDATED_NEW", "ADD ss :v", {":v": {"SS": ["z"]}}, {"ss": {"SS": ["a", "b", "z"]}}),
        ("UPDATED_NEW", "DELETE ss :v", {":v": {"SS": ["a", "b"]}}, None),
    ],
)
def test_returns_the_attributes_asked_for(
    place: Place,
    wanted: str,
    expression: str,
    values: dict[str, Any],
    returned: dict[str, Any] | None,
) -> None:
    """ReturnValues decides which attributes are returned; without any, the member is missing."""
    place.put(STORED)
    reply = update(place, expression, values, ReturnValues=wanted)
    attributes = reply.get("Attributes")
    assert (None if attributes is None else without_key(attributes)) == returned


@pytest.mark.parametrize("wanted", ["NONE", "ALL_OLD"])
def test_checks_the_condition_before_the_update(place: Place, wanted: str) -> None:
    """A false condition is reported before an impossible update; ALL_OLD returns the item."""
    place.put(STORED)
    with pytest.raises(ClientError) as caught:
        place.update(
            "SET zz.y = n",
            ConditionExpression="attribute_not_exists(n)",
            ReturnValuesOnConditionCheckFailure=wanted,
        )
    assert code_of(caught.value) == "ConditionalCheckFailedException"
    response: Any = caught.value.response
    shown = response.get("Item")
    assert (shown and without_key(shown)) == (STORED if wanted == "ALL_OLD" else None)


def test_a_failed_condition_without_an_item_returns_no_item(place: Place) -> None:
    """If a condition fails because no item exists, the error has no Item."""
    with pytest.raises(ClientError) as caught:
        place.update(
            "REMOVE x",
            ConditionExpression="attribute_exists(release_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert code_of(caught.value) == "ConditionalCheckFailedException"
    assert "Item" not in caught.value.response
    assert place.get() is None


def test_rejects_an_update_that_makes_the_item_too_large(place: Place) -> None:
    """An update cannot make an item larger than 400 KB."""
    place.put({"x": {"S": "a" * 300_000}})
    with pytest.raises(ClientError, match="Item size to update has exceeded"):
        place.update("SET y = :v", ExpressionAttributeValues={":v": {"S": "a" * 120_000}})
