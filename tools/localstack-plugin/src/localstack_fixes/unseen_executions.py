"""Hides executions from DescribeExecution as long as a test says so.

On AWS DescribeExecution is eventually consistent: a new execution may not be found. LocalStack
finds it at once, so tests ask for the delay: PUT hides an execution, DELETE shows it again.
"""

from collections.abc import Callable
from typing import Any

PATH = "/_stepfunctions/unseen/<execution_arn>"

_unseen: set[str] = set()


def apply() -> None:
    """Serves the path on LocalStack's port, and answers for the hidden executions."""
    # Imported late: LocalStack is being set up until then.
    from localstack.aws.api.stepfunctions import ExecutionDoesNotExist  # noqa: PLC0415 - as above
    from localstack.http import Request, Response  # noqa: PLC0415 - as above
    from localstack.services.edge import ROUTER  # noqa: PLC0415 - as above
    from localstack.services.stepfunctions.provider import StepFunctionsProvider  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    def serve(request: Request, execution_arn: str) -> Response:
        (_unseen.add if request.method == "PUT" else _unseen.discard)(execution_arn)
        return Response("{}", mimetype="application/json")

    ROUTER.add(PATH, serve, methods=["PUT", "DELETE"])

    @patch(StepFunctionsProvider.describe_execution)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def describe(describe: Callable[..., Any], provider: Any, *args: Any, **kwargs: Any) -> Any:
        arn = kwargs.get("execution_arn")
        if arn in _unseen:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return describe(provider, *args, **kwargs)
