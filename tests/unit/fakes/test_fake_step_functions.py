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
    """SendTaskSuccess ends the task with the output, to the letter."""
    token = client.wait_for_token(arn)
    client.send_task_success(taskToken=token, output='{"a": 1.0}')
    assert client.task(token).outcome == Outcome(output='{"a": 1.0}')
    assert not client.task(token).waits


def test_settles_a_task_with_an_error(client: FakeStepFunctions, arn: str) -> None:
    """SendTaskFailure ends the task with error and cause, at their longest."""
    token = client.wait_for_token(arn)
    client.send_task_failure(taskToken=token, error="E" * 256, cause="c" * 32_768)
    outcome = client.task(token).outcome
    assert outcome == Outcome(error="E" * 256, cause="c" * 32_768)
    assert not outcome.succeeded


def test_settles_a_task_only_once(client: FakeStepFunctions, arn: str) -> None:
    """A second send on a token raises TaskTimedOut and changes nothing."""
    token = client.wait_for_token(arn)
    client.send_task_success(taskToken=token, output="1")
    assert refused(client.send_task_failure, taskToken=token, error="E") == "TaskTimedOut"
    assert refused(client.send_task_success, taskToken=token, output="2") == "TaskTimedOut"
    assert client.task(token).outcome == Outcome(output="1")


def test_refuses_the_token_of_a_task_that_waits_no_more(
    client: FakeStepFunctions, arn: str
) -> None:
    """A token is stale after its timeout and after its execution's end; others still wait."""
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


def test_refuses_a_token_that_never_was(client: FakeStepFunctions) -> None:
    """Garbage raises InvalidToken, also by the client's own class; nothing is a bad parameter."""
    with pytest.raises(client.exceptions.InvalidToken):
        client.send_task_success(taskToken="garbage", output="1")
    assert refused(client.send_task_failure, taskToken="garbage") == "InvalidToken"
    with pytest.raises(ParamValidationError):
        client.send_task_failure(taskToken="")


def test_refuses_the_token_of_an_execution_that_is_gone(
    client: FakeStepFunctions, arn: str
) -> None:
    """The task of an execution that was deleted does not exist."""
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
def test_refuses_what_is_too_long_or_no_json(
    client: FakeStepFunctions, arn: str, method: str, parts: dict[str, str], code: str
) -> None:
    """An output has 256 KiB of JSON at most, an error 256 characters, a cause 32,768."""
    token = client.wait_for_token(arn)
    assert refused(getattr(client, method), **{"taskToken": token, **parts}) == code
    assert client.task(token).waits


def test_describes_an_execution_with_its_input_to_the_letter(
    client: FakeStepFunctions, clock: FakeClock
) -> None:
    """The input keeps its spelling: 5.10 stays 5.10."""
    given = '{ "releaseId": 5.10 }'
    started = client.start_execution(stateMachineArn=MACHINE, name="n", input=given)
    told = client.describe_execution(executionArn=started["executionArn"])
    assert told["input"] == given
    assert (told["status"], told["startDate"]) == ("RUNNING", clock())
    assert "stopDate" not in told
    assert refused(client.describe_execution, executionArn="arn:x") == "ExecutionDoesNotExist"


def test_starts_one_execution_for_a_name_and_input(client: FakeStepFunctions) -> None:
    """The same start again is the same execution while it runs, and refused afterwards."""
    start = {"stateMachineArn": MACHINE, "name": "n", "input": "{}"}
    arn = client.start_execution(**start)["executionArn"]
    assert client.start_execution(**start)["executionArn"] == arn
    other = {**start, "input": "[]"}
    assert refused(client.start_execution, **other) == "ExecutionAlreadyExists"
    client.stop_execution(executionArn=arn)
    assert refused(client.start_execution, **start) == "ExecutionAlreadyExists"
    assert refused(client.start_execution, **{**start, "input": "{"}) == "InvalidExecutionInput"


def test_tells_how_an_execution_was_stopped(
    client: FakeStepFunctions, clock: FakeClock, arn: str
) -> None:
    """A stopped execution is ABORTED with its cause, at its time, and stays as it is."""
    at = clock.advance(timedelta(seconds=90))
    client.stop_execution(executionArn=arn, error="Stopped", cause="because")
    clock.advance(timedelta(seconds=1))
    assert client.stop_execution(executionArn=arn, cause="again")["stopDate"] == at
    detail = client.status_event(arn)["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("ABORTED", "Stopped", "because")
    assert detail["stopDate"] - detail["startDate"] == 90_000


def test_goes_back_to_a_snapshot(client: FakeStepFunctions, arn: str) -> None:
    """A restored state has the tasks and executions of then, as often as wanted."""
    token = client.wait_for_token(arn)
    before = client.snapshot()
    for output in ("1", "2"):
        client.restore(before)
        client.send_task_success(taskToken=token, output=output)
        client.stop_execution(executionArn=arn)
        assert client.task(token).outcome == Outcome(output=output)
    client.restore(before)
    assert client.execution(arn).status == "RUNNING"


def test_tells_of_a_status_in_the_shape_of_aws(client: FakeStepFunctions, arn: str) -> None:
    """The event of an execution's status has the members of the captured shape."""
    client.stop_execution(executionArn=arn)
    captured = json.loads((EVENTS / "execution_aborted.json").read_bytes())
    event = client.status_event(arn)
    assert event.keys() == captured.keys()
    assert event["detail"].keys() == captured["detail"].keys()
