"""Functions note the calls that do not pass LocalStack."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import FunctionSpec, Request

RUNTIME = Path(__file__).resolve().parents[4] / ".platform/lambda-runtime"
ROLE = "arn:aws:iam::000000000000:role/reader"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/releases"
# Nobody listens at these addresses: a call is noted before it is sent, whatever comes of it.
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:9",
}
CALLER = """
import os
import boto3
from botocore.exceptions import EndpointConnectionError

def tried(call, **parameters):
    try:
        call(**parameters)
    except EndpointConnectionError:
        pass

def handler(event, context):
    table = boto3.client("dynamodb")
    for _ in range(2):
        tried(table.get_item, TableName="releases", Key={"id": {"S": "secret"}})
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    tried(boto3.client("events").put_events, Entries=[entry])
    return "CALL_RECORD" in os.environ
"""

SpecMaker = Callable[..., FunctionSpec]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the record."""
    path = tmp_path / "calls.jsonl"
    monkeypatch.setenv("CALL_RECORD", str(path))
    return path


@pytest.fixture
def recording(calls: Path) -> Iterator[ForkServer]:
    """A fork server whose functions note their calls."""
    server = ForkServer(RUNTIME)
    yield server
    server.stop()


def run(server: ForkServer, spec: FunctionSpec) -> Any:
    """What a function returns in a new environment."""
    sandbox = Sandbox(spec, server)
    sandbox.boot()
    answer = sandbox.invoke(Request("id-1", "arn", b"null"))
    sandbox.close()
    return json.loads(answer.payload)


def test_a_call_to_dynamodb_local_is_noted_once(
    recording: ForkServer, make_spec: SpecMaker, calls: Path
) -> None:
    """With its role and without its parameters; a call that passes LocalStack is noted there."""
    assert run(recording, make_spec(CALLER, environment=ENVIRONMENT, role=ROLE)) is False
    (line,) = map(json.loads, calls.read_text().splitlines())
    assert line == {"role": ROLE, "action": "dynamodb:GetItem", "resource": TABLE, "context": {}}


def test_without_a_record_nothing_is_noted(
    server: ForkServer, make_spec: SpecMaker, tmp_path: Path
) -> None:
    """A platform that does not record runs functions as they are."""
    assert run(server, make_spec(CALLER, environment=ENVIRONMENT, role=ROLE)) is False
    assert not (tmp_path / "calls.jsonl").exists()
