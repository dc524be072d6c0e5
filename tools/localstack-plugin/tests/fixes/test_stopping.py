"""StopExecution and task tokens on the platform: what AWS does, at once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from patience import soon

STOPPED = {"error": "StoppedByHand", "cause": "wrong build"}

pytestmark = pytest.mark.platform


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A machine whose tasks send their token to a queue, and the queue of its events."""

    states: Any
    sqs: Any
    tokens: str
    events: str
    machine: str

    def start(self) -> str:
        """Start an execution and return its ARN."""
        answer = self.states.start_execution(
            stateMachineArn=self.machine, input='{"items": [1, 2, 3]}'
        )
        return str(answer["executionArn"])

    def describe(self, execution: str) -> Any:
        """DescribeExecution's answer."""
        return self.states.describe_execution(executionArn=execution)

    def messages(self, queue: str) -> list[Any]:
        """What is in a queue, and no longer will be."""
        answer = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def take(self, queue: str, number: int) -> list[Any]:
        """That many messages of a queue."""
        taken: list[Any] = []

        def look() -> list[Any] | None:
            taken.extend(self.messages(queue))
            return taken if len(taken) >= number else None

        return soon(look, f"{number} messages")

    def take_tokens(self, number: int) -> list[str]:
        """The tokens of that many tasks."""
        return [message["token"] for message in self.take(self.tokens, number)]

    def history(self, execution: str) -> list[str]:
        """The types of an execution's events, oldest first."""
        answer = self.states.get_execution_history(executionArn=execution)
        return [event["type"] for event in answer["events"]]

    def refuses(self, token: str) -> str:
        """The error that sending a success for this token gets."""
        with pytest.raises(ClientError) as refused:
            self.states.send_task_success(taskToken=token, output="{}")
        return str(refused.value.response["Error"]["Code"])


def definition(tokens: str, mode: str, seconds: int) -> dict[str, Any]:
    """A Map of tasks that wait for their tokens, again and again; or one such task alone."""
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "TimeoutSeconds": seconds,
        "Parameters": {"QueueUrl": tokens, "MessageBody": {"token.$": "$$.Task.Token"}},
    }
    if mode == "ALONE":
        return {"StartAt": "Ask", "States": {"Ask": {**task, "End": True}}}
    if mode == "RETRIED":
        return {"StartAt": "Ask", "States": {"Ask": {**task, "Retry": [retry], "End": True}}}
    again = [{"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Again"}]
    ask = {**task, "ResultPath": None, "Catch": again, "End": True}
    processor: dict[str, Any] = {"Mode": mode}
    if mode == "DISTRIBUTED":
        processor["ExecutionType"] = "STANDARD"
    work = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": processor,
            "StartAt": "Ask",
            "States": {"Ask": ask, "Again": {"Type": "Pass", "Next": "Ask"}},
        },
        "End": True,
    }
    return {"StartAt": "Work", "States": {"Work": work}}


@pytest.fixture
def waiting(make_machine: Callable[..., str]) -> Iterator[Callable[..., Waiting]]:
    """Makes such machines: waiting(mode, seconds until a task times out)."""
    client: Any = boto3.client
    states, sqs, events = client("stepfunctions"), client("sqs"), client("events")
    made: list[tuple[Waiting, str]] = []

    def make(mode: str, seconds: int = 600) -> Waiting:
        name = f"stopping-{uuid4()}"
        tokens, heard = (
            sqs.create_queue(QueueName=f"{name}-{kind}")["QueueUrl"]
            for kind in ("tokens", "events")
        )
        machine = make_machine(definition(tokens, mode, seconds))
        pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])
        events.put_targets(
            Rule=name, Targets=[{"Id": "events", "Arn": arn["Attributes"]["QueueArn"]}]
        )
        one = Waiting(states=states, sqs=sqs, tokens=tokens, events=heard, machine=machine)
        made.append((one, name))
        return one

    yield make
    for one, name in made:
        events.remove_targets(Rule=name, Ids=["events"])
        events.delete_rule(Name=name)
        for queue in (one.tokens, one.events):
            sqs.delete_queue(QueueUrl=queue)


@pytest.mark.parametrize(("mode", "tasks"), [("DISTRIBUTED", 3), ("INLINE", 3), ("ALONE", 1)])
def test_a_stopped_execution_is_aborted_at_once(
    waiting: Callable[..., Waiting], mode: str, tasks: int
) -> None:
    """Status, error, cause, history and event say so once StopExecution answers; tokens die."""
    one = waiting(mode)
    execution = one.start()
    tokens = one.take_tokens(tasks)
    one.states.stop_execution(executionArn=execution, **STOPPED)
    said = one.describe(execution)
    assert said["status"] == "ABORTED"
    assert {key: said[key] for key in STOPPED} == STOPPED
    assert "stopDate" in said
    assert [one.refuses(token) for token in tokens] == ["TaskTimedOut"] * tasks
    running, aborted = sorted(
        (event["detail"] for event in one.take(one.events, 2)),
        key=lambda each: each["status"] != "RUNNING",
    )
    assert running["error"] is None
    assert aborted["status"] == "ABORTED"
    assert {key: aborted[key] for key in STOPPED} == STOPPED
    assert one.history(execution)[-1] == "ExecutionAborted"


