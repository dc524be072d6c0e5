"""Expected problems with AWS as errors that tell the user what to do next."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from release_core.errors import LedgerBusy
from release_machine.errors import UnansweredError, UnreachableError

_ABSENT = frozenset(
    {
        "ResourceNotFoundException",
        "NoSuchBucket",
        "StateMachineDoesNotExist",
        "ExecutionDoesNotExist",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")
_SERVER_ERROR = 500
SIGN_IN = (
    "Sign in as you do for the AWS CLI (AWS_PROFILE, aws sso login, AWS_ACCESS_KEY_ID ...); "
    'for the embedded platform: eval "$(make -s env)".'
)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the expected problems of botocore and of the ledger into UnreachableError.

    It is an UnansweredError if AWS may have carried the request out.
    """
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound) as error:
        raise UnreachableError(f"No usable AWS credentials: {error}.", SIGN_IN) from error
    except (aws.NoRegionError, aws.InvalidRegionError) as error:
        raise UnreachableError(
            f"No usable AWS Region: {error}",
            "Give --region, or set AWS_REGION or a region in your profile, such as eu-central-1.",
        ) from error
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        # The error is that of the last try. An earlier try may have been carried out.
        raise UnansweredError(*no_answer(error)) from error
    except aws.ClientError as error:
        raise _explain_refusal(error) from error
    except LedgerBusy as error:
        raise UnreachableError(
            f"DynamoDB throttles the reads of the ledger: {error}.",
            "Try again in a moment. Running releases continue.",
        ) from error
    except ResponseParserError as error:
        raise not_aws("The endpoint") from error
    except aws.BotoCoreError as error:
        raise UnreachableError(f"The request to AWS is not valid: {error}", SIGN_IN) from error
    except ValueError as error:
        # botocore has no class of its own for an invalid endpoint.
        if not str(error).startswith("Invalid endpoint"):
            raise
        raise UnreachableError(
            f"{error}.",
            "Set --endpoint-url or AWS_ENDPOINT_URL to an address such as https://HOST.",
        ) from error


def no_answer(error: Exception) -> tuple[str, str]:
    """The problem and the next step when AWS does not answer."""
    return (
        f"AWS does not answer: {error}",
        "Check the network and AWS_ENDPOINT_URL; for the embedded platform: make up.",
    )


def require_aws(address: str | None) -> Callable[..., None]:
    """A handler of botocore's event before-parse that checks for an answer of AWS.

    It raises UnreachableError for an answer without the request id of AWS. Server errors, which
    may come from a gateway, are left to botocore.
    """

    def examine(response_dict: Mapping[str, Any], **_: object) -> None:
        if not is_of_aws(response_dict["headers"], response_dict["status_code"]):
            raise not_aws(f"The endpoint {address}" if address else "The endpoint")

    return examine


def is_of_aws(headers: Mapping[str, str], status: int) -> bool:
    """Whether an answer has the request id of AWS, or is a server error, as of a gateway."""
    return status >= _SERVER_ERROR or any(name in headers for name in _REQUEST_IDS)


def not_aws(what: str) -> UnreachableError:
    """The error for an answer that is not from AWS."""
    return UnreachableError(
        f"{what} is not AWS.",
        "Check --endpoint-url and AWS_ENDPOINT_URL, and whether the network needs a proxy or a "
        "sign-in first.",
    )


def is_denied(error: aws.ClientError) -> bool:
    """Whether the caller may not call the operation."""
    return error.response.get("Error", {}).get("Code") in _DENIED


def _explain_refusal(error: aws.ClientError) -> UnreachableError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    if code in _ABSENT:
        return UnreachableError(
            f"{error.operation_name} found nothing there: {error}",
            "Check the Region and the deployment (--outputs or --name-prefix); "
            "make deploy creates a deployment.",
        )
    if code in _CREDENTIALS:
        return UnreachableError(f"AWS refused the credentials: {error}", SIGN_IN)
    if is_denied(error):
        return UnreachableError(
            f"You may not call {error.operation_name}: {error}",
            "Ask for that permission, or use a role that has it.",
        )
    kind = UnansweredError if _may_be_carried_out(error) else UnreachableError
    return kind(f"{error.operation_name} failed: {error}", "Try again in a moment.")


def _may_be_carried_out(error: aws.ClientError) -> bool:
    """Whether AWS failed, or refused only a later try: the first may have been carried out."""
    known = error.response.get("ResponseMetadata", {})
    return known.get("HTTPStatusCode", 0) >= _SERVER_ERROR or known.get("RetryAttempts", 0) > 0
