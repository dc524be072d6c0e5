"""$context.identity of an API on the platform, for callers of each kind."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TEMPLATE = '{"arn": "$context.identity.userArn", "key": "$context.identity.accessKey"}'
REQUEST = '{"statusCode": 200}'

pytestmark = pytest.mark.platform


@pytest.fixture
def api() -> Iterator[str]:
    """The address of an API that wants a signature and answers who called."""
    gateway: Any = boto3.client("apigateway")
    api = gateway.create_rest_api(name=f"identity-{uuid4()}")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**where, authorizationType="AWS_IAM")
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": REQUEST})
    gateway.put_method_response(**where, statusCode="200")
    gateway.put_integration_response(
        **where, statusCode="200", responseTemplates={"application/json": TEMPLATE}
    )
    gateway.create_deployment(restApiId=api, stageName="v1")
    yield f"{gateway.meta.endpoint_url}/_aws/execute-api/{api}/v1/"
    gateway.delete_rest_api(restApiId=api)


def call(address: str, credentials: Credentials | None) -> dict[str, str]:
    """The answer to a POST that was signed with these credentials."""
    request = AWSRequest("POST", address, {"Content-Type": "application/json"}, "{}")
    if credentials:
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    sent = Request(address, b"{}", dict(request.headers.items()), method="POST")  # noqa: S310 - the platform's own
    with urlopen(sent, timeout=30) as answer:  # noqa: S310 - as above
        said: dict[str, str] = json.load(answer)
        return said


def test_the_account_is_named(api: str) -> None:
    """A key that belongs to nobody in particular is the account's own, as STS says."""
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    assert call(api, Credentials("test", "test")) == {"arn": arn, "key": "test"}


def test_an_assumed_role_is_named(api: str) -> None:
    """The ARN names the role and the session."""
    made = boto3.client("sts").assume_role(
        RoleArn="arn:aws:iam::000000000000:role/releaser", RoleSessionName="maria"
    )
    keys = made["Credentials"]
    signed = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert call(api, signed)["arn"] == made["AssumedRoleUser"]["Arn"]


def test_a_user_is_named(api: str) -> None:
    """A user's own key names the user."""
    iam = boto3.client("iam")
    user = iam.create_user(UserName=f"maria-{uuid4()}")["User"]
    key = iam.create_access_key(UserName=user["UserName"])["AccessKey"]
    try:
        signed = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        assert call(api, signed) == {"arn": user["Arn"], "key": key["AccessKeyId"]}
    finally:
        iam.delete_access_key(UserName=user["UserName"], AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=user["UserName"])


def test_who_does_not_sign_is_nobody(api: str) -> None:
    """Without a signature (which the platform lets pass) there is no ARN."""
    assert call(api, None) == {"arn": "", "key": ""}
