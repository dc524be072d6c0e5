"""The API: its address, the signed request, and what each answer means."""

import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from release_machine.deployment.aws_problems import explained
from release_machine.deployment.release_api import Http, ReleaseApi, api_address
from release_machine.errors import OperatorError, UnansweredError, UnreachableError, UsageError
from tools.operator.tests.conftest import Stubbed

ADDRESS = "https://abc.execute-api.eu-central-1.amazonaws.com/v1"
COUNTS_ONCE = "may have been carried out. Run the same command again: it counts once."
OF_AWS = {"x-amzn-RequestId": "7"}


class Answers(Http):
    """Answers every request alike, and keeps the last one."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._answer = status, body, headers
        self.asked: AWSPreparedRequest | None = None

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        self.asked = request
        status, body, headers = self._answer
        named = HTTPHeaders.from_dict(headers)
        return AWSResponse(request.url, status, named, _Body(body))


class _Body(io.BytesIO):
    """The body of an answer, as urllib3 has it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def sent(http: Http) -> Any:
    """The answer to an approval through this connection."""
    credentials = Credentials("key", "secret")
    api = ReleaseApi(ADDRESS, region="eu-central-1", credentials=credentials, http=http)
    body = {"decision": "approve", "comment": "grün"}
    with explained():
        return api.send("POST", "approvals", "go live/1", "r@*+1", body=body, way_out="Look again.")


def answered(status: int, body: object, **headers: str) -> Any:
    """What an answer of the API becomes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sent(Answers(status, json.dumps(body).encode(), {**OF_AWS, **named}))


def test_the_request_is_signed_by_the_caller() -> None:
    """The path is encoded, the body is JSON, and the signature is for the API."""
    http = Answers(200, b'{"votes": 1}', OF_AWS)
    assert sent(http) == {"votes": 1}
    assert http.asked
    assert (http.asked.method, http.asked.url) == (
        "POST",
        f"{ADDRESS}/approvals/go%20live%2F1/r@*+1",
    )
    assert isinstance(http.asked.body, bytes)
    assert json.loads(http.asked.body) == {"decision": "approve", "comment": "grün"}
    assert http.asked.headers["Content-Type"] == "application/json"
    signature = http.asked.headers["Authorization"]
    assert "Credential=key/" in str(signature)
    assert "/eu-central-1/execute-api/aws4_request" in str(signature)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(400, UsageError, 2), (404, UsageError, 2), (403, OperatorError, 1), (409, OperatorError, 1)],
)
def test_the_api_refuses(status: int, kind: type[OperatorError], code: int) -> None:
    """The answer of a function is the problem, and the exit code says what kind of problem."""
    with pytest.raises(OperatorError) as refused:
        answered(status, {"message": "You have answered already."})
    assert type(refused.value) is kind
    assert refused.value.exit_code == code
    assert (refused.value.problem, refused.value.next_step) == (
        "You have answered already.",
        "Look again.",
    )


@pytest.mark.parametrize(
    ("status", "error", "body", "problem", "next_step"),
    [
        (
            403,
            "AccessDeniedException",
            {"Message": "User: arn:aws:iam::1:user/bob is not authorized"},
            "You may not call POST /approvals: User: arn:aws:iam::1:user/bob is not authorized",
            "execute-api:Invoke",
        ),
        (403, "ForbiddenException", {"message": "Forbidden"}, "You may not call", "Ask for"),
        (
            403,
            "MissingAuthenticationTokenException",
            {"message": "Missing Authentication Token"},
            "has no POST /approvals: it was deployed by an older version",
            "Deploy again",
        ),
        (
            403,
            "InvalidSignatureException:http://internal.amazon.com/",
            {"message": "Signature expired"},
            "The API refused the credentials: Signature expired",
            "Sign in",
        ),
        (
            429,
            "TooManyRequestsException",
            {"message": "Too Many Requests"},
            "POST /approvals was not carried out: Too Many Requests",
            "Too many requests came at once. Run the same command again in a moment.",
        ),
        (503, "", {"message": "others write"}, "POST /approvals failed: others", COUNTS_ONCE),
        (500, "", {"message": "Internal"}, "POST /approvals failed: Internal", COUNTS_ONCE),
        (504, "", {"message": "Endpoint request timed out"}, "timed out", COUNTS_ONCE),
        (502, "", None, "POST /approvals was not answered", COUNTS_ONCE),
    ],
)
def test_the_gateway_refuses(
    status: int, error: str, body: object, problem: str, next_step: str
) -> None:
    """An error of API Gateway or of IAM, before a function is asked, is exit code 3."""
    with pytest.raises(UnreachableError, match=problem) as refused:
        answered(status, body, **({"x_amzn_ErrorType": error} if error else {}))
    assert next_step in refused.value.next_step
    assert isinstance(refused.value, UnansweredError) is (next_step == COUNTS_ONCE)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"<html>sign in</html>", OF_AWS), (b"[" * 100_000, OF_AWS), (b'{"votes": 1}', {})],
    ids=("a page", "nested too deeply", "without an id"),
)
def test_something_else_answers(body: bytes, headers: dict[str, str]) -> None:
    """An answer that is no JSON object, or has no request id of AWS, is not from the API."""
    with pytest.raises(UnreachableError, match="is not AWS"):
        sent(Answers(200, body, headers))


def test_no_answer() -> None:
    """Where nobody listens, nothing was sent, because a request is sent once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    api = ReleaseApi(
        address, region="eu-central-1", credentials=Credentials("k", "s"), http=URLLib3Session()
    )
    with pytest.raises(UnreachableError, match="AWS does not answer") as raised, explained():
        api.send("POST", "freezes", way_out="")
    assert not isinstance(raised.value, UnansweredError)


