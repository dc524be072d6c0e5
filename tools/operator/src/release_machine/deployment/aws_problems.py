"""botocore's expected problems, said so that people know what to do next."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as ConnectionProblem,
)
from botocore.parsers import ResponseParserError

from release_machine.errors import UnreachableError

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
_BROKEN_ON_THE_WAY = 500
_SIGN_IN = (
    "Sign in as you do for the AWS CLI (AWS_PROFILE, aws sso login, AWS_ACCESS_KEY_ID ...); "
    'for the embedded platform: eval "$(make -s env)".'
)


@contextmanager
def explained() -> Iterator[None]:
    """Turn botocore's expected problems into UnreachableError."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise UnreachableError(f"No usable AWS credentials: {error}.", _SIGN_IN) from error
    except (NoRegionError, InvalidRegionError) as error:
        raise UnreachableError(
            f"No usable AWS Region: {error}",
            "Give --region, or set AWS_REGION or a region in your profile, like eu-central-1.",
        ) from error
    except (ConnectionProblem, HTTPClientError) as error:
        raise UnreachableError(
            f"AWS does not answer: {error}",
            "Check the network and AWS_ENDPOINT_URL; for the embedded platform: make up.",
        ) from error
    except ClientError as error:
        raise _explain_refusal(error) from error
    except ResponseParserError as error:
        raise _other_than_aws("What answers") from error
    except BotoCoreError as error:
        raise UnreachableError(f"AWS could not be asked: {error}", _SIGN_IN) from error
    except ValueError as error:
        # botocore has no class of its own for an address that is none.
        if not str(error).startswith("Invalid endpoint"):
            raise
        raise UnreachableError(
            f"{error}.", "Write --endpoint-url, or AWS_ENDPOINT_URL, like https://HOST."
        ) from error


def refuse_other_than_aws(address: str | None) -> Callable[..., None]:
    """A handler of botocore's event before-parse, for what is to be AWS at that address.

    It raises UnreachableError for an answer without the id that AWS gives each request. What breaks
    on the way, as a gateway may, is an error that says so itself.
    """

    def examine(response_dict: Mapping[str, Any], **_: object) -> None:
        broken = response_dict["status_code"] >= _BROKEN_ON_THE_WAY
        if not broken and not any(name in response_dict["headers"] for name in _REQUEST_IDS):
            raise _other_than_aws(f"What answers at {address}" if address else "What answers")

    return examine


def _other_than_aws(what: str) -> UnreachableError:
    return UnreachableError(
        f"{what} is not AWS.",
        "Check --endpoint-url and AWS_ENDPOINT_URL, and whether the network has a proxy or a page "
        "to sign in first.",
    )


def _explain_refusal(error: ClientError) -> UnreachableError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    if code in _ABSENT:
        return UnreachableError(
            f"{error.operation_name} found nothing there: {error}",
            "Check the Region, and the deployment (--outputs or --name-prefix); "
            "make deploy creates one.",
        )
    if code in _CREDENTIALS:
        return UnreachableError(f"AWS refused the credentials: {error}", _SIGN_IN)
    if code in _DENIED:
        return UnreachableError(
            f"You may not call {error.operation_name}: {error}",
            "Ask for that permission, or use a role that has it.",
        )
    return UnreachableError(f"{error.operation_name} failed: {error}", "Try again in a moment.")
