"""Refuses the functions that this executor cannot run, when they are created or changed.

LocalStack would accept them and fail later: a caller would wait for the function to become active,
and read the reason only in its state.
"""

from collections.abc import Callable, Mapping
from typing import Any

from localstack_process_executor.specification import SUPPORTED_RUNTIME


def apply() -> None:
    """Checks CreateFunction and UpdateFunctionConfiguration."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.aws.api.lambda_ import InvalidParameterValueException  # noqa: PLC0415 - as above
    from localstack.services.lambda_.provider import LambdaProvider  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    def unless_it_cannot_run(
        perform: Callable[..., Any], provider: Any, context: Any, request: Any
    ) -> Any:
        if problem := problem_of(request):
            raise InvalidParameterValueException(problem, Type="User")
        return perform(provider, context, request)

    patch(LambdaProvider.create_function)(unless_it_cannot_run)
    patch(LambdaProvider.update_function_configuration)(unless_it_cannot_run)


def problem_of(request: Mapping[str, Any]) -> str | None:
    """Why a function with these settings cannot run here; None if it can."""
    name = request.get("FunctionName")
    runtime = request.get("Runtime", SUPPORTED_RUNTIME)
    if request.get("PackageType") == "Image":
        found = "it is a container image"
    elif runtime != SUPPORTED_RUNTIME:
        found = f"its runtime is {runtime}"
    elif request.get("Layers"):
        found = "it has layers"
    else:
        return None
    return (
        f"The function {name} cannot run on this platform: {found}. It runs functions of"
        f" {SUPPORTED_RUNTIME} from zip files without layers."
    )
