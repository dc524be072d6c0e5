"""Expected problems of botocore become errors with a next step."""

import socket
from threading import Thread

import boto3
import pytest
from botocore import exceptions as aws
from botocore.config import Config

from release_core.errors import LedgerBusy
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnansweredError, UnreachableError
from tools.operator.tests.samples.fake_deployment import refusal


@pytest.mark.parametrize(
    ("error", "problem", "next_step"),
    [
        (aws.NoCredentialsError(), "No usable AWS credentials", "make -s env"),
        (aws.ProfileNotFound(profile="x"), "No usable AWS credentials", "AWS_PROFILE"),
        (aws.NoRegionError(), "No usable AWS Region", "AWS_REGION"),
        (aws.InvalidRegionError(region_name="eu central"), "eu central", "--region"),
        (ValueError("Invalid endpoint: here"), "Invalid endpoint: here", "https://HOST"),
        (aws.EndpointConnectionError(endpoint_url="http://x"), "does not answer", "make up"),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), "does not answer", "AWS_ENDPOINT_URL"),
        (refusal("ResourceNotFoundException", "GetItem"), "found nothing there", "make deploy"),
        (refusal("NoSuchBucket", "GetItem"), "found nothing there", "--outputs"),
        (refusal("ExpiredTokenException", "GetItem"), "refused the credentials", "Sign in"),
        (refusal("AccessDeniedException", "GetItem"), "You may not call GetItem", "permission"),
        (refusal("ThrottlingException", "GetItem"), "GetItem failed", "Try again"),
        (LedgerBusy("2 keys are unprocessed"), "throttles .* 2 keys", "Try again"),
        (aws.ParamValidationError(report="r"), "is not valid", "Sign in"),
    ],
)
def test_expected_problems(error: Exception, problem: str, next_step: str) -> None:
    """Each expected problem has a message and a next step, with exit code 3."""
    with pytest.raises(UnreachableError, match=problem) as raised, explained():
        raise error
    assert next_step in raised.value.next_step
    assert raised.value.exit_code == 3


def failed(status: int, *, retries: int = 0, code: str = "Failed") -> aws.ClientError:
    """The error of a request that AWS answers with this status, at the last try."""
    known = {"HTTPStatusCode": status, "RetryAttempts": retries}
    return aws.ClientError({"Error": {"Code": code}, "ResponseMetadata": known}, "StartExecution")  # type: ignore[typeddict-item] # what is read


@pytest.mark.parametrize(
    ("error", "may_be_carried_out"),
    [
        (aws.ReadTimeoutError(endpoint_url="http://x"), True),
        (aws.ConnectionClosedError(endpoint_url="http://x"), True),
        (aws.EndpointConnectionError(endpoint_url="http://x"), True),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), True),
        (failed(500), True),
        (failed(503, retries=3), True),
        (failed(400, retries=3), True),
        (failed(400), False),
        (failed(400, code="AccessDeniedException"), False),
    ],
)
def test_a_request_that_may_have_been_carried_out(
    error: Exception, may_be_carried_out: bool
) -> None:
    """Its error is another one. The error of the last try says nothing about earlier tries."""
    with pytest.raises(UnreachableError) as raised, explained():
        raise error
    assert isinstance(raised.value, UnansweredError) is may_be_carried_out


def test_a_try_before_the_last_one_was_sent() -> None:
    """AWS takes the first try without an answer, and then refuses the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        Thread(target=take_one_request, args=[server], daemon=True).start()
        client = boto3.client(
            "stepfunctions",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-central-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
        )
        with pytest.raises(UnansweredError, match="Could not connect") as raised, explained():
            client.start_execution(stateMachineArn="arn:aws:states:::stateMachine:mine")
    assert isinstance(raised.value.__cause__, aws.EndpointConnectionError)


def take_one_request(server: socket.socket) -> None:
    """Read one request, and answer neither it nor another one."""
    connection, _ = server.accept()
    server.close()
    with connection:
        connection.recv(65_536)


def test_unexpected_errors_are_not_changed() -> None:
    """An unexpected error is raised unchanged."""
    with pytest.raises(KeyError), explained():
        raise KeyError("x")
    with pytest.raises(ValueError, match="not ours"), explained():
        raise ValueError("not ours")
