"""Lets a task token answer once, and tells the sender when it is too late.

On AWS a token is dead once it was answered, its task has timed out, or its execution has ended; a
sender then gets TaskTimedOut. LocalStack lets a second answer replace the first, and calls the
token of an ended execution invalid.
"""

import threading
from collections.abc import Callable
from typing import Any

# AWS's words.
TOO_LATE = "Task Timed Out: 'Provided task does not exist anymore'"

# Two answers to one token must not both find it alive.
_answering = threading.Lock()


def apply() -> None:
    """Refuses answers to dead tokens."""
    # Imported late, so that the rules below can be tested without LocalStack.
    from localstack.aws.api.stepfunctions import InvalidToken, TaskTimedOut  # noqa: PLC0415 - as above
    from localstack.services.stepfunctions.asl.eval.callback.callback import (  # noqa: PLC0415 - as above
        CallbackPoolManager,
    )
    from localstack.services.stepfunctions.provider import StepFunctionsProvider  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    def answer_once(answer: Callable[..., bool], pool: Any, callback_id: str, **said: Any) -> bool:
        with _answering:
            if is_dead(pool.get(callback_id)):
                raise TaskTimedOut(TOO_LATE)
            return answer(pool, callback_id, **said)

    def name_the_dead(
        send: Callable[..., Any], provider: Any, context: Any, *args: Any, **request: Any
    ) -> Any:
        try:
            return send(provider, context, *args, **request)
        except InvalidToken:
            executions = provider.get_store(context).executions.values()
            if knows(executions, request["task_token"]):
                raise TaskTimedOut(TOO_LATE) from None
            raise

    for answer in (CallbackPoolManager.notify, CallbackPoolManager.heartbeat):
        patch(answer)(answer_once)
    for send in (
        StepFunctionsProvider.send_task_success,
        StepFunctionsProvider.send_task_failure,
        StepFunctionsProvider.send_task_heartbeat,
    ):
        patch(send)(name_the_dead)


def is_dead(endpoint: Any) -> bool:
    """Whether what waits for a token has been woken: by an answer, its timeout, or the end."""
    return endpoint is not None and bool(endpoint._notify_event.is_set())


def knows(executions: Any, token: str) -> bool:
    """Whether one of these executions, running or ended, has given out this token."""
    return any(
        execution.exec_worker.env.callback_pool_manager.get(token) is not None
        for execution in list(executions)
    )


def kill_all(pool: Any) -> None:
    """Wakes whatever waits for a token of this pool; it finds no answer."""
    for endpoint in list(pool._pool.values()):
        endpoint.interrupt_all()
