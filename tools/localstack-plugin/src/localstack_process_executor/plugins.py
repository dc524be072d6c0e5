"""The entry points through which LocalStack loads the executor."""

from typing import Any

from localstack import config
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin

NAME = "process"


class ProcessExecutorPlugin(RuntimeExecutorPlugin):  # type: ignore[misc] # LocalStack ships without types
    """The executor that LAMBDA_RUNTIME_EXECUTOR=process chooses."""

    name = NAME

    def load(self, *_: Any, **__: Any) -> Any:
        """The executor's class, imported late like LocalStack's own plugins."""
        from localstack_process_executor.executor import ProcessRuntimeExecutor  # noqa: PLC0415

        return ProcessRuntimeExecutor


class ExecutorNotActiveError(RuntimeError):
    """LocalStack would use another executor, which needs Docker."""


@hooks.on_infra_start(priority=20)  # type: ignore[untyped-decorator] # LocalStack ships without types
def start_process_executor() -> None:
    """Checks that LocalStack uses this executor, and starts the fork server.

    LocalStack only logs a warning for an executor that it does not know or cannot import, and falls
    back to Docker. Raises ExecutorNotActiveError, which ends the start.
    """
    if config.LAMBDA_RUNTIME_EXECUTOR != NAME:
        return
    from localstack.services.lambda_.invocation.runtime_executor import (  # noqa: PLC0415
        get_runtime_executor,
    )

    from localstack_process_executor import executor, refusals  # noqa: PLC0415

    active = get_runtime_executor()
    if active is not executor.ProcessRuntimeExecutor:
        raise ExecutorNotActiveError(
            f"LAMBDA_RUNTIME_EXECUTOR is {NAME!r}, but LocalStack uses {active.__name__}."
            " Install localstack-plugin-codepipeline again into LocalStack's venv."
        )
    refusals.apply()
    executor.start()


@hooks.on_infra_shutdown()  # type: ignore[untyped-decorator] # LocalStack ships without types
def stop_process_executor() -> None:
    """Ends the fork server and every function's process."""
    if config.LAMBDA_RUNTIME_EXECUTOR == NAME:
        from localstack_process_executor.executor import fork_server  # noqa: PLC0415

        fork_server().stop()
