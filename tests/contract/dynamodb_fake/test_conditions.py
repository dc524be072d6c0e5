"""The fake evaluates conditions like DynamoDB; each case also runs on DynamoDB Local."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_fake.dynamodb import Place, code_of, message_of

STORED: dict[str, Any] = {
    "n": {"N": "5"},
    "n5": {"N": "5"},
    "m1": {"N": "1"},
    "s": {"S": "abc"},
    "l": {"L": [{"N": "1"}, {"S": "q"}]},
    "doc": {"M": {"x": {"N": "1"}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "b": {"B": b"\x01\x02"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
}
N1, N5, N9 = {"N": "1"}, {"N": "5"}, {"N": "9"}
A, AB, ABC = {"S": "a"}, {"S": "ab"}, {"S": "abc"}

HOLDS: list[tuple[str, dict[str, Any]]] = [
    ("n = :v", {":v": {"N": "5.00"}}),
    ("n <> :v", {":v": A}),
    ("zz <> :v", {":v": N1}),
    ("NOT zz = :v", {":v": N1}),
    ("NOT n < :v", {":v": A}),
    ("NOT NOT n = :v", {":v": N5}),
    ("n > :v", {":v": N1}),
    ("n >= :v AND n <= :v", {":v": N5}),
    ("m1 < n", {}),
    ("(n) = :v", {":v": N5}),
    ("((n = :v) AND (n = :v))", {":v": N5}),
    ("n = :v or n = :w and s = :v", {":v": N5, ":w": N1}),
    ("not (n = :v) and attribute_exists (s)", {":v": N1}),
    ("yes = :v", {":v": {"BOOL": True}}),
    ("nothing = :v", {":v": {"NULL": True}}),
    ("doc = :v", {":v": {"M": {"x": {"N": "1.0"}}}}),
    ("ss = :v", {":v": {"SS": ["b", "a"]}}),
    ("n BETWEEN m1 AND :v", {":v": N9}),
    ("s BETWEEN :v AND :w", {":v": A, ":w": ABC}),
    ("n IN (:v, :w)", {":v": A, ":w": N5}),
    ("begins_with(s, :v)", {":v": AB}),
    ("begins_with(b, :v)", {":v": {"B": b"\x01"}}),
    ("contains(s, :v)", {":v": {"S": "bc"}}),
    ("contains(ss, :v)", {":v": A}),
    ("contains(ns, :v)", {":v": {"N": "1.0"}}),
    ("contains(l, :v)", {":v": {"S": "q"}}),
    ("contains(:v, s)", {":v": {"S": "xxabcxx"}}),
    ("NOT contains(zz, :v)", {":v": A}),
    ("attribute_type(s, :v)", {":v": {"S": "S"}}),
    ("attribute_exists(doc.x) AND attribute_exists(l[1])", {}),
    ("attribute_not_exists(doc.y) AND attribute_not_exists(l[7])", {}),
    ("attribute_not_exists(doc.x.y) AND attribute_not_exists(s[0])", {}),
    ("doc . x = l[ 0 ]", {}),
    ("size(s) = :v", {":v": {"N": "3"}}),
    ("size(ss) > :v AND size(doc) = :v AND size(l) > :v", {":v": N1}),
    ("size(:v) = n", {":v": {"S": "abcde"}}),
    ("size(s) BETWEEN :v AND n", {":v": N1}),
    ("size(zz) <> :v", {":v": N1}),
    ("size(s) = size(s)", {}),
    (":v = :v", {":v": N1}),
]

FAILS: list[tuple[str, dict[str, Any]]] = [
    ("n = :v", {":v": {"S": "5"}}),
    ("n < :v", {":v": A}),
    ("zz > :v", {":v": N1}),
    ("zz = yy", {}),
    ("n IN (:v)", {":v": {"M": {}}}),
    ("begins_with(n, :v)", {":v": {"S": "5"}}),
    ("begins_with(s, n)", {}),
    ("begins_with(n, n5)", {}),
    ("contains(s, :v)", {":v": N1}),
    ("contains(l, :v)", {":v": {"L": []}}),
    ("contains(n, :v)", {":v": N5}),
    ("size(n) = :v", {":v": N1}),
    ("size(yes) = :v", {":v": N1}),
    ("attribute_exists(zz)", {}),
    ("attribute_type(zz, :v)", {":v": {"S": "S"}}),
    ("n.x = :v", {":v": N1}),
    ("ss[0] = :v", {":v": A}),
    ("doc.x = :v AND n = :w", {":v": N1, ":w": N1}),
    ("NOT (n = :v OR n = :w)", {":v": N5, ":w": N1}),
]

# The part of each message that is the same on AWS and DynamoDB Local.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("", {}, "The expression can not be empty;"),
    ("n", {}, "Syntax error"),
    ("n =", {}, "Syntax error"),
    ("n = 5", {}, "Syntax error"),
    ("n == :v", {":v": N1}, "Syntax error"),
    ("n = :v AND", {":v": N1}, "Syntax error"),
    ("n = :v; s = :v", {":v": N1}, "Syntax error"),
    ("_n = :v", {":v": N1}, "Syntax error"),
    ("l[01] = :v", {":v": N1}, "Syntax error"),
    ("l[-1] = :v", {":v": N1}, "Syntax error"),
    ("and = :v", {":v": N1}, "Syntax error"),
    ("((n = :v))", {":v": N5}, "The expression has redundant parentheses;"),
    ("status = :v", {":v": N1}, "Attribute name is a reserved keyword; reserved keyword: status"),
    ("doc.Items = :v", {":v": N1}, "Attribute name is a reserved keyword; reserved keyword: Items"),
    ("n = :v", {}, "An expression attribute value used in expression is not defined"),
    ("#n = :v", {":v": N1}, "An expression attribute name used in the document path is not"),
    ("n = n", {}, "The first operand must be distinct from the remaining operands"),
    ("n BETWEEN n AND :v", {":v": N1}, "The first operand must be distinct"),
    ("n IN (:v, n)", {":v": N1}, "The first operand must be distinct"),
    ("contains(s, s)", {}, "The first operand must be distinct"),
    ("n < :v", {":v": {"M": {}}}, "Incorrect operand type for operator or function"),
    ("n < :v", {":v": {"BOOL": True}}, "Incorrect operand type for operator or function"),
    ("begins_with(s, :v)", {":v": N1}, "Incorrect operand type for operator or function"),
    ("size(:v) = :v", {":v": N1}, "Incorrect operand type for operator or function"),
    ("attribute_type(s, :v)", {":v": N1}, "Incorrect operand type for operator or function"),
    ("attribute_type(s, n)", {}, "Incorrect operand type for operator or function"),
    ("attribute_type(s, :v)", {":v": {"S": "Q"}}, "Invalid attribute type name found; type: Q"),
    ("n BETWEEN :v AND :w", {":v": N9, ":w": N1}, "The BETWEEN operator requires upper bound"),
    ("n BETWEEN :v AND :w", {":v": N1, ":w": A}, "The BETWEEN operator requires same data type"),
    ("attribute_exists(:v)", {":v": N1}, "Operator or function requires a document path"),
    ("attribute_exists(size(s))", {}, "Operator or function requires a document path"),
    ("attribute_exists(s, n)", {}, "Incorrect number of operands for operator or function"),
    ("size(s)", {}, "The function is not allowed to be used this way in an expression"),
    ("n = contains(s, :v)", {":v": A}, "The function is not allowed to be used this way"),
    ("Attribute_exists(s)", {}, "Invalid function name; function: Attribute_exists"),
    ("if_not_exists(s, :v) = :v", {":v": N1}, "The function is not allowed in a condition"),
]


def check(place: Place, expression: str, values: dict[str, Any]) -> None:
    request = {"ExpressionAttributeValues": values} if values else {}
    place.put(STORED, ConditionExpression=expression, **request)


@pytest.mark.parametrize(("expression", "values"), HOLDS)
def test_writes_if_the_condition_is_true(
    place: Place, expression: str, values: dict[str, Any]
) -> None:
    """A write whose condition is true is done."""
    place.put(STORED)
    check(place, expression, values)


@pytest.mark.parametrize(("expression", "values"), FAILS)
def test_does_not_write_if_the_condition_is_false(
    place: Place, expression: str, values: dict[str, Any]
) -> None:
    """A write whose condition is false raises ConditionalCheckFailedException."""
    place.put(STORED)
    with pytest.raises(ClientError) as caught:
        check(place, expression, values)
    assert code_of(caught.value) == "ConditionalCheckFailedException"


@pytest.mark.parametrize(("expression", "values", "words"), REFUSED)
def test_rejects_an_invalid_condition(
    place: Place, expression: str, values: dict[str, Any], words: str
) -> None:
    """An invalid condition raises ValidationException with a reason, for any stored item."""
    with pytest.raises(ClientError) as caught:
        check(place, expression, values)
    assert code_of(caught.value) == "ValidationException"
    assert message_of(caught.value).startswith(f"Invalid ConditionExpression: {words}")


@pytest.mark.parametrize(
    ("request_parts", "words"),
    [
        (
            {"ExpressionAttributeValues": {":v": N1, ":w": N1}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
        ),
        (
            {"ExpressionAttributeNames": {"#q": "n"}, "ExpressionAttributeValues": {":v": N1}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#q}",
        ),
        (
            {"ExpressionAttributeNames": {"q": "n"}, "ExpressionAttributeValues": {":v": N1}},
            "ExpressionAttributeNames contains invalid key: Syntax error",
        ),
        (
            {"ExpressionAttributeValues": {"v": N1}},
            "ExpressionAttributeValues contains invalid key: Syntax error",
        ),
        (
            {"ExpressionAttributeValues": {":v": {"N": "abc"}}},
            "ExpressionAttributeValues contains invalid value: A value provided cannot be",
        ),
        ({"ExpressionAttributeValues": {}}, "ExpressionAttributeValues must not be empty"),
        (
            {"ExpressionAttributeNames": {}, "ExpressionAttributeValues": {":v": N1}},
            "ExpressionAttributeNames must not be empty",
        ),
    ],
)
def test_rejects_unused_and_invalid_placeholders(
    place: Place, request_parts: dict[str, Any], words: str
) -> None:
    """Every placeholder of a request must be valid and used."""
    with pytest.raises(ClientError) as caught:
        place.put(ConditionExpression="n = :v", **request_parts)
    assert code_of(caught.value) == "ValidationException"
    assert message_of(caught.value).startswith(words)


def test_resolves_names_anywhere_in_a_path(place: Place) -> None:
    """A #name stands for one step of a path, even if reserved or with dots in it."""
    place.put({"status": {"M": {"a.b": {"L": [N5]}}}})
    place.put(
        ConditionExpression="#status.#dotted[0] = :five",
        ExpressionAttributeNames={"#status": "status", "#dotted": "a.b"},
        ExpressionAttributeValues={":five": N5},
    )
    assert place.get() == {}
