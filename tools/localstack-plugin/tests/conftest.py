"""What tests make on the platform, and remove."""

import io
import json
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

ROLE = "arn:aws:iam::000000000000:role/tests"


@pytest.fixture
def make_function() -> Iterator[Callable[[str], str]]:
    """Makes a function from the source code of its module, and returns its name."""
    client = boto3.client("lambda")
    names: list[str] = []

    def make(source: str) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("app.py", textwrap.dedent(source))
        names.append(f"tests-{uuid4()}")
        client.create_function(
            FunctionName=names[-1],
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=30,
        )
        active = client.get_waiter("function_active_v2")
        active.wait(FunctionName=names[-1], WaiterConfig={"Delay": 1})
        return names[-1]

    yield make
    for name in names:
        client.delete_function(FunctionName=name)


@pytest.fixture
def make_machine() -> Iterator[Callable[..., str]]:
    """Makes a state machine from its definition, and returns its ARN."""
    client = boto3.client("stepfunctions")
    made: list[str] = []

    def make(definition: dict[str, Any], **more: Any) -> str:
        text = json.dumps(definition)
        name = f"tests-{uuid4()}"
        answer = client.create_state_machine(name=name, roleArn=ROLE, definition=text, **more)
        made.append(answer["stateMachineArn"])
        return made[-1]

    yield make
    for machine in made:
        client.delete_state_machine(stateMachineArn=machine)
