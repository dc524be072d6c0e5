"""The fake of Step Functions has AWS's semantics of executions and task tokens."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.clock import FakeClock
from tests.fakes.step_functions import FakeStepFunctions, Outcome

EVENTS = Path(__file__).parents[2] / "events"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> FakeStepFunctions:
    return FakeStepFunctions(clock)


@pytest.fixture
def arn(client: FakeStepFunctions) -> str:
    arn: str = client.start_execution(stateMachineArn=MACHINE)["executionArn"]
    return arn


def refused(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"]


def test_settles_a_task_with_its_output(client: FakeStepFunctions, arn: str) -> None:
    """SendTaskSuccess ends the task with the unchanged output."""
    token = client.wait_for_token(arn)
    client.send_task_success(taskToken=token, output='{"a": 1.0}')
    assert client.task(token).outcome == Outcome(output='{"a": 1.0}')
    assert not client.task(token).waits


def test_settles_a_task_with_an_error(client: FakeStepFunctions, arn: str) -> None:
    """SendTaskFailure ends the task with error and cause, up to their maximum lengths."""
    token = client.wait_for_token(arn)
    client.send_task_failure(taskToken=token, error="E" * 256, cause="c" * 32_768)
    outcome = client.task(token).outcome
    assert outcome == Outcome(error="E" * 256, cause="c" * 32_768)
    assert not outcome.succeeded


def test_settles_a_task_only_once(client: FakeStepFunctions, arn: str) -> None:
    """A second send with a token raises TaskTimedOut and changes nothing."""
    token = client.wait_for_token(arn)
    client.send_task_success(taskToken=token, output="1")
    assert refused(client.send_task_failure, taskToken=token, error="E") == "TaskTimedOut"
    assert refused(client.send_task_success, taskToken=token, output="2") == "TaskTimedOut"
    assert client.task(token).outcome == Outcome(output="1")


def test_rejects_the_token_of_a_task_that_no_longer_waits(
    client: FakeStepFunctions, arn: str
) -> None:
    """A token is invalid after its timeout and after the end of its execution."""
    late, stopped, other = (client.wait_for_token(arn) for _ in range(3))
    elsewhere = client.start_execution(stateMachineArn=MACHINE, name="other")["executionArn"]
    alive = client.wait_for_token(elsewhere)
    client.time_out(late)
    assert refused(client.send_task_success, taskToken=late, output="1") == "TaskTimedOut"
    client.stop_execution(executionArn=arn)
    assert refused(client.send_task_success, taskToken=stopped, output="1") == "TaskTimedOut"
    assert refused(client.send_task_failure, taskToken=other, error="E") == "TaskTimedOut"
    client.send_task_success(taskToken=alive, output="1")
    with pytest.raises(ValueError, match="does not run"):
        client.wait_for_token(arn)


def test_rejects_an_unknown_token(client: FakeStepFunctions) -> None:
    """An unknown token raises InvalidToken; an empty one is an invalid parameter."""
    with pytest.raises(client.exceptions.InvalidToken):
        client.send_task_success(taskToken="garbage", output="1")
    assert refused(client.send_task_failure, taskToken="garbage") == "InvalidToken"
    with pytest.raises(ParamValidationError):
        client.send_task_failure(taskToken="")


def test_rejects_the_token_of_a_deleted_execution(client: FakeStepFunctions, arn: str) -> None:
    """The task of a deleted execution does not exist."""
    token = client.wait_for_token(arn)
    client.forget(arn)
    assert refused(client.send_task_success, taskToken=token, output="1") == "TaskDoesNotExist"


@pytest.mark.parametrize(
    ("method", "parts", "code"),
    [
        ("send_task_success", {"output": f'"{"a" * 262_143}"'}, "ValidationException"),
        ("send_task_success", {"output": f'"{"é" * 131_072}"'}, "ValidationException"),
        ("send_task_success", {"output": "not json"}, "InvalidOutput"),
        ("send_task_failure", {"error": "E" * 257}, "ValidationException"),
        ("send_task_failure", {"cause": "c" * 32_769}, "ValidationException"),
        ("send_task_failure", {"taskToken": "t" * 2049}, "ValidationException"),
    ],
)
def test_rejects_what_is_too_long_or_not_json(
    client: FakeStepFunctions, arn: str, method: str, parts: dict[str, str], code: str
) -> None:
    """Output (256 KiB of JSON), error (256 characters) and cause (32,768) have limits."""
    token = client.wait_for_token(arn)
    assert refused(getattr(client, method), **{"taskToken": token, **parts}) == code
    assert client.task(token).waits


def test_describes_an_execution_with_its_unchanged_input(
    client: FakeStepFunctions, clock: FakeClock
) -> None:
    """The input keeps its spelling: 5.10 stays 5.10."""
    given = '{ "releaseId": 5.10 }'
    started = client.start_execution(stateMachineArn=MACHINE, name="n", input=given)
    told = client.describe_execution(executionArn=started["executionArn"])
    assert told["input"] == given
    assert told["status"] == "RUNNING"
    assert timedelta(0) <= told["startDate"] - clock() < timedelta(milliseconds=1)
    assert "stopDate" not in told
    assert refused(client.describe_execution, executionArn="arn:x") == "ExecutionDoesNotExist"


def test_starts_one_execution_for_a_name_and_input(client: FakeStepFunctions) -> None:
    """The same start returns the running execution, and is rejected after its end."""
    start = {"stateMachineArn": MACHINE, "name": "n", "input": "{}"}
    arn = client.start_execution(**start)["executionArn"]
    assert client.start_execution(**start)["executionArn"] == arn
    other = {**start, "input": "[]"}
    assert refused(client.start_execution, **other) == "ExecutionAlreadyExists"
    client.stop_execution(executionArn=arn)
    assert refused(client.start_execution, **start) == "ExecutionAlreadyExists"
    assert refused(client.start_execution, **{**start, "input": "{"}) == "InvalidExecutionInput"


def test_a_stopped_execution_is_aborted_with_its_cause(
    client: FakeStepFunctions, clock: FakeClock, arn: str
) -> None:
    """A stopped execution is ABORTED with its cause and time; a second stop changes nothing."""
    at = clock.advance(timedelta(seconds=90))
    client.stop_execution(executionArn=arn, error="Stopped", cause="because")
    clock.advance(timedelta(seconds=1))
    assert client.stop_execution(executionArn=arn, cause="again")["stopDate"] == at
    detail = client.status_event(arn)["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("ABORTED", "Stopped", "because")
    assert detail["stopDate"] - detail["startDate"] == 90_000


def test_goes_back_to_a_snapshot(client: FakeStepFunctions, arn: str) -> None:
    """Restoring a snapshot brings back its tasks and executions, any number of times."""
    token = client.wait_for_token(arn)
    before = client.snapshot()
    for output in ("1", "2"):
        client.restore(before)
        client.send_task_success(taskToken=token, output=output)
        client.stop_execution(executionArn=arn)
        assert client.task(token).outcome == Outcome(output=output)
    client.restore(before)
    assert client.execution(arn).status == "RUNNING"


def test_the_status_event_has_the_shape_of_aws(client: FakeStepFunctions, arn: str) -> None:
    """The event of an execution's status has the members of a captured event."""
    client.stop_execution(executionArn=arn)
    captured = json.loads((EVENTS / "execution_aborted.json").read_bytes())
    event = client.status_event(arn)
    assert event.keys() == captured.keys()
    assert event["detail"].keys() == captured["detail"].keys()
