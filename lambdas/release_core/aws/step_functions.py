"""What is told to Step Functions through task tokens, and asked of it about executions."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.domain.release import Pipeline, PipelineStatus, describe_outcome
from release_core.domain.workflow_end import WorkflowEnd
from release_core.strict_json import write_json

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

CAUSE_LIMIT = 32_768  # characters, as SendTaskFailure takes them

# The task is gone: settled before, timed out, or its execution was stopped.
_GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class StepFunctions:
    """Resolves task tokens, and reads the input and the end of workflow executions."""

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

    def execution_input(self, execution_arn: str) -> str:
        """The input of a workflow execution, to the letter."""
        # The text itself: the parsed input of a task has lost the spelling of its numbers.
        return self._client.describe_execution(executionArn=execution_arn)["input"]

    def workflow_end(self, execution_arn: str) -> WorkflowEnd | None:
        """How a workflow execution ended: None while it runs.

        One that Step Functions knows no more counts as FAILED.
        """
        try:
            found = self._client.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            cause = "Step Functions knows it no more"
            return WorkflowEnd(execution_arn=execution_arn, how="FAILED", cause=cause)
        if found["status"] in {"RUNNING", "PENDING_REDRIVE"}:
            return None
        return WorkflowEnd(
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


# Sent with SendTaskFailure; the workflow never retries these.
PIPELINE_ERRORS = {
    PipelineStatus.FAILED: "PipelineFailed",
    PipelineStatus.STOPPED: "PipelineStopped",
    PipelineStatus.SUPERSEDED: "PipelineSuperseded",
    PipelineStatus.CANCELLED: "PipelineCancelled",
    PipelineStatus.TIMED_OUT: "PipelineTimedOut",
    PipelineStatus.SKIPPED: "PipelineSkipped",
}


# Sent with SendTaskFailure too, but no outcome: the task is to wait for a shorter or longer time.
LOOK_AGAIN = "LookAgain"