def test_the_children_of_a_stopped_execution_end(waiting: Callable[..., Waiting]) -> None:
    """Its Map run is aborted with all its children, and none of them asks again."""
    one = waiting("DISTRIBUTED", seconds=1)
    execution = one.start()
    one.take_tokens(3)
    one.states.stop_execution(executionArn=execution)
    listed = one.states.list_map_runs(executionArn=execution)["mapRuns"]
    run = listed[0]["mapRunArn"]
    assert one.states.describe_map_run(mapRunArn=run)["status"] == "ABORTED"

    def counts() -> Any:
        said = one.states.describe_map_run(mapRunArn=run)["executionCounts"]
        return said if said["running"] == 0 else None

    assert soon(counts, "no child running")["aborted"] == 3
    one.messages(one.tokens)  # what was asked before the stop
    assert one.messages(one.tokens) == []
    assert one.states.describe_map_run(mapRunArn=run)["status"] == "ABORTED"


def test_an_execution_ends_once(waiting: Callable[..., Waiting]) -> None:
    """A second stop, and one of an execution that has succeeded, change and announce nothing."""
    one = waiting("ALONE")
    stopped, succeeded = one.start(), one.start()
    for token in one.take_tokens(2):
        one.states.send_task_success(taskToken=token, output="{}")
    for each in (stopped, succeeded):
        soon(lambda: one.describe(each)["status"] == "SUCCEEDED" or None, "success")  # noqa: B023 - called at once
    again = one.start()
    one.states.stop_execution(executionArn=again, **STOPPED)
    for execution in (stopped, succeeded, again):
        one.states.stop_execution(executionArn=execution, error="Later")
    assert one.describe(succeeded)["status"] == "SUCCEEDED"
    assert one.describe(again)["error"] == "StoppedByHand"
    heard = [event["detail"]["status"] for event in one.take(one.events, 6)]
    assert sorted(heard) == ["ABORTED", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
    assert one.messages(one.events) == []


def test_an_execution_can_be_stopped_before_it_has_begun(waiting: Callable[..., Waiting]) -> None:
    """A stop right after the start aborts like any other."""
    one = waiting("DISTRIBUTED")
    for _ in range(5):
        execution = one.start()
        one.states.stop_execution(executionArn=execution, **STOPPED)
        assert one.describe(execution)["status"] == "ABORTED"


def test_a_token_answers_once(waiting: Callable[..., Waiting]) -> None:
    """A second answer gets TaskTimedOut and changes nothing, while others run and after the end."""
    one = waiting("DISTRIBUTED")
    execution = one.start()
    first, *others = one.take_tokens(3)
    one.states.send_task_success(taskToken=first, output="{}")
    assert one.refuses(first) == "TaskTimedOut"
    for token in others:
        one.states.send_task_success(taskToken=token, output="{}")
    soon(lambda: True if one.describe(execution)["status"] == "SUCCEEDED" else None, "success")
    assert [one.refuses(token) for token in (first, *others)] == ["TaskTimedOut"] * 3
    assert one.refuses("never given out") == "InvalidToken"


def test_each_attempt_has_a_token_of_its_own(waiting: Callable[..., Waiting]) -> None:
    """A retried task has a new token, and the token of the attempt that failed is dead."""
    one = waiting("RETRIED")
    execution = one.start()
    (first,) = one.take_tokens(1)
    one.states.send_task_failure(taskToken=first, error="Again")
    (second,) = one.take_tokens(1)
    assert first != second
    assert one.refuses(first) == "TaskTimedOut"
    one.states.send_task_success(taskToken=second, output="{}")
    soon(lambda: True if one.describe(execution)["status"] == "SUCCEEDED" else None, "success")


def test_output_that_is_not_json_leaves_the_token_good(waiting: Callable[..., Waiting]) -> None:
    """Such an output gets InvalidOutput, and the token still answers; not so in another Region."""
    one = waiting("ALONE")
    execution = one.start()
    (token,) = one.take_tokens(1)
    with pytest.raises(one.states.exceptions.InvalidOutput):
        one.states.send_task_success(taskToken=token, output="{")
    elsewhere = boto3.client("stepfunctions", region_name="eu-west-1")
    with pytest.raises(elsewhere.exceptions.InvalidToken):
        elsewhere.send_task_success(taskToken=token, output="{}")
    one.states.send_task_success(taskToken=token, output="{}")
    soon(lambda: True if one.describe(execution)["status"] == "SUCCEEDED" else None, "success")
