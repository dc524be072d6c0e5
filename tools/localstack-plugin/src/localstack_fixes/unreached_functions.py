"""Names the error of an invocation that does not reach Lambda as AWS does.

When very many tasks begin at once, LocalStack cannot always connect to itself. It makes this the
error States.Runtime, which no retrier catches and which fails the state. On AWS it is the transient
error Lambda.SdkClientException, and States.TaskFailed matches it.
https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""

import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LOG = logging.getLogger(__name__)


def apply() -> None:
    """Repairs tasks that invoke a function."""
    # Imported late: LocalStack is being set up until then.
    from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_lambda import (  # noqa: E501, PLC0415 - as above
        StateTaskServiceLambda,
    )
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    patch(StateTaskServiceLambda._from_error)(event_of)


def event_of(from_error: Callable[..., Any], task: Any, env: Any, ex: Exception) -> Any:
    """The event of a task that has failed with this error."""
    if isinstance(ex, BotoCoreError):
        LOG.warning("An invocation did not reach Lambda: %r", ex)
        answer: Any = {
            "Error": {"Code": "SdkClientException", "Message": str(ex)},
            "ResponseMetadata": {"HTTPStatusCode": 0, "RequestId": "none"},
        }
        ex = ClientError(answer, "Invoke")
    return from_error(task, env, ex)
