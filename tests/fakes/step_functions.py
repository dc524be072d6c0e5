"""An in-memory double of `boto3.client("stepfunctions")`: executions, and tasks with tokens.

A token can be settled once. A later send raises TaskTimedOut, and so does a send after the task's
timeout or the execution's end, as on AWS. The test acts as the workflow: it lets tasks wait and
end.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.secrets import keep_secret
from tests.fakes.service import Refused, service

MAX_DATA_BYTES = 256 * 1024
MAX_ERROR = 256
MAX_CAUSE = 32_768
MAX_TOKEN = 2048
ACCOUNT_ARN = "arn:aws:states:us-east-1:000000000000"


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution of a state machine; `input` is unchanged text."""

    arn: str
    state_machine_arn: str
    name: str
    input: str
    started_at: datetime
    status: str = "RUNNING"
    stopped_at: datetime | None = None
    error: str | None = None
    cause: str | None = None
    alias_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a task was settled: with an output, or with an error and a cause."""

    output: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the task succeeded."""
        return self.output is not None


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task that waits, or waited, for its token; a detached one outlives its execution."""

    execution_arn: str
    waits: bool = True
    outcome: Outcome | None = None
    is_detached: bool = False


@dataclass(frozen=True)
class Snapshot:
    """The state of all executions and tasks."""

    executions: Mapping[str, Execution]
    tasks: Mapping[str, Task]


class FakeStepFunctions:
    """Step Functions in memory, with the methods of the boto3 client; `clock` gives the time."""

    def __init__(self, clock: Callable[[], datetime], *, check_parameters: bool = True) -> None:
        self._clock = clock
        self._service = service("stepfunctions")
        self._checks_parameters = check_parameters
        self.exceptions = self._service.exceptions
        self._executions: dict[str, Execution] = {}
        self._tasks: dict[str, Task] = {}

    def snapshot(self) -> Snapshot:
        """Return the state, for restore()."""
        return Snapshot(dict(self._executions), dict(self._tasks))

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a state, any number of times."""
        self._executions = dict(snapshot.executions)
        self._tasks = dict(snapshot.tasks)

    def wait_for_token(
        self, execution_arn: str, *, token: str | None = None, is_detached: bool = False
    ) -> str:
        """Let a task of a running execution wait; return the token that settles it."""
        if self._executions[execution_arn].status != "RUNNING" and not is_detached:
            raise ValueError(f"{execution_arn} does not run")
        token = token or f"AQCEAAAAKgAAAAMAAAAA{len(self._tasks):08d}="
        self._tasks[token] = Task(execution_arn=execution_arn, is_detached=is_detached)
        keep_secret(token)
        return token

    def detach_tasks(self, execution_arn: str) -> None:
        """Let the waiting tasks outlive the execution, as those of a Map Run do for a while."""
        for token, task in self._tasks.items():
            if task.execution_arn == execution_arn and task.waits:
                self._tasks[token] = replace(task, is_detached=True)

    def time_out(self, token: str) -> None:
        """Let a task time out; its token is invalid from now on."""
        self._tasks[token] = replace(self._tasks[token], waits=False)

    def task(self, token: str) -> Task:
        """Return the task of a token."""
        return self._tasks[token]

    def execution(self, arn: str) -> Execution:
        """Return an execution by its ARN."""
        return self._executions[arn]

    def end(
        self, execution_arn: str, status: str, *, error: str | None = None, cause: str | None = None
    ) -> None:
        """End a running execution and its waiting tasks."""
        self._executions[execution_arn] = replace(
            self._executions[execution_arn],
            status=status,
            stopped_at=self._clock(),
            error=error,
            cause=cause,
        )
        for token, task in self._tasks.items():
            if task.execution_arn == execution_arn and task.waits and not task.is_detached:
                self._tasks[token] = replace(task, waits=False)

    def redrive(self, execution_arn: str) -> None:
        """Let an execution that has ended run again, as RedriveExecution does."""
        self._executions[execution_arn] = replace(
            self._executions[execution_arn],
            status="RUNNING",
            stopped_at=None,
            error=None,
            cause=None,
        )

    def forget(self, execution_arn: str) -> None:
        """Delete an execution and its tasks, as AWS does when the state machine is deleted."""
        del self._executions[execution_arn]

    def status_event(self, execution_arn: str) -> dict[str, Any]:
        """Return the event about the execution's current status."""
        execution = self._executions[execution_arn]
        at = execution.stopped_at or execution.started_at
        return {
            "version": "0",
            "id": "315c1398-40ff-a850-213b-158f73e60175",
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": "000000000000",
            "time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": "us-east-1",
            "resources": [execution_arn],
            "detail": {
                "executionArn": execution_arn,
                "stateMachineArn": execution.state_machine_arn,
                "name": execution.name,
                "status": execution.status,
                "startDate": _milliseconds(execution.started_at),
                "stopDate": _milliseconds(execution.stopped_at),
                "input": execution.input,
                "output": None,
                "inputDetails": {"included": True},
                "outputDetails": None,
                "error": execution.error,
                "cause": execution.cause,
            },
        }

    def start_execution(self, **request: Any) -> dict[str, Any]:
        """StartExecution."""
        return self._call("StartExecution", self._start, request)

    def stop_execution(self, **request: Any) -> dict[str, Any]:
        """StopExecution."""
        return self._call("StopExecution", self._stop, request)

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        """DescribeExecution."""
        return self._call("DescribeExecution", self._describe, request)

    def send_task_success(self, **request: Any) -> dict[str, Any]:
        """SendTaskSuccess."""
        return self._call("SendTaskSuccess", self._succeed, request)

    def send_task_failure(self, **request: Any) -> dict[str, Any]:
        """SendTaskFailure."""
        return self._call("SendTaskFailure", self._fail, request)

    def _call(
        self,
        operation: str,
        act: Callable[[Mapping[str, Any]], dict[str, Any]],
        request: Mapping[str, Any],
    ) -> dict[str, Any]:
        return self._service.call(
            operation, act, request, checks_parameters=self._checks_parameters
        )

    def _start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        machine, given = request["stateMachineArn"], request.get("input", "{}")
        _check_length("input", given, MAX_DATA_BYTES)
        _check_json(
            given, code="InvalidExecutionInput", what="Invalid State Machine Execution Input"
        )
        parts = machine.split(":")
        alias_arn = machine if len(parts) > 7 else None  # otherwise the ARN ends with the name
        machine = ":".join(parts[:7])
        name = request.get("name") or f"{len(self._executions):08x}-0000-4000-8000-000000000000"
        arn = f"{ACCOUNT_ARN}:execution:{machine.rpartition(':')[2]}:{name}"
        known = self._executions.get(arn)
        if known is None:
            known = Execution(
                arn=arn,
                state_machine_arn=machine,
                name=name,
                input=given,
                alias_arn=alias_arn,
                # No two start at the same moment, as mostly on AWS; and not at a full millisecond.
                started_at=self._clock()
                + timedelta(milliseconds=len(self._executions), microseconds=300),
            )
            self._executions[arn] = known
        elif known.status != "RUNNING" or known.input != given:
            raise _refused("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return {"executionArn": arn, "startDate": known.started_at}

    def _found(self, arn: str) -> Execution:
        execution = self._executions.get(arn)
        if execution is None:
            raise _refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def _stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._found(request["executionArn"])
        if execution.status == "RUNNING":
            error, cause = request.get("error"), request.get("cause")
            _check_length("error", error or "", MAX_ERROR)
            _check_length("cause", cause or "", MAX_CAUSE)
            self.end(execution.arn, "ABORTED", error=error, cause=cause)
        return {"stopDate": self._executions[execution.arn].stopped_at}

    def _describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._found(request["executionArn"])
        description = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.state_machine_arn,
            "stateMachineAliasArn": execution.alias_arn,
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.started_at,
            "stopDate": execution.stopped_at,
            "input": execution.input,
            "inputDetails": {"included": True},
            "error": execution.error,
            "cause": execution.cause,
        }
        return {name: member for name, member in description.items() if member is not None}

    def _succeed(self, request: Mapping[str, Any]) -> dict[str, Any]:
        output = request["output"]
        _check_length("output", output, MAX_DATA_BYTES)
        _check_json(output, code="InvalidOutput", what="Invalid Output")
        return self._settle(request["taskToken"], Outcome(output=output))

    def _fail(self, request: Mapping[str, Any]) -> dict[str, Any]:
        error, cause = request.get("error", ""), request.get("cause", "")
        _check_length("error", error, MAX_ERROR)
        _check_length("cause", cause, MAX_CAUSE)
        return self._settle(request["taskToken"], Outcome(error=error, cause=cause))

    def _settle(self, token: str, outcome: Outcome) -> dict[str, Any]:
        _check_length("taskToken", token, MAX_TOKEN)
        task = self._tasks.get(token)
        if task is None:
            raise _refused("InvalidToken", "Invalid Token: 'Invalid token'")
        if task.execution_arn not in self._executions:
            raise _refused("TaskDoesNotExist", "Task does not exist")
        if not task.waits:
            raise _refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        self._tasks[token] = replace(task, waits=False, outcome=outcome)
        return {}


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, members={"message": message})


def _check_length(member: str, value: str, most: int) -> None:
    size = len(value.encode()) if most == MAX_DATA_BYTES else len(value)
    if size > most:
        raise Refused(
            "ValidationException",
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}",
        )


def _check_json(text: str, *, code: str, what: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise _refused(code, f"{what}: '{error}'") from None


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
