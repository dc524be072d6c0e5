"""Expected problems of botocore become errors with a next step."""

import pytest
from botocore import exceptions as aws

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


@pytest.mark.parametrize(
    ("error", "was_sent"),
    [
        (aws.ReadTimeoutError(endpoint_url="http://x"), True),
        (aws.ConnectionClosedError(endpoint_url="http://x"), True),
        (aws.EndpointConnectionError(endpoint_url="http://x"), False),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), False),
    ],
)
def test_a_request_that_was_sent(error: Exception, was_sent: bool) -> None:
    """It may have been carried out, so its error is another one."""
    with pytest.raises(UnreachableError, match="AWS does not answer") as raised, explained():
        raise error
    assert isinstance(raised.value, UnansweredError) is was_sent


def test_unexpected_errors_are_not_changed() -> None:
    """An unexpected error is raised unchanged."""
    with pytest.raises(KeyError), explained():
        raise KeyError("x")
    with pytest.raises(ValueError, match="not ours"), explained():
        raise ValueError("not ours")
