"""Frees locks and places in queues, and wakes the release that is next."""

from collections.abc import Iterable

from release_core.aws.step_functions import StepFunctions
from release_core.domain.queue import Place
from release_core.ledger.ledger import Ledger


def unlock(
    ledger: Ledger,
    step_functions: StepFunctions,
    pipeline: str,
    execution_arn: str,
    *,
    ran_in: str | None = None,
) -> None:
    """Free the lock that this workflow execution holds, and wake the release that is next.

    ``ran_in`` is the release that ran the pipeline while it held the lock, if one did.
    """
    wake_next(ledger, step_functions, ledger.locks.free(pipeline, execution_arn, ran_in=ran_in))


def leave_queues(ledger: Ledger, step_functions: StepFunctions, execution_arn: str) -> None:
    """Remove an execution that waits no more from the list and all queues; wake who is next."""
    waiter = ledger.get_waiter(execution_arn)
    if waiter is None:
        return
    for pipeline in sorted(waiter.pipelines):
        wake_next(ledger, step_functions, ledger.locks.remove_place(pipeline, waiter.place))
    # Last: after a crash the next try finds the places again.
    ledger.locks.forget_waiter(waiter)


def wake_next(ledger: Ledger, step_functions: StepFunctions, queue: Iterable[Place]) -> None:
    """Wake the first release in a queue whose task waits; it keeps its place until it opens.

    A release whose task does not wait looks at the locks before it waits again. If it is dead, the
    release behind it finds that out.
    """
    for place in queue:
        waiter = ledger.get_waiter(place.execution_arn)
        if waiter and waiter.task_token and step_functions.wake(waiter.task_token):
            return
