"""Step Functions: completes tasks by their tokens and describes workflow executions."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from release_core.domain.release import Pipeline, PipelineStatus, describe_outcome
from release_core.domain.workflow_end import WorkflowEnd
from release_core.strict_json import write_json

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

CAUSE_LIMIT = 32_768  # characters, the maximum of SendTaskFailure

# The token is no longer valid: already used, timed out, or its workflow execution was stopped.
_GONE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class WorkflowStart(NamedTuple):
    """The start of a workflow execution: its input as given, its time, and the alias, if any."""

    input: str
    at: datetime
    alias: str | None


class StepFunctions:
    """Completes tasks, and reads the input and the end of workflow executions."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def settle(self, pipeline: Pipeline) -> bool:
        """Settle the task token with the pipeline's outcome; False if it is no longer valid.

        Raises ClientError when Step Functions cannot be reached or throttles.
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
        """Make the task wait again with a new token; False if this one is no longer valid."""
        return self._fail(token, LOOK_AGAIN, str(seconds))

    def wake(self, token: str) -> bool:
        """Resume a task that waits for locked pipelines; False if its token is no longer valid."""
        return self._succeed(token, "{}")

    def start_of(self, execution_arn: str) -> WorkflowStart:
        """How a workflow execution was started."""
        # Not the parsed input of a task: parsing loses the spelling of numbers (5.10 becomes 5.1).
        found = self._client.describe_execution(executionArn=execution_arn)
        return WorkflowStart(
            input=found["input"],
            at=found["startDate"],
            alias=found.get("stateMachineAliasArn", "").rpartition(":")[2] or None,
        )

    def workflow_end(self, execution_arn: str) -> WorkflowEnd | None:
        """The end of a workflow execution, or None while it runs.

        An execution that Step Functions does not have is FAILED and ``not_found``: a new one may
        not be shown yet.
        """
        try:
            found = self._client.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            cause = "Step Functions no longer has this execution"
            return WorkflowEnd(
                execution_arn=execution_arn, status="FAILED", cause=cause, not_found=True
            )
        if found["status"] in {"RUNNING", "PENDING_REDRIVE"}:
            return None
        return WorkflowEnd(
            execution_arn=execution_arn,
            status=found["status"],
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


# The errors of SendTaskFailure for each outcome; the workflow never retries these.
PIPELINE_ERRORS = {
    PipelineStatus.FAILED: "PipelineFailed",
    PipelineStatus.STOPPED: "PipelineStopped",
    PipelineStatus.SUPERSEDED: "PipelineSuperseded",
    PipelineStatus.CANCELLED: "PipelineCancelled",
    PipelineStatus.TIMED_OUT: "PipelineTimedOut",
    PipelineStatus.SKIPPED: "PipelineSkipped",
}

# Also an error of SendTaskFailure, but not an outcome: the task waits again, for another time.
LOOK_AGAIN = "LookAgain"
