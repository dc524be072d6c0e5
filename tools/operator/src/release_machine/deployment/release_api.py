"""The API of a deployment: requests signed by the caller, and its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from botocore import exceptions as aws
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from release_core.strict_json import write_json
from release_machine.deployment.aws_problems import (
    SIGN_IN,
    is_denied,
    is_of_aws,
    no_answer,
    not_aws,
)
from release_machine.errors import OperatorError, UnansweredError, UnreachableError, UsageError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.credentials import Credentials
    from types_boto3_apigateway import APIGatewayClient

# API Gateway ends a request after 29 seconds.
READ_TIMEOUT_SECONDS = 35
_STAGE = "v1"
# IAM compares a path as it is sent, so these are not percent-encoded, as in policies.
_AS_THEY_ARE = "*@+"
_BAD_REQUEST, _NOT_FOUND, _THROTTLED, _SERVER_ERROR = 400, 404, 429, 500
_WRONG_USAGE = frozenset({_BAD_REQUEST, _NOT_FOUND})
# The gateway has called the function, and has no answer of it.
_NOT_ANSWERED = frozenset({502, 504})
_AGAIN = "The request may have been carried out. Run the same command again: it counts once."
_NOT_PROVED = frozenset({401, 403})
# API Gateway names its own errors in this header; the functions behind it set no such header.
_ERROR_TYPE = "x-amzn-ErrorType"
_NO_ROUTE = "MissingAuthenticationTokenException"
_MAY_NOT = frozenset({"AccessDeniedException", "ForbiddenException"})


class Http(Protocol):
    """Sends a request, as a session of botocore does."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send it once and return the answer."""


class ReleaseApi:
    """Sends requests to the API, signed with the caller's credentials."""

    def __init__(self, address: str, *, region: str, credentials: Credentials, http: Http) -> None:
        self._address = address
        self._http = http
        self._signer = SigV4Auth(credentials, "execute-api", region)

    def send(
        self, method: str, *path: str, body: bytes | Mapping[str, object] = b"", way_out: str
    ) -> Mapping[str, Any]:
        """Send one request to a path, given in parts; returns the answer, a JSON object.

        Raises UsageError for a request that the API does not accept, OperatorError for one that it
        refuses, both with ``way_out`` as the next step, UnreachableError for one that did not reach
        the functions behind it, and UnansweredError for one that may have been carried out.
        """
        route = "/".join(quote(part, safe=_AS_THEY_ARE) for part in path)
        request = AWSRequest(
            method=method,
            url=f"{self._address}/{route}",
            data=body if isinstance(body, bytes) else write_json(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        self._signer.add_auth(request)
        name = f"{method} /{path[0]}"
        try:
            answer = self._http.send(request.prepare())
        except aws.ConnectionError as error:
            # The request is sent once, and without a connection nothing was sent.
            raise UnreachableError(*no_answer(error)) from error
        except (aws.ReadTimeoutError, aws.ConnectionClosedError) as error:
            raise UnansweredError(f"{name} was sent, but not answered: {error}", _AGAIN) from error
        return _read(answer, name, way_out)


def api_address(
    api_url: str | None, *, name: str, gateway: APIGatewayClient, endpoint: str | None
) -> str:
    """The address that the paths of the API follow.

    ``api_url`` is the output of Terraform; without it the API is searched by its name. An emulator
    at ``endpoint`` serves it by its id.
    """
    address = api_url
    if address is None:
        domain = urlsplit(gateway.meta.endpoint_url).netloc.removeprefix("apigateway.")
        address = f"https://{_find_id(name, gateway)}.execute-api.{domain}/{_STAGE}"
    if endpoint is None:
        return address
    parts = urlsplit(address)
    api_id = str(parts.hostname).partition(".")[0]
    return f"{endpoint.rstrip('/')}/_aws/execute-api/{api_id}{parts.path}"


def _find_id(name: str, gateway: APIGatewayClient) -> str:
    instead = "Give the deployment's outputs file with --outputs"
    try:
        pages = gateway.get_paginator("get_rest_apis").paginate()
        found = [each["id"] for page in pages for each in page["items"] if each["name"] == name]
    except aws.ClientError as error:
        if not is_denied(error):
            raise
        raise UnreachableError(
            f"The API of {name} cannot be found: you may not list the APIs of this account.",
            f"{instead}, or ask for apigateway:GET on /restapis.",
        ) from error
    if len(found) != 1:
        raise UnreachableError(
            f"This account and Region have {len(found) or 'no'} APIs named {name}.",
            f"{instead}, or make deploy.",
        )
    return found[0]


def _read(answer: AWSResponse, route: str, way_out: str) -> Mapping[str, Any]:
    status, kind = answer.status_code, answer.headers.get(_ERROR_TYPE, "").partition(":")[0]
    document = _json_object(answer)
    if (document is None and status < _SERVER_ERROR) or not is_of_aws(answer.headers, status):
        raise not_aws("The API's address")
    known = document or {}
    if status < _BAD_REQUEST:
        return known
    message = known.get("message") or known.get("Message") or f"{route} answered {status}."
    if kind == _NO_ROUTE:
        raise UnreachableError(
            f"The API of this deployment has no {route}: it was deployed by an older version.",
            "Deploy again, with the version of this command.",
        )
    if kind in _MAY_NOT:
        raise UnreachableError(
            f"You may not call {route}: {message}",
            "Ask for execute-api:Invoke on that route, or use a role that has it.",
        )
    if status in _NOT_ANSWERED:
        raise UnansweredError(f"{route} was not answered: {message}", _AGAIN)
    if status == _THROTTLED:
        raise UnreachableError(
            f"{route} was not carried out: {message}",
            "Too many requests came at once. Run the same command again in a moment.",
        )
    if status >= _SERVER_ERROR:
        raise UnansweredError(f"{route} failed: {message}", _AGAIN)
    if kind and status in _NOT_PROVED:
        raise UnreachableError(f"The API refused the credentials: {message}", SIGN_IN)
    raise (UsageError if status in _WRONG_USAGE else OperatorError)(message, way_out)


def _json_object(answer: AWSResponse) -> Mapping[str, Any] | None:
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
