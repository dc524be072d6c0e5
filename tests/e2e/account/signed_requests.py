"""Requests to the API, signed as any HTTP client can sign them."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tests.e2e.account.account import Account


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The API's answer; ``body`` is parsed JSON, or the text when it is not JSON."""

    status: int
    body: Any


def post(
    account: Account,
    path: str,
    body: bytes | str,
    *,
    content_type: str = "application/json",
    credentials: Credentials | None = None,
    method: str = "POST",
) -> Answer:
    """POST a body to a path of the API, by default with the environment's credentials."""
    request = AWSRequest(
        method=method,
        url=_reachable(account) + path,
        data=body.encode() if isinstance(body, str) else body,
        headers={"Content-Type": content_type},
    )
    session = boto3.session.Session()
    signs = credentials or session.get_credentials()
    assert signs, "the environment has no credentials"
    SigV4Auth(signs, "execute-api", session.region_name).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    try:
        parsed = json.loads(answer.text)
    except ValueError:
        parsed = answer.text
    return Answer(status=answer.status_code, body=parsed)


def _reachable(account: Account) -> str:
    """Return the API's address; on the platform by path, because its host name needs DNS."""
    address = str(account.outputs["api_root_url"])
    if not account.endpoint:
        return address
    url = urlsplit(address)
    api_id = str(url.hostname).partition(".")[0]
    return f"{account.endpoint}/_aws/execute-api/{api_id}{url.path}"
