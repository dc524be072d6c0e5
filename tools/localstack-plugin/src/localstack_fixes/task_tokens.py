"""Lets a task token answer once, and tells the sender when it is too late.

On AWS a token is dead once it was answered, its task has timed out, or its execution has ended; a
sender then gets TaskTimedOut. Each attempt of a task has a token of its own. An output that is not
JSON is rejected, and the token can still be used. LocalStack lets a second answer replace the
first, calls the token of an ended execution invalid, uses a token again when a task is retried, and
fails the execution for an output that is not JSON.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

from localstack.aws.api.stepfunctions import InvalidOutput, InvalidToken, TaskTimedOut
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service import (  # noqa: E501 - one name
    StateTaskService,
)
from localstack.services.stepfunctions.asl.eval.callback.callback import CallbackPoolManager
from localstack.services.stepfunctions.provider import StepFunctionsProvider
from localstack.utils.patch import patch

# AWS's words.
TOO_LATE = "Task Timed Out: 'Provided task does not exist anymore'"

# Two answers to one token must not both find it alive.
_answering = threading.Lock()


def apply() -> None:
    """Refuses answers to dead tokens."""
    for answer in (CallbackPoolManager.notify, CallbackPoolManager.heartbeat):
        patch(answer)(answer_once)
    for send in (
        StepFunctionsProvider.send_task_success,
        StepFunctionsProvider.send_task_failure,
        StepFunctionsProvider.send_task_heartbeat,
    ):
        patch(send)(name_the_dead)
    patch(StepFunctionsProvider.send_task_success)(take_json_only)
    patch(StateTaskService._eval_execution)(give_each_attempt_a_token)


def answer_once(answer: Callable[..., bool], pool: Any, callback_id: str, **said: Any) -> bool:
    """Passes an answer on unless what waits for it was woken: by another, a timeout, or the end."""
    with _answering:
        endpoint = pool.get(callback_id)
        if endpoint is not None and endpoint._notify_event.is_set():
            raise TaskTimedOut(TOO_LATE)
        return answer(pool, callback_id, **said)


def name_the_dead(
    send: Callable[..., Any], provider: Any, context: Any, *args: Any, **request: Any
) -> Any:
    """Says TaskTimedOut of each token that an execution, running or ended, has given out."""
    try:
        return send(provider, context, *args, **request)
    except InvalidToken:
        for execution in list(provider.get_store(context).executions.values()):
            if execution.exec_worker.env.callback_pool_manager.get(request["task_token"]):
                raise TaskTimedOut(TOO_LATE) from None
        raise


def take_json_only(
    send: Callable[..., Any], provider: Any, context: Any, *args: Any, **request: Any
) -> Any:
    """Rejects an output that is not JSON before it reaches the token, which stays good."""
    try:
        json.loads(request["output"])
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: 'The output is not JSON: {error}'") from error
    return send(provider, context, *args, **request)


def give_each_attempt_a_token(evaluate: Callable[..., None], state: Any, env: Any) -> None:
    """Gives a task that is retried a new token; LocalStack would use the dead one again."""
    context = env.states.context_object
    if "Task" in context.context_object_data and context.context_object_data["State"]["RetryCount"]:
        env.callback_pool_manager.add(context.update_task_token())
    evaluate(state, env)


def kill_all(pool: Any) -> None:
    """Wakes whatever waits for a token of this pool; it finds no answer."""
    for endpoint in list(pool._pool.values()):
        endpoint.interrupt_all()
