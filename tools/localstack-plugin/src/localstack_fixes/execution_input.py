"""Gives an execution's input back to the letter.

AWS stores the text that StartExecution was given. LocalStack parses it and describes the execution
by writing the parsed value again, so that 5.10 becomes 5.1 and a repeated key is lost: two
different manifests would be one.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

# The text of the StartExecution that runs in this context: LocalStack makes the Execution, and
# starts it, within that call, and passes it the parsed value only.
_started_with: ContextVar[str | None] = ContextVar("started_with", default=None)
_ATTRIBUTE = "input_text"


def apply() -> None:
    """Keeps the text beside the parsed input and describes executions with it."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.stepfunctions.backend.execution import Execution  # noqa: PLC0415 - as above
    from localstack.services.stepfunctions.provider import StepFunctionsProvider  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    @patch(StepFunctionsProvider.start_execution)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def start_execution(start: Callable[..., Any], provider: Any, *args: Any, **kwargs: Any) -> Any:
        token = _started_with.set(kwargs.get("input"))
        try:
            return start(provider, *args, **kwargs)
        finally:
            _started_with.reset(token)

    @patch(Execution.__init__)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def remember(init: Callable[..., None], execution: Any, *args: Any, **kwargs: Any) -> None:
        init(execution, *args, **kwargs)
        setattr(execution, _ATTRIBUTE, _started_with.get())

    @patch(Execution.to_describe_output)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def describe(describe: Callable[[Any], dict[str, Any]], execution: Any) -> dict[str, Any]:
        return with_text(describe(execution), getattr(execution, _ATTRIBUTE, None))


def with_text(description: dict[str, Any], text: str | None) -> dict[str, Any]:
    """The description of an execution with the text it was started with, where there was one."""
    return description if text is None else {**description, "input": text}
