"""The evaluator of IAM policies decides as AWS documents it, and ignores nothing."""

from typing import Any

import pytest

from tests.iam.evaluation import Decision, Request, allows, decide

BUCKET = "arn:aws:s3:::site"


def policy(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    """A policy of one statement, by default about all actions on all resources."""
    statement: dict[str, Any] = {"Effect": effect}
    if "NotAction" not in elements:
        statement["Action"] = "*"
    if "NotResource" not in elements:
        statement["Resource"] = "*"
    return {"Version": "2012-10-17", "Statement": [statement | elements]}


@pytest.mark.parametrize(
    ("elements", "action", "resource", "allowed"),
    [
        ({"Action": "s3:GetObject"}, "s3:GetObject", BUCKET, True),
        ({"Action": "S3:getobject"}, "s3:GetObject", BUCKET, True),
        ({"Action": ["s3:Put*", "s3:Get*"]}, "s3:GetObject", BUCKET, True),
        ({"Action": "s3:GetObjec?"}, "s3:GetObject", BUCKET, True),
        ({"Action": "s3:Get"}, "s3:GetObject", BUCKET, False),
        ({"NotAction": "s3:Get*"}, "s3:PutObject", BUCKET, True),
        ({"NotAction": "s3:Get*"}, "s3:GetObject", BUCKET, False),
        ({"Resource": f"{BUCKET}/*"}, "s3:GetObject", f"{BUCKET}/a/b", True),
        ({"Resource": f"{BUCKET}/*"}, "s3:GetObject", BUCKET, False),
        ({"Resource": "arn:aws:s3:::SITE"}, "s3:GetObject", BUCKET, False),
        ({"Resource": f"{BUCKET}/[ab]"}, "s3:GetObject", f"{BUCKET}/a", False),
        ({"Resource": "arn:aws:sqs:*"}, "sqs:SendMessage", "arn:aws:sqs:r:1:queue", True),
        ({"NotResource": f"{BUCKET}/secret"}, "s3:GetObject", f"{BUCKET}/a", True),
        ({"NotResource": f"{BUCKET}/secret"}, "s3:GetObject", f"{BUCKET}/secret", False),
        ({"Resource": []}, "s3:GetObject", BUCKET, False),
    ],
)
def test_actions_and_resources_match_by_wildcards(
    elements: dict[str, Any], action: str, resource: str, allowed: bool
) -> None:
    """Actions without regard to case, resources with it."""
    assert allows(policy(**elements), action, resource) is allowed


def test_a_denial_is_stronger_than_a_permission() -> None:
    """Wherever it stands; and what no statement allows is not allowed."""
    request = Request(action="s3:GetObject", resource=BUCKET)
    permits, denies = policy(), policy("Deny", Action="s3:Get*")
    assert decide([permits], request) is Decision.ALLOWED
    assert decide([denies, permits], request) is Decision.DENIED
    assert decide([permits, denies], request) is Decision.DENIED
    assert decide([], request) is Decision.NOT_ALLOWED


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"aws:Tag": ["a", "b"]}}, {"aws:tag": "b"}, True),
        ({"StringEquals": {"aws:Tag": "a*"}}, {"aws:Tag": "ab"}, False),
        ({"StringEquals": {"aws:Tag": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"aws:Tag": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:Tag": "a"}}, {"aws:Tag": "b"}, False),
        ({"StringEqualsIgnoreCase": {"aws:Tag": "A"}}, {"aws:Tag": "a"}, True),
        ({"StringNotEquals": {"aws:Tag": ["a", "b"]}}, {"aws:Tag": "b"}, False),
        ({"StringNotEquals": {"aws:Tag": ["a", "b"]}}, {"aws:Tag": "c"}, True),
        ({"StringNotEquals": {"aws:Tag": "a"}}, {}, True),
        ({"StringLike": {"aws:Tag": "a*"}}, {"aws:Tag": "ab"}, True),
        ({"StringNotLike": {"aws:Tag": "a*"}}, {"aws:Tag": "ab"}, False),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/*"}}, {"k": "arn:aws:iam::1:role/a/b"}, True),
        ({"ArnLike": {"k": "arn:aws:iam:*"}}, {"k": "arn:aws:iam::1:role/a"}, False),
        ({"ArnEquals": {"k": "arn:aws:iam::1:role/?"}}, {"k": "arn:aws:iam::1:role/a"}, True),
        ({"ArnNotLike": {"k": "arn:aws:iam::1:role/*"}}, {"k": "arn:aws:iam::1:role/a"}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "true"}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "false"}, False),
        ({"Null": {"aws:Tag": "true"}}, {}, True),
        ({"Null": {"aws:Tag": "false"}}, {}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
        ({"NumericNotEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10.0"}, False),
        ({"DateLessThan": {"d": "2026-11-22T09:00:00Z"}}, {"d": "2026-11-22T08:00:00Z"}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": "10.1.2.3"}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": "10.1.2.3"}, False),
        ({"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["b", "c"]}, True),
        ({"ForAnyValue:StringEquals": {"k": "a"}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["b", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {}, True),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a", "l": "b"}, True),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a", "l": "c"}, False),
        ({"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": "a", "l": "false"}, False),
    ],
)
def test_all_conditions_of_a_statement_must_hold(
    condition: dict[str, Any], context: dict[str, Any], holds: bool
) -> None:
    """Operators and keys are joined by AND, the values of a key by OR."""
    assert allows(policy(Condition=condition), "s3:GetObject", BUCKET, **context) is holds


def test_variables_stand_for_the_caller() -> None:
    """A variable without a value and without a default matches nothing."""
    own = policy(Resource=f"{BUCKET}/${{aws:username}}/*")
    assert allows(own, "s3:GetObject", f"{BUCKET}/ada/a", **{"aws:username": "ada"})
    assert not allows(own, "s3:GetObject", f"{BUCKET}/ada/a", **{"aws:username": "grace"})
    assert not allows(own, "s3:GetObject", f"{BUCKET}/${{aws:username}}/a")
    team = policy(Condition={"StringEquals": {"k": "${aws:PrincipalTag/team, 'shop'}"}})
    assert allows(team, "s3:GetObject", BUCKET, k="shop")


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"Condition": {"StringMatches": {"k": "a"}}}, "operator StringMatches is not known"),
        ({"Condition": {"StringEquals": {"k": "a"}}}, "compares one value"),
        ({"Principal": "*"}, "no elements \\['Principal'\\]"),
        ({"Effect": "allow"}, "must be Allow or Deny"),
        ({"NotAction": "s3:*", "Action": "s3:*"}, "either Action or NotAction"),
        ({"Resource": f"{BUCKET}/${{*}}"}, "variables of a policy are not known"),
    ],
)
def test_what_it_does_not_know_is_an_error(elements: dict[str, Any], says: str) -> None:
    """No test passes because an element of a policy was ignored."""
    with pytest.raises(ValueError, match=says):
        allows(policy(**elements), "s3:GetObject", BUCKET, k=["a", "b"])


def test_an_older_version_is_an_error() -> None:
    """It has no variables."""
    with pytest.raises(ValueError, match="Version"):
        allows(policy() | {"Version": "2008-10-17"}, "s3:GetObject", BUCKET)
