"""The emulator behind boto3:

botocore builds and parses the messages, and workers run the actions.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localstack_codepipeline.emulator import Emulator
from localstack_codepipeline.model import ApiError
from localstack_codepipeline.outbox import Letter
from shop import Json, action, declare, stage

DEADLINE = 60
CALLER = "arn:aws:sts::000000000000:assumed-role/tester/session"


class Services:
    """Services in which every source object exists; invocations are recorded, or fail."""

    def __init__(self) -> None:
        self.clients: list[tuple[str, str, str]] = []
        self.invoked: queue.Queue[Json] = queue.Queue()
        self.error: Exception | None = None

    def __call__(self, service: str, account: str, region: str) -> Any:
        """Give a client of any service."""
        self.clients.append((service, account, region))
        return self

    def head_object(self, **_: Any) -> Json:
        """Find the source object."""
        return {"VersionId": "v1", "ETag": "e1", "LastModified": datetime.now(UTC)}

    def copy_object(self, **_: Any) -> None:
        """Copy nothing."""

    def invoke(self, **request: Any) -> None:
        """Record an invocation, or raise `error`."""
        if self.error:
            raise self.error
        self.invoked.put(json.loads(request["Payload"])["CodePipeline.job"])

    def get_caller_identity(self) -> Json:
        """Name the account."""
        return {"Account": "000000000000"}


class Inbox:
    """The events that reached the bus; `wait_for` waits for a state of a pipeline."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._changed = threading.Condition()

    def send(self, letters: list[Letter]) -> None:
        """Receive letters from the outbox."""
        with self._changed:
            self.letters += letters
            self._changed.notify_all()

    def wait_for(self, state: str, *, kind: str = "Pipeline") -> Letter:
        """Return the first event of that kind and state; fail with the received events."""

        def find() -> list[Letter]:
            named = f"CodePipeline {kind} Execution State Change"
            return [
                letter
                for letter in self.letters
                if (letter.event.detail_type, letter.event.state) == (named, state)
            ]

        with self._changed:
            found = self._changed.wait_for(find, DEADLINE)
        assert found, [(one.event.detail_type, one.event.state) for one in self.letters]
        return found[0]


@pytest.fixture
def services() -> Services:
    """Services that do nothing."""
    return Services()


@pytest.fixture
def inbox() -> Inbox:
    """A bus that keeps what it gets."""
    return Inbox()


@pytest.fixture
def emulator(services: Services, inbox: Inbox) -> Iterator[Emulator]:
    """An emulator whose new pipelines do not start an execution."""
    one = Emulator(clients=services, send=inbox.send, starts_on_create=False)
    yield one
    one.stop()


@dataclass
class Reply:
    """The part of an HTTP response that botocore reads."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def client_of(emulator: Emulator, region: str = "us-east-1") -> Any:
    """Return a boto3 client whose requests go to the emulator."""

    def answer(request: Any, **_: Any) -> Reply:
        operation = request.headers["X-Amz-Target"].decode().split(".")[1]
        try:
            given, home = json.loads(request.body), ("000000000000", region)
            body: Json = emulator.perform(operation, given, home=home, caller=CALLER)
            status = 200
        except ApiError as error:
            body, status = {"__type": error.code, "message": error.message}, 400
        return Reply(status, json.dumps(body, default=datetime.timestamp).encode())

    client: Any = boto3.client(
        "codepipeline",
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-send.codepipeline", answer)
    return client


@pytest.fixture
def client(emulator: Emulator) -> Any:
    """A boto3 client of the emulator."""
    return client_of(emulator)


@pytest.fixture
def start_with_function(client: Any) -> Callable[..., str]:
    """Create the pipeline `shop`, whose second stage invokes a function, and start it."""
    check = action("Check", "Invoke/Lambda", {"FunctionName": "f"})
    declared = declare(stage("Check", check))

    def begin(**request: Any) -> str:
        client.create_pipeline(pipeline=declared)
        answer = client.start_pipeline_execution(name="shop", **request)
        return str(answer["pipelineExecutionId"])

    return begin


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """Return the AWS error code."""
    return str(error.value.response["Error"]["Code"])


def reason_of(client: Any) -> Json:
    """Return the error of the action that ran last."""
    newest, *_ = client.list_action_executions(pipelineName="shop")["actionExecutionDetails"]
    return dict(newest["output"]["executionResult"]["errorDetails"])


def test_function_answers_its_job(
    client: Any, start_with_function: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """The function is invoked in the pipeline's account and Region, and ends the execution."""
    execution = start_with_function()
    job = services.invoked.get(timeout=DEADLINE)
    assert ("lambda_", "000000000000", "us-east-1") in services.clients
    client.put_job_success_result(jobId=job["id"])
    assert inbox.wait_for("SUCCEEDED").event.detail["execution-id"] == execution


