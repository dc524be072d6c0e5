"""Expected problems of botocore become errors with a next step."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
)

from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnreachableError


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "problem", "next_step"),
    [
        (NoCredentialsError(), "No usable AWS credentials", "make -s env"),
        (ProfileNotFound(profile="x"), "No usable AWS credentials", "AWS_PROFILE"),
        (NoRegionError(), "No usable AWS Region", "AWS_REGION"),
        (InvalidRegionError(region_name="eu central"), "eu central", "--region"),
        (ValueError("Invalid endpoint: here"), "Invalid endpoint: here", "https://HOST"),
        (EndpointConnectionError(endpoint_url="http://x"), "does not answer", "make up"),
        (ConnectTimeoutError(endpoint_url="http://x"), "does not answer", "AWS_ENDPOINT_URL"),
        (refusal("ResourceNotFoundException"), "found nothing there", "make deploy"),
        (refusal("NoSuchBucket"), "found nothing there", "--outputs"),
        (refusal("ExpiredTokenException"), "refused the credentials", "Sign in"),
        (refusal("AccessDeniedException"), "You may not call GetItem", "permission"),
        (refusal("ThrottlingException"), "GetItem failed", "Try again"),
        (ParamValidationError(report="r"), "is not valid", "Sign in"),
    ],
)
def test_expected_problems(error: Exception, problem: str, next_step: str) -> None:
    """Each expected problem has a message and a next step, with exit code 3."""
    with pytest.raises(UnreachableError, match=problem) as raised, explained():
        raise error
    assert next_step in raised.value.next_step
    assert raised.value.exit_code == 3


def test_unexpected_errors_are_not_changed() -> None:
    """An unexpected error is raised unchanged."""
    with pytest.raises(KeyError), explained():
        raise KeyError("x")
    with pytest.raises(ValueError, match="not ours"), explained():
        raise ValueError("not ours")
