"""The runtime executor: translates between LocalStack's Lambda provider and our pool."""

import os
from dataclasses import asdict
from functools import cache
from pathlib import Path

from localstack import config
from localstack.http import Request as HttpRequest
from localstack.http import Response
from localstack.services.dynamodb.server import DynamodbServer
from localstack.services.edge import ROUTER
from localstack.services.lambda_.invocation.executor_endpoint import NAMESPACE
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.pool import DEFAULT_LIMIT, Pool
from localstack_process_executor.specification import (
    SUPPORTED_RUNTIME,
    FunctionSpec,
    LogFormat,
    Request,
)

RUNTIME_VARIABLE = "LAMBDA_PROCESS_RUNTIME"
LIMIT_VARIABLE = "LAMBDA_PROCESS_LIMIT"
LOOPBACK = "127.0.0.1"


@cache
def fork_server() -> ForkServer:
    """The one fork server of this LocalStack, in the venv named by LAMBDA_PROCESS_RUNTIME.

    Raises LambdaRuntimeException if that has no Python.
    """
    venv = Path(os.environ.get(RUNTIME_VARIABLE, ""))
    if not (venv / "bin/python").is_file():
        raise LambdaRuntimeException(
            f"{RUNTIME_VARIABLE} must name a venv with awslambdaric: no bin/python in {str(venv)!r}"
        )
    return ForkServer(venv)


@cache
def pool() -> Pool:
    """The one pool of this LocalStack."""
    return Pool(fork_server(), limit=int(os.environ.get(LIMIT_VARIABLE) or DEFAULT_LIMIT))


def start() -> None:
    """Starts the fork server, and serves the pool's counts at GET /_lambda/environments."""
    fork_server().start()
    ROUTER.add("/_lambda/environments", environments, methods=["GET"])


def environments(_request: HttpRequest) -> Response:
    """The counts of the pool, as JSON."""
    return Response.for_json(pool().counts())


class ProcessRuntimeExecutor(RuntimeExecutor):  # type: ignore[misc] # LocalStack ships without types
    """LocalStack's idea of an environment; the processes come from the shared pool.

    `start` starts no process: the first invocation that finds no idle process starts one. So one
    place limits the number of processes, and a failed init is reported with its logs, as on AWS.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 - LocalStack's name
        super().__init__(id=id, function_version=function_version)
        self._spec: FunctionSpec | None = None

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzips the code.

        Raises LambdaRuntimeException for a function that cannot run here; LocalStack then shows it
        as Failed.
        """
        settings = function_version.config
        if settings.runtime != SUPPORTED_RUNTIME:
            raise LambdaRuntimeException(
                f"the process executor runs {SUPPORTED_RUNTIME} only, not {settings.runtime}"
            )
        if settings.layers:
            raise LambdaRuntimeException("the process executor does not support layers")
        settings.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing to do: LocalStack removes the unzipped code itself."""

    def start(self, env_vars: dict[str, str]) -> None:
        """Stores the variables that LocalStack has chosen, including the role's credentials."""
        self._spec = function_spec(self.function_version, env_vars)
        pool().join(self.id, self._spec)

    def stop(self) -> None:
        """Ends this version's idle processes if no other executor uses them."""
        if self._spec:
            pool().leave(self.id, self._spec)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Runs one invocation. Raises ForkServerError if no process can be started."""
        assert self._spec, "LocalStack starts an executor before it invokes it"
        request = Request(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            payload=payload["payload"].encode(),
            trace_id=payload["trace-id"],
        )
        answer = pool().invoke(self._spec, request)
        return InvocationResult(request_id=request.request_id, **asdict(answer))

    def get_address(self) -> str:
        """The address of the environment: this machine."""
        return LOOPBACK

    get_endpoint_from_executor = get_address  # that of LocalStack, as the environment sees it

    def get_runtime_endpoint(self) -> str:
        """Where LocalStack's own init process would report; ours have their own Runtime API."""
        return f"http://{LOOPBACK}:{config.GATEWAY_LISTEN[0].port}{NAMESPACE}/{self.id}"

    def get_logs(self) -> str:
        """Empty: each invocation returns its own logs, including those of the init."""
        return ""


def function_spec(version: FunctionVersion, env_vars: dict[str, str]) -> FunctionSpec:
    """Describes a process: LocalStack's settings, without the variables that AWS does not have."""
    settings = version.config
    code = str(settings.code.get_unzipped_code_location())
    log_format: LogFormat = "JSON" if settings.logging_config.get("LogFormat") == "JSON" else "Text"
    environment = {
        name: str(text)
        for name, text in env_vars.items()
        if not name.startswith("LOCALSTACK_") and name != "EDGE_PORT"
    }
    environment |= {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
        "LAMBDA_TASK_ROOT": code,
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    # With one database for all accounts and Regions a function can ask DynamoDB Local itself:
    # LocalStack would only pass the request on, which takes it longer than the request takes.
    if (dynamodb := DynamodbServer.get()).share_db:
        environment["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb.url
    if log_format == "JSON":
        environment["AWS_LAMBDA_LOG_LEVEL"] = settings.logging_config["ApplicationLogLevel"]
    return FunctionSpec(
        version=f"{version.qualified_arn}/{settings.internal_revision}",
        function_name=version.id.function_name,
        qualifier=version.id.qualifier,
        handler=settings.handler,
        code=code,
        timeout=float(settings.timeout),
        memory=int(settings.memory_size),
        runtime=settings.runtime,
        environment=environment,
        role=settings.role,
        log_format=log_format,
        system_log_level=settings.logging_config.get("SystemLogLevel", "INFO"),
    )
