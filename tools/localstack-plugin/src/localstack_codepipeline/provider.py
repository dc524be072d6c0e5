"""CodePipeline as a service of LocalStack."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import DispatchTable
from localstack.services.plugins import ServiceLifecycleHook

from localstack_codepipeline.clients import caller_arn
from localstack_codepipeline.emulator import Emulator
from localstack_codepipeline.model import ApiError
from localstack_codepipeline.model.service import OPERATIONS


class CodePipelineProvider(ServiceLifecycleHook):  # type: ignore[misc]  # LocalStack is untyped
    """Passes each operation of the API to the emulator."""

    service = "codepipeline"

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def dispatch_table(self) -> DispatchTable:
        """Return what LocalStack calls for each operation."""
        return {operation: partial(self.perform, operation) for operation in OPERATIONS}

    def perform(
        self, operation: str, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Perform an operation; an error becomes LocalStack's exception, with AWS's code."""
        try:
            return self._emulator.perform(
                operation,
                dict(request),
                account=context.account_id,
                region=context.region,
                caller=caller_arn(context),
            )
        except ApiError as error:
            raise CommonServiceException(
                error.code,
                error.message,
                status_code=error.status,
                sender_fault=error.status < 500,
            ) from error

    def on_before_stop(self) -> None:
        """End the emulator's threads when LocalStack stops."""
        self._emulator.stop()
