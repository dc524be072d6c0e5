"""The emulator behind boto3:

botocore builds and parses the messages, and workers run the actions.
"""

import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localstack_codepipeline.emulator import Emulator
from localstack_codepipeline.model import ApiError
from localstack_codepipeline.model.execution.runs import TIMEOUTS
from localstack_codepipeline.outbox import Letter
from shop import Json, action, declare, stage

DEADLINE = 60
CALLER = "arn:aws:sts::000000000000:assumed-role/tester/session"


class Services:
    """Services in which every source object exists; invocations are recorded, or fail."""

    def __init__(self) -> None:
        self.codepipeline: Any = None
        self.clients: list[tuple[str, str, str]] = []
        self.invoked: queue.Queue[Json] = queue.Queue()
        self.error: Exception | None = None

    def __call__(self, service: str, account: str, region: str) -> Any:
        """Give a client of any service."""
        self.clients.append((service, account, region))
        return self.codepipeline if service == "codepipeline" else self

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


@dataclass
class Reply:
    """The part of an HTTP response that botocore reads."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


class World:
    """An emulator whose new pipelines start nothing, its services, its bus, and its client."""

    def __init__(self, *, retry_after: float = 0) -> None:
        self.services, self.inbox = Services(), Inbox()
        self.emulator = Emulator(
            clients=self.services,
            send=self.inbox.send,
            starts_on_create=False,
            retry_after=retry_after,
        )
        self.client = self.services.codepipeline = self.client_in("us-east-1")

    def client_in(self, region: str) -> Any:
        """Return a boto3 client whose requests go to the emulator."""

        def answer(request: Any, **_: Any) -> Reply:
            operation = request.headers["X-Amz-Target"].decode().split(".")[1]
            given, home = json.loads(request.body), ("000000000000", region)
            try:
                body = self.emulator.perform(operation, given, home=home, caller=CALLER)
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

    def start(self, **request: Any) -> str:
        """Create the pipeline `shop`, whose second stage invokes a function, and start it."""
        self.create()
        answer = self.client.start_pipeline_execution(name="shop", **request)
        return str(answer["pipelineExecutionId"])

    def create(self, **conditions: Json) -> None:
        """Create the pipeline `shop`; its second stage may have conditions."""
        check = action("Check", "Invoke/Lambda", {"FunctionName": "f"})
        self.client.create_pipeline(pipeline=declare(stage("Check", check, **conditions)))

    def executions(self, pipeline: str = "shop") -> list[Json]:
        """List the executions of a pipeline."""
        answer = self.client.list_pipeline_executions(pipelineName=pipeline)
        return list(answer["pipelineExecutionSummaries"])

    def actions(self) -> list[Json]:
        """List the runs of the actions of the pipeline `shop`, newest first."""
        answer = self.client.list_action_executions(pipelineName="shop")
        return list(answer["actionExecutionDetails"])

    def reason(self) -> Json:
        """Return the error of the action that ran last."""
        return dict(self.actions()[0]["output"]["executionResult"]["errorDetails"])


@pytest.fixture
def world() -> Iterator[World]:
    """An emulator without pipelines."""
    world = World()
    yield world
    world.emulator.stop()


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """Return the AWS error code."""
    return str(error.value.response["Error"]["Code"])


def test_function_answers_its_job(world: World) -> None:
    """The function is invoked in the pipeline's account and Region, and ends the execution."""
    execution = world.start()
    job = world.services.invoked.get(timeout=DEADLINE)
    assert ("lambda_", "000000000000", "us-east-1") in world.services.clients
    world.client.put_job_success_result(jobId=job["id"])
    assert world.inbox.wait_for("SUCCEEDED").event.detail["execution-id"] == execution


def test_function_that_cannot_be_invoked_fails_its_action(world: World) -> None:
    """An error of Lambda becomes the action's error, and names the function."""
    error = {"Error": {"Code": "ResourceNotFoundException", "Message": "Function not found: f"}}
    world.services.error = ClientError(error, "Invoke")  # type: ignore[arg-type]  # the rest is optional
    world.start()
    world.inbox.wait_for("FAILED")
    assert world.reason()["message"] == "The AWS Lambda function f does not exist."


INVOKE = action("Invoke", "Invoke/CodePipeline", {"PipelineName": "web"})


