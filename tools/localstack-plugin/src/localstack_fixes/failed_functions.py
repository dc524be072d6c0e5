"""Lets a function be deleted that could not start.

LocalStack looks for the running version of a function that is deleted. One whose code could not be
prepared has none, and DeleteFunction then answers with status 500; Terraform repeats it for many
minutes. On AWS a function in any state can be deleted.
"""

from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Ignores that no version runs; what else fails still does."""
    # Imported late: LocalStack is being set up until then.
    from localstack.services.lambda_.invocation.lambda_service import LambdaService  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    patch(LambdaService.stop_version)(stop_if_it_runs)


def stop_if_it_runs(stop: Callable[[Any, str], None], service: Any, qualified_arn: str) -> None:
    """Stop a version unless it failed to start."""
    try:
        stop(service, qualified_arn)
    except ValueError as error:
        if "Unable to find version manager" not in str(error):
            raise