@pytest.mark.parametrize("lost", [ReadTimeoutError, ConnectionClosedError])
def test_the_answer_is_lost(lost: type[HTTPClientError]) -> None:
    """A request that was sent may have been carried out; a repeat counts once."""

    class Silent(Http):
        def send(self, request: AWSPreparedRequest) -> AWSResponse:
            raise lost(endpoint_url=request.url)

    with pytest.raises(UnansweredError, match="POST /approvals was sent, but not ans") as refused:
        sent(Silent())
    assert COUNTS_ONCE in refused.value.next_step


def found(stubbed: Stubbed, *names: str) -> str:
    """The address of the API acme in an account with APIs of these names."""
    gateway, answers = stubbed("apigateway")
    items = [{"id": f"id{number}", "name": name} for number, name in enumerate(names)]
    answers.add_response("get_rest_apis", {"items": items})
    return api_address(None, name="acme", gateway=gateway, endpoint=None)


def test_the_address_by_the_output_of_terraform(stubbed: Stubbed) -> None:
    """The outputs have the address; an emulator serves it under its own address."""
    gateway, _ = stubbed("apigateway")
    for endpoint, address in (
        (None, ADDRESS),
        ("http://localhost:4566/", "http://localhost:4566/_aws/execute-api/abc/v1"),
    ):
        made = api_address(ADDRESS, name="acme", gateway=gateway, endpoint=endpoint)
        assert made == address


def test_the_address_by_name(stubbed: Stubbed) -> None:
    """Without outputs the API is found by the name of the deployment."""
    address = found(stubbed, "acme-test", "acme")
    assert address == "https://id1.execute-api.us-east-1.amazonaws.com/v1"


@pytest.mark.parametrize(("names", "count"), [((), "no"), (("acme", "acme"), "2")])
def test_no_single_api_of_that_name(stubbed: Stubbed, names: tuple[str, ...], count: str) -> None:
    """Names of APIs are not unique: unless there is one, the outputs are needed."""
    with pytest.raises(UnreachableError, match=f"have {count} APIs named acme") as refused:
        found(stubbed, *names)
    assert "--outputs" in refused.value.next_step


def test_the_permission_to_find_the_api(stubbed: Stubbed) -> None:
    """Users who may not list APIs are told which permission that is."""
    gateway, answers = stubbed("apigateway")
    answers.add_client_error("get_rest_apis", "AccessDeniedException")
    with pytest.raises(UnreachableError, match="you may not list the APIs") as refused:
        api_address(None, name="acme", gateway=gateway, endpoint=None)
    assert "apigateway:GET on /restapis" in refused.value.next_step