def test_action_starts_another_pipeline(world: World) -> None:
    """The action passes a variable on, and succeeds while the other pipeline runs."""
    variables = [{"name": "TIER", "defaultValue": "beta"}]
    check = action("Check", "Invoke/Lambda", {"FunctionName": "f"})
    world.client.create_pipeline(
        pipeline=declare(stage("Check", check), variables=variables) | {"name": "web"}
    )
    pass_on = json.dumps([{"name": "TIER", "value": "#{variables.TIER}"}])
    invoke = INVOKE | {"configuration": INVOKE["configuration"] | {"Variables": pass_on}}
    world.client.create_pipeline(pipeline=declare(stage("Next", invoke), variables=variables))
    world.client.start_pipeline_execution(
        name="shop", variables=[{"name": "TIER", "value": "prod"}]
    )
    assert world.inbox.wait_for("SUCCEEDED").event.pipeline == "shop"
    (summary,) = world.executions("web")
    assert (summary["status"], summary["trigger"]["triggerType"]) == (
        "InProgress",
        "StartPipelineExecution",
    )
    found = world.client.get_pipeline_execution(
        pipelineName="web", pipelineExecutionId=summary["pipelineExecutionId"]
    )["pipelineExecution"]
    assert found["variables"] == [{"name": "TIER", "resolvedValue": "prod"}]
    result = world.actions()[0]["output"]["executionResult"]
    assert result["externalExecutionId"] == summary["pipelineExecutionId"]


def test_action_that_starts_no_pipeline_fails(world: World) -> None:
    """A pipeline that does not exist fails the action, and the error names it."""
    world.client.create_pipeline(pipeline=declare(stage("Next", INVOKE)))
    world.client.start_pipeline_execution(name="shop")
    world.inbox.wait_for("FAILED")
    assert world.reason()["code"] == "ConfigurationError"
    assert "a pipeline with name 'web'" in world.reason()["message"]


def test_worker_that_crashes_fails_its_action(world: World) -> None:
    """A bug in the emulator fails the action, so the execution does not hang."""
    world.services.error = KeyError("surprise")
    world.start()
    world.inbox.wait_for("FAILED")
    assert world.reason() == {"code": "SystemUnavailable", "message": "KeyError: 'surprise'"}


