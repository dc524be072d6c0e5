"""What is told to Step Functions through task tokens, and asked of it about executions."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.document import write_json
from release_core.endings import Ending
from release_core.errors import LOOK_AGAIN, PIPELINE_ERRORS
from release_core.model import Pipeline, PipelineStatus

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

CAUSE_LIMIT = 32_768  # characters, as SendTaskFailure takes them

# The task is gone: settled before, timed out, or its execution was stopped.
_GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class Tokens:
    """Resolves task tokens."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def settle(self, pipeline: Pipeline) -> bool:
        """Resolve the pipeline's token with its outcome; False when nobody waits for it any more.

        Raises ClientError when Step Functions could not be reached or was busy.
        """
        token = pipeline.task_token or ""
        if pipeline.status is PipelineStatus.SUCCEEDED:
            output = {
                "pipeline": pipeline.name,
                "status": pipeline.status.value,
                "execution_id": pipeline.execution_id,
            }
            return self._succeed(token, write_json(output))
        cause = describe_outcome(pipeline)[:CAUSE_LIMIT]
        return self._fail(token, PIPELINE_ERRORS[pipeline.status], cause)

    def look_again(self, token: str, seconds: int) -> bool:
        """Send the task back to wait for so many seconds with a new token, unless it is gone."""
        return self._fail(token, LOOK_AGAIN, str(seconds))

    def wake(self, token: str) -> bool:
        """Let a task that waited for busy pipelines go on, unless it is gone."""
        return self._succeed(token, "{}")

    def ending(self, execution_arn: str) -> Ending | None:
        """How a workflow execution ended: None while it runs.

        One that Step Functions knows no more counts as FAILED.
        """
        try:
            found = self._client.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            cause = "Step Functions knows it no more"
            return Ending(execution_arn=execution_arn, how="FAILED", cause=cause)
        if found["status"] in {"RUNNING", "PENDING_REDRIVE"}:
            return None
        return Ending(
            execution_arn=execution_arn,
            how=found["status"],
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def _succeed(self, token: str, output: str) -> bool:
        return _unless_gone(lambda: self._client.send_task_success(taskToken=token, output=output))

    def _fail(self, token: str, error: str, cause: str) -> bool:
        return _unless_gone(
            lambda: self._client.send_task_failure(taskToken=token, error=error, cause=cause)
        )


def _unless_gone(send: Callable[[], object]) -> bool:
    try:
        send()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        return False
    return True


def describe_outcome(pipeline: Pipeline) -> str:
    """One line that says how a pipeline ended and why."""
    words = pipeline.status.value.lower().replace("_", " ")
    reason = pipeline.failure or pipeline.trouble
    why = f": {reason}" if reason else ""
    execution = f" (execution {pipeline.execution_id})" if pipeline.execution_id else ""
    return f"{pipeline.name} {words}{execution}{why}"
