"""The emulator behind boto3: requests and answers go through botocore, actions through workers."""

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
from localstack_codepipeline.faults import Faults
from localstack_codepipeline.model import CodePipelineError
from localstack_codepipeline.outbox import Letter

Json = dict[str, Any]
DEADLINE = 5
CALLER = "arn:aws:sts::000000000000:assumed-role/tester/session"


class Services:
    """Services that find what they are asked for; a function's invocation is noted, or fails."""

    def __init__(self) -> None:
        self.clients: list[tuple[str, str, str]] = []
        self.invoked: queue.Queue[Json] = queue.Queue()
        self.error: Exception | None = None

    def __call__(self, service: str, *, account: str, region: str) -> Any:
        """Give a client of any service."""
        self.clients.append((service, account, region))
        return self

    def head_object(self, **_: Any) -> Json:
        """Find the source object."""
        return {"VersionId": "v1", "ETag": "e1", "LastModified": datetime.now(UTC)}

    def copy_object(self, **_: Any) -> None:
        """Copy nothing."""

    def invoke(self, **request: Any) -> None:
        """Take an invocation, or fail."""
        if self.error:
            raise self.error
        self.invoked.put(json.loads(request["Payload"])["CodePipeline.job"])

    def get_caller_identity(self) -> Json:
        """Name the account."""
        return {"Account": "000000000000"}


class Inbox:
    """What reached the bus; `wait_for` waits for a state of a pipeline."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._changed = threading.Condition()

    def send(self, letters: list[Letter]) -> None:
        """Take letters from the outbox."""
        with self._changed:
            self.letters += letters
            self._changed.notify_all()

    def wait_for(self, state: str, *, kind: str = "Pipeline") -> Letter:
        """Return the first event of that kind and state, or fail with what came instead."""

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
    """An emulator whose new pipelines do not start by themselves."""
    one = Emulator(clients=services, send=inbox.send, faults=Faults(), starts_on_create=False)
    yield one
    one.stop()


@dataclass
class Reply:
    """As much of an HTTP response as botocore reads."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def client_of(emulator: Emulator, region: str = "us-east-1") -> Any:
    """Return a boto3 client whose requests end in the emulator."""

    def answer(request: Any, **_: Any) -> Reply:
        operation = request.headers["X-Amz-Target"].decode().split(".")[1]
        try:
            body: Json = emulator.perform(
                operation,
                json.loads(request.body),
                account="000000000000",
                region=region,
                caller=CALLER,
            )
            status = 200
        except CodePipelineError as error:
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
def checked(client: Any, shapes: Json) -> Callable[..., str]:
    """Make the pipeline `shop`, whose second stage calls a function, and start it."""
    check = shapes["action"]("Check", "Invoke/Lambda", {"FunctionName": "f"})
    declared = shapes["declare"](shapes["stage"]("Check", check))

    def begin(**request: Any) -> str:
        client.create_pipeline(pipeline=declared)
        answer = client.start_pipeline_execution(name="shop", **request)
        return str(answer["pipelineExecutionId"])

    return begin


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """Return the AWS error code."""
    return str(error.value.response["Error"]["Code"])


def reason_of(client: Any) -> Json:
    """Return why the action that ran last failed."""
    newest, *_ = client.list_action_executions(pipelineName="shop")["actionExecutionDetails"]
    return dict(newest["output"]["executionResult"]["errorDetails"])