def test_function_that_never_answers_times_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm fails an action when its time is up."""
    monkeypatch.setitem(TIMEOUTS, "Lambda", 0.001)
    world.start()
    world.inbox.wait_for("FAILED")
    assert world.reason()["code"] == "TimedOut"


def test_delayed_action_begins_later(world: World) -> None:
    """With a delay fault the action is in progress at once and does its work later."""
    fault = {"kind": "action", "effect": "delay", "action": "Check", "seconds": 0.2}
    world.emulator.faults.add(fault)
    world.start()
    begun = world.services.invoked.get(timeout=DEADLINE)
    (check, _) = world.actions()
    assert (datetime.now(UTC) - check["startTime"]).total_seconds() >= 0.2
    assert begun["id"]


def test_responses_contain_times(world: World) -> None:
    """Timestamps in responses arrive in boto3 as datetimes."""
    world.start()
    world.inbox.wait_for("SUCCEEDED", kind="Action")
    (summary,) = world.executions()
    assert summary["startTime"] <= summary["lastUpdateTime"]
    assert summary["trigger"]["triggerDetail"] == CALLER


def test_regions_are_separate(world: World) -> None:
    """A pipeline of one Region does not exist in another."""
    world.client.create_pipeline(pipeline=declare())
    elsewhere = world.client_in("eu-west-1")
    assert elsewhere.list_pipelines()["pipelines"] == []
    with pytest.raises(elsewhere.exceptions.PipelineNotFoundException):
        elsewhere.get_pipeline(name="shop")


def test_request_is_checked_by_the_service_model(world: World) -> None:
    """One ValidationException names every broken constraint."""
    with pytest.raises(ClientError) as error:
        world.client.start_pipeline_execution(name="no way", clientRequestToken="a:b")
    assert code_of(error) == "ValidationException"
    message = error.value.response["Error"]["Message"]
    assert message.startswith("2 validation errors detected: Value 'no way' at 'name' failed")
    assert "at 'clientRequestToken'" in message


def test_throttled_start_starts_nothing(world: World) -> None:
    """A throttled StartPipelineExecution starts nothing; the next call succeeds."""
    fault = {"kind": "api", "effect": "throttle", "operation": "StartPipelineExecution"}
    world.emulator.faults.add(fault)
    with pytest.raises(ClientError) as error:
        world.start()
    assert code_of(error) == "ThrottlingException"
    assert error.value.response["Error"]["Message"] == ""
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert world.executions() == []
    world.client.start_pipeline_execution(name="shop")


def test_limited_start_starts_nothing(world: World) -> None:
    """A start over the limit is answered as a throttled one, and starts nothing."""
    limit = {"kind": "api", "effect": "limit", "operation": "StartPipelineExecution"}
    world.emulator.faults.add(limit | {"perMinute": 1, "burst": 1})
    world.start()
    with pytest.raises(ClientError) as error:
        world.client.start_pipeline_execution(name="shop")
    assert code_of(error) == "ThrottlingException"
    assert error.value.response["Error"]["Message"] == ""
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(world.executions()) == 1


def test_start_whose_response_is_lost_is_found_by_its_token(world: World) -> None:
    """After a fault the execution exists, and the same request token returns it."""
    lost = {"operation": "StartPipelineExecution", "pipeline": "shop", "when": "after"}
    world.emulator.faults.add({"kind": "api", "effect": "fail", "code": "InternalFailure", **lost})
    with pytest.raises(ClientError) as error:
        world.start(clientRequestToken="once")
    assert code_of(error) == "InternalFailure"
    (summary,) = world.executions()
    again = world.client.start_pipeline_execution(name="shop", clientRequestToken="once")
    assert again["pipelineExecutionId"] == summary["pipelineExecutionId"]


def test_faults_of_approvals(world: World) -> None:
    """A fault hides an approval with its token for a while; another lets an update strand it."""
    ask = stage("Ask", action("Ok", "Approval/Manual"))
    world.client.create_pipeline(pipeline=declare(ask) | {"name": "asks"})
    hide = {"kind": "action", "effect": "hide token", "pipeline": "asks", "seconds": 3600}
    world.emulator.faults.add(hide | {"action": "Ok"})
    world.emulator.faults.add({"kind": "update", "effect": "strand", "pipeline": "asks"})
    started = world.client.start_pipeline_execution(name="asks")["pipelineExecutionId"]
    world.inbox.wait_for("SUCCEEDED", kind="Stage")
    state = world.client.get_pipeline_state(name="asks")["stageStates"][1]["actionStates"][0]
    assert state == {"actionName": "Ok"}
    world.client.update_pipeline(pipeline=declare(ask) | {"name": "asks"})
    found = world.client.get_pipeline_execution(pipelineName="asks", pipelineExecutionId=started)
    assert found["pipelineExecution"]["status"] == "InProgress"
    again = world.client.start_pipeline_execution(name="asks")["pipelineExecutionId"]
    world.client.update_pipeline(pipeline=declare(ask) | {"name": "asks"})
    found = world.client.get_pipeline_execution(pipelineName="asks", pipelineExecutionId=again)
    assert found["pipelineExecution"]["status"] == "Cancelled"


def test_fault_fails_an_action(world: World) -> None:
    """The action fails with the code, summary and link of the fault."""
    result = {"code": "JobFailed", "summary": "Broke", "url": "https://x.test"}
    fault = {"kind": "action", "effect": "fail", "action": "Fetch", **result}
    world.emulator.faults.add(fault)
    world.start()
    event = world.inbox.wait_for("FAILED", kind="Action").event
    assert event.detail["execution-result"] == {
        "external-execution-url": "https://x.test",
        "external-execution-summary": "Broke",
        "error-code": "JobFailed",
    }


def test_stale_read_shows_what_was_true_when_the_fault_was_added(world: World) -> None:
    """As often as the fault says, the end of an execution is not shown yet; then it is."""
    execution = world.start()
    job = world.services.invoked.get(timeout=DEADLINE)
    for operation in ("ListPipelineExecutions", "ListActionExecutions"):
        world.emulator.inject({"kind": "api", "effect": "stale", "operation": operation})
    world.client.put_job_success_result(jobId=job["id"])
    world.inbox.wait_for("SUCCEEDED")
    shown = [world.executions()[0]["status"] for _ in range(2)]
    assert shown == ["InProgress", "Succeeded"]
    assert [world.actions()[0]["status"] for _ in range(2)] == ["InProgress", "Succeeded"]
    assert (
        world.client.get_pipeline_execution(pipelineName="shop", pipelineExecutionId=execution)[
            "pipelineExecution"
        ]["status"]
        == "Succeeded"
    )


def test_stale_read_finds_nothing_that_is_newer_than_its_fault(world: World) -> None:
    """A new execution is not found, and a new pipeline does not exist."""
    stale = {"kind": "api", "effect": "stale", "seconds": 3600}
    for operation in ("GetPipelineExecution", "GetPipelineState"):
        world.emulator.inject({**stale, "operation": operation, "pipeline": "shop"})
    execution = world.start()
    request = {"pipelineName": "shop", "pipelineExecutionId": execution}
    with pytest.raises(world.client.exceptions.PipelineNotFoundException):
        world.client.get_pipeline_execution(**request)
    with pytest.raises(world.client.exceptions.PipelineNotFoundException):
        world.client.get_pipeline_state(name="shop")
    world.emulator.inject({**stale, "operation": "GetPipelineExecution"})
    execution = world.client.start_pipeline_execution(name="shop")["pipelineExecutionId"]
    request["pipelineExecutionId"] = execution
    with pytest.raises(world.client.exceptions.PipelineExecutionNotFoundException):
        world.client.get_pipeline_execution(**request)
    found = world.client.get_pipeline_execution(**request)["pipelineExecution"]
    assert found["pipelineExecutionId"] == execution


def test_stale_read_lags_by_seconds(world: World) -> None:
    """A read that lags by 0 seconds shows the newest state."""
    world.emulator.inject(
        {"kind": "api", "effect": "stale", "operation": "ListPipelineExecutions", "seconds": 0}
    )
    world.start()
    assert len(world.executions()) == 1