def test_function_that_cannot_be_invoked_fails_its_action(
    client: Any, start_with_function: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """Lambda's error becomes the action's error."""
    error = {"Error": {"Code": "ResourceNotFoundException", "Message": "Function not found: f"}}
    services.error = ClientError(error, "Invoke")  # type: ignore[arg-type]  # the rest is optional
    start_with_function()
    inbox.wait_for("FAILED")
    assert "Function not found: f" in reason_of(client)["message"]


def test_worker_that_crashes_fails_its_action(
    client: Any, start_with_function: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """A bug in the emulator fails the action, so the execution does not hang."""
    services.error = KeyError("surprise")
    start_with_function()
    inbox.wait_for("FAILED")
    assert reason_of(client) == {"code": "SystemUnavailable", "message": "KeyError: 'surprise'"}


def test_delayed_action_begins_later(
    emulator: Emulator, client: Any, start_with_function: Callable[..., str], services: Services
) -> None:
    """With a delay fault the action is in progress at once and does its work later."""
    emulator.faults.add({"kind": "action", "effect": "delay", "action": "Check", "seconds": 0.2})
    start_with_function()
    begun = services.invoked.get(timeout=DEADLINE)
    (check, _) = client.list_action_executions(pipelineName="shop")["actionExecutionDetails"]
    assert (datetime.now(UTC) - check["startTime"]).total_seconds() >= 0.2
    assert begun["id"]


def test_responses_contain_times(
    client: Any, start_with_function: Callable[..., str], inbox: Inbox
) -> None:
    """Timestamps in responses arrive in boto3 as datetimes."""
    start_with_function()
    inbox.wait_for("SUCCEEDED", kind="Action")
    (summary,) = client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"]
    assert summary["startTime"] <= summary["lastUpdateTime"]
    assert summary["trigger"]["triggerDetail"] == CALLER


def test_regions_are_separate(emulator: Emulator, client: Any) -> None:
    """A pipeline of one Region does not exist in another."""
    client.create_pipeline(pipeline=declare())
    elsewhere = client_of(emulator, "eu-west-1")
    assert elsewhere.list_pipelines()["pipelines"] == []
    with pytest.raises(elsewhere.exceptions.PipelineNotFoundException):
        elsewhere.get_pipeline(name="shop")


def test_request_is_checked_by_the_service_model(client: Any) -> None:
    """One ValidationException names every broken constraint."""
    with pytest.raises(ClientError) as error:
        client.start_pipeline_execution(name="no way", clientRequestToken="a:b")
    assert code_of(error) == "ValidationException"
    message = error.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: Value 'no way' at 'name' failed")
    assert "at 'clientRequestToken'" in message


def test_throttled_start_starts_nothing(
    emulator: Emulator, client: Any, start_with_function: Callable[..., str]
) -> None:
    """A throttled StartPipelineExecution starts nothing; the next call succeeds."""
    emulator.faults.add(
        {"kind": "api", "effect": "throttle", "operation": "StartPipelineExecution"}
    )
    with pytest.raises(ClientError) as error:
        start_with_function()
    assert code_of(error) == "ThrottlingException"
    assert client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"] == []
    client.start_pipeline_execution(name="shop")


def test_start_whose_response_is_lost_is_found_by_its_token(
    emulator: Emulator, client: Any, start_with_function: Callable[..., str]
) -> None:
    """After a fault the execution exists, and the same request token returns it."""
    lost = {"operation": "StartPipelineExecution", "pipeline": "shop", "when": "after"}
    emulator.faults.add({"kind": "api", "effect": "fail", "code": "InternalFailure", **lost})
    with pytest.raises(ClientError) as error:
        start_with_function(clientRequestToken="once")
    assert code_of(error) == "InternalFailure"
    (summary,) = client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"]
    again = client.start_pipeline_execution(name="shop", clientRequestToken="once")
    assert again["pipelineExecutionId"] == summary["pipelineExecutionId"]


def test_fault_fails_an_action(
    emulator: Emulator, start_with_function: Callable[..., str], inbox: Inbox
) -> None:
    """The action fails with the code, summary and link of the fault."""
    result = {"code": "JobFailed", "summary": "Broke", "url": "https://x.test"}
    emulator.faults.add({"kind": "action", "effect": "fail", "action": "Fetch", **result})
    start_with_function()
    event = inbox.wait_for("FAILED", kind="Action").event
    assert event.detail["execution-result"] == {
        "external-execution-url": "https://x.test",
        "external-execution-summary": "Broke",
        "error-code": "JobFailed",
    }
