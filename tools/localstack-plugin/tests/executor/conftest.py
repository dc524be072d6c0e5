"""A fork server on the project's Lambda runtime, and functions that run on it."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import FunctionSpec

RUNTIME = Path(__file__).resolve().parents[4] / ".platform/lambda-runtime"

SpecMaker = Callable[..., FunctionSpec]
SandboxMaker = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    """One fork server for all tests, as LocalStack has one for all functions."""
    server = ForkServer(RUNTIME)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def make_spec(tmp_path: Path) -> SpecMaker:
    """Makes a function from the source code of its module."""

    def make(source: str, name: str = "function", **settings: Any) -> FunctionSpec:
        code = tmp_path / name
        code.mkdir()
        (code / "app.py").write_text(textwrap.dedent(source))
        values: dict[str, Any] = {
            "version": name,
            "function_name": name,
            "qualifier": "$LATEST",
            "handler": "app.handler",
            "code": str(code),
            "timeout": 10.0,
            "memory": 256,
            "runtime": "python3.13",
            "environment": {
                "AWS_REGION": "us-east-1",
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            },
        }
        return FunctionSpec(**(values | settings))

    return make


@pytest.fixture
def make_sandbox(server: ForkServer, make_spec: SpecMaker) -> Iterator[SandboxMaker]:
    """Makes and boots an environment of a function; closes it after the test."""
    sandboxes: list[Sandbox] = []

    def make(source: str, *, boot_seconds: float = 10.0, **settings: Any) -> Sandbox:
        sandbox = Sandbox(make_spec(source, **settings), server)
        sandboxes.append(sandbox)
        sandbox.boot(boot_seconds)
        return sandbox

    yield make
    for sandbox in sandboxes:
        sandbox.close()