def test_function_answers_its_job(
    client: Any, checked: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """The function is invoked in the pipeline's account and Region, and its answer ends the run."""
    execution = checked()
    job = services.invoked.get(timeout=DEADLINE)
    assert ("lambda_", "000000000000", "us-east-1") in services.clients
    client.put_job_success_result(jobId=job["id"])
    assert inbox.wait_for("SUCCEEDED").event.detail["execution-id"] == execution


def test_function_that_cannot_be_invoked_fails_its_action(
    client: Any, checked: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """What Lambda answers is the reason."""
    error = {"Error": {"Code": "ResourceNotFoundException", "Message": "Function not found: f"}}
    services.error = ClientError(error, "Invoke")  # type: ignore[arg-type]  # the rest is optional
    checked()
    inbox.wait_for("FAILED")
    assert "Function not found: f" in reason_of(client)["message"]


def test_worker_that_crashes_fails_its_action(
    client: Any, checked: Callable[..., str], services: Services, inbox: Inbox
) -> None:
    """An execution does not hang because the emulator has a fault of its own."""
    services.error = KeyError("surprise")
    checked()
    inbox.wait_for("FAILED")
    assert reason_of(client) == {"code": "SystemUnavailable", "message": "KeyError: 'surprise'"}


def test_delayed_action_begins_later(
    emulator: Emulator, client: Any, checked: Callable[..., str], services: Services
) -> None:
    """The action is in progress from the start, and its work comes after the delay."""
    emulator.faults.add({"kind": "action", "effect": "delay", "action": "Check", "seconds": 0.2})
    checked()
    begun = services.invoked.get(timeout=DEADLINE)
    (check, _) = client.list_action_executions(pipelineName="shop")["actionExecutionDetails"]
    assert (datetime.now(UTC) - check["startTime"]).total_seconds() >= 0.2
    assert begun["id"]


def test_answers_carry_times_as_boto3_gives_them(
    client: Any, checked: Callable[..., str], inbox: Inbox
) -> None:
    """Timestamps survive the way through JSON."""
    checked()
    inbox.wait_for("SUCCEEDED", kind="Action")
    (summary,) = client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"]
    assert summary["startTime"] <= summary["lastUpdateTime"]
    assert summary["trigger"]["triggerDetail"] == CALLER


def test_accounts_and_regions_are_apart(emulator: Emulator, client: Any, shapes: Json) -> None:
    """A pipeline of one Region is unknown in another."""
    client.create_pipeline(pipeline=shapes["declare"]())
    elsewhere = client_of(emulator, "eu-west-1")
    assert elsewhere.list_pipelines()["pipelines"] == []
    with pytest.raises(elsewhere.exceptions.PipelineNotFoundException):
        elsewhere.get_pipeline(name="shop")


def test_request_is_checked_by_the_service_model(client: Any) -> None:
    """All broken constraints are named in AWS's words."""
    with pytest.raises(ClientError) as error:
        client.start_pipeline_execution(name="no way", clientRequestToken="a:b")
    assert code_of(error) == "ValidationException"
    message = error.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: Value 'no way' at 'name' failed")
    assert "at 'clientRequestToken'" in message


def test_throttled_start_starts_nothing(
    emulator: Emulator, client: Any, checked: Callable[..., str]
) -> None:
    """A throttle before the operation leaves no execution; the next try gets through."""
    emulator.faults.add(
        {"kind": "api", "effect": "throttle", "operation": "StartPipelineExecution"}
    )
    with pytest.raises(ClientError) as error:
        checked()
    assert code_of(error) == "ThrottlingException"
    assert client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"] == []
    client.start_pipeline_execution(name="shop")


def test_lost_answer_comes_after_the_effect(
    emulator: Emulator, client: Any, checked: Callable[..., str]
) -> None:
    """The caller gets an error, yet the execution was started, and its token finds it again."""
    lost = {"operation": "StartPipelineExecution", "pipeline": "shop", "when": "after"}
    emulator.faults.add({"kind": "api", "effect": "fail", "code": "InternalFailure", **lost})
    with pytest.raises(ClientError) as error:
        checked(clientRequestToken="once")
    assert code_of(error) == "InternalFailure"
    (summary,) = client.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"]
    again = client.start_pipeline_execution(name="shop", clientRequestToken="once")
    assert again["pipelineExecutionId"] == summary["pipelineExecutionId"]


def test_ordered_failure_of_an_action(
    emulator: Emulator, checked: Callable[..., str], inbox: Inbox
) -> None:
    """The action fails with the code, summary and link that were ordered."""
    result = {"code": "JobFailed", "summary": "Broke", "url": "https://x.test"}
    emulator.faults.add({"kind": "action", "effect": "fail", "action": "Fetch", **result})
    checked()
    event = inbox.wait_for("FAILED", kind="Action").event
    assert event.detail["execution-result"] == {
        "external-execution-url": "https://x.test",
        "external-execution-summary": "Broke",
        "error-code": "JobFailed",
    }
